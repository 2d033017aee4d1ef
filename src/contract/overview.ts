/**
 * The run with its contexts and engines at one moment, for people and programs that ask (`disbatch ctl`). Pure.
 */

import { isBoolean, isInteger, isListOf, isNumber, isOneOf, isOptional, isRecord, isText } from './checks.ts';

/** Times are seconds since 1970. */
export interface RunOverview {
  /** Absolute: what the names of the run's files begin with. */
  readonly prefix: string;
  readonly taskName: string;
  readonly phase: 'running' | 'closing' | 'killing' | 'over';
  /** Why it ends, or ended; undefined while it runs. */
  readonly end: string | undefined;
  readonly start: number;
  readonly now: number;
  readonly tasks: TaskCounts;
  readonly contexts: readonly ContextOverview[];
  readonly engines: readonly EngineOverview[];
}

export interface TaskCounts {
  /** In the whole stream; undefined while that is not known. */
  readonly total: number | undefined;
  readonly finished: number;
  readonly failed: number;
  /** Taken over from an earlier run. */
  readonly skipped: number;
  readonly running: number;
  /** Lost with an engine; they run again. */
  readonly lost: number;
}

export interface ContextOverview {
  readonly rank: number;
  readonly label: string;
  /** Where it runs itself. */
  readonly host: string;
  readonly pid: number;
  readonly assigned: number;
  /** 0: no limit. */
  readonly taskLimit: number;
  /** It has left the run. */
  readonly left: boolean;
}

/** The stages of an engine, as `EngineStage` of the driver has them; `draining`: working, but it gets no more tasks. */
export type EngineSight =
  'launching' | 'starting' | 'working' | 'draining' | 'stopping' | 'ending' | 'leaving' | 'lost' | 'gone';

export interface EngineOverview {
  readonly rank: number;
  /** Rank of its context. */
  readonly context: number;
  readonly node: string;
  readonly pid: number;
  readonly slots: number;
  readonly stage: EngineSight;
  readonly running: number;
  readonly assigned: number;
  readonly finished: number;
  readonly failed: number;
  /** When it was heard of last. */
  readonly last: number;
}

const tasks = isRecord<TaskCounts>({
  ...{ total: isOptional(isInteger), finished: isInteger, failed: isInteger, skipped: isInteger },
  ...{ running: isInteger, lost: isInteger },
});

const context = isRecord<ContextOverview>({
  ...{ rank: isInteger, label: isText, host: isText, pid: isInteger, assigned: isInteger, taskLimit: isInteger },
  left: isBoolean,
});

const engine = isRecord<EngineOverview>({
  ...{ rank: isInteger, context: isInteger, node: isText, pid: isInteger, slots: isInteger, running: isInteger },
  ...{ assigned: isInteger, finished: isInteger, failed: isInteger, last: isNumber },
  stage: isOneOf('launching', 'starting', 'working', 'draining', 'stopping', 'ending', 'leaving', 'lost', 'gone'),
});

export const isOverview = isRecord<RunOverview>({
  ...{ prefix: isText, taskName: isText, end: isOptional(isText), start: isNumber, now: isNumber, tasks },
  ...{ phase: isOneOf('running', 'closing', 'killing', 'over') },
  ...{ contexts: isListOf(context), engines: isListOf(engine) },
});
