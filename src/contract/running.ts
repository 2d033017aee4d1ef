/**
 * What slots run at one moment, for monitors that ask. Pure.
 */

import { isInteger, isListOf, isNumber, isOneOf, isRecord, isText } from './checks.ts';

/** What is running, or some of it. */
export interface RunningTasks {
  /** The driver's time, in seconds since 1970. */
  readonly now: number;
  /** How many there are, of the engines that were asked for. */
  readonly total: number;
  readonly tasks: readonly RunningTask[];
}

export interface RunningTask {
  /** Rank of the engine. */
  readonly engine: number;
  /** perEngineSlot for a per-engine task. */
  readonly slot: number;
  readonly kind: 'task' | 'per-engine';
  readonly taskId: number;
  readonly lineNumber: number;
  /** -1 outside REPEAT. */
  readonly repeatIndex: number;
  /** When it was given to its slot, in seconds since 1970. */
  readonly since: number;
  /** Its beginning, as text: at most shownCommand characters. */
  readonly command: string;
}

/** How many characters of a command monitors are told. */
export const shownCommand = 200;

/** The most that is told of in one answer. */
export const mostRunningTasks = 10_000;

const task = isRecord<RunningTask>({
  ...{ engine: isInteger, slot: isInteger, kind: isOneOf('task', 'per-engine'), taskId: isInteger },
  ...{ lineNumber: isInteger, repeatIndex: isInteger, since: isNumber, command: isText },
});

export const isRunningTasks = isRecord<RunningTasks>({ now: isNumber, total: isInteger, tasks: isListOf(task) });
