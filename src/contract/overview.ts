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
  /** Slots of the engines that work. */
  readonly slots: number;
  /** All tasks are known: none comes any more. */
  readonly streamEnded: boolean;
  /** Barriers that are settled; and the one that is waited at. */
  readonly barriers: number;
  readonly barrier: BarrierOverview | undefined;
  readonly contexts: readonly ContextOverview[];
  readonly engines: readonly EngineOverview[];
}

export interface BarrierOverview {
  readonly taskId: number;
  readonly lineNumber: number;
  readonly since: number;
}

export interface TaskCounts {
  /** In the whole stream; undefined while that is not known. */
  readonly total: number | undefined;
  readonly finished: number;
  readonly failed: number;
  /** Taken over from an earlier run. */
  readonly skipped: number;
  /** Failures among them. */
  readonly skippedFailed: number;
  readonly perEngineFailed: number;
  readonly running: number;
  /** Lost with an engine; they run again. */
  readonly lost: number;
  /** Sum of the elapsed times of what is counted as finished, in seconds. */
  readonly taskSeconds: number;
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
  /** As its context names it. */
  readonly node: string;
  /** What it calls itself: the node in records. */
  readonly hostname: string;
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
  ...{ skippedFailed: isInteger, perEngineFailed: isInteger, running: isInteger, lost: isInteger },
  taskSeconds: isNumber,
});

const context = isRecord<ContextOverview>({
  ...{ rank: isInteger, label: isText, host: isText, pid: isInteger, assigned: isInteger, taskLimit: isInteger },
  left: isBoolean,
});

const engine = isRecord<EngineOverview>({
  ...{
    rank: isInteger,
    context: isInteger,
    node: isText,
    hostname: isText,
    pid: isInteger,
    slots: isInteger,
    running: isInteger,
  },
  ...{ assigned: isInteger, finished: isInteger, failed: isInteger, last: isNumber },
  stage: isOneOf('launching', 'starting', 'working', 'draining', 'stopping', 'ending', 'leaving', 'lost', 'gone'),
});

export const isOverview = isRecord<RunOverview>({
  ...{ prefix: isText, taskName: isText, end: isOptional(isText), start: isNumber, now: isNumber, tasks },
  ...{ slots: isInteger, streamEnded: isBoolean, barriers: isInteger },
  barrier: isOptional(isRecord<BarrierOverview>({ taskId: isInteger, lineNumber: isInteger, since: isNumber })),
  ...{ phase: isOneOf('running', 'closing', 'killing', 'over') },
  ...{ contexts: isListOf(context), engines: isListOf(engine) },
});
