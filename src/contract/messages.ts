/**
 * What the driver and an engine say to each other, and what an engine reports of a task. Pure.
 *
 * Each direction is a union with one variant for each message; a new message is a variant here and a handler on the other
 * side, and the compiler names what is missing. Messages of one engine arrive in the order in which they were sent.
 */

import { noBytes, type ByteString } from '../base/byte-string.ts';
import type { PerEngineTask, Task } from '../task/task.ts';

/** The slot number of per-engine tasks. Source: the original's DISBATCH_CYLINDER_RANK. */
export const perEngineSlot = -1;

/** An output that nothing was written to. */
export const nothingWritten: OutputSample = { bytes: 0, head: noBytes, tail: noBytes };

/** What an engine can be given to run. */
export type RunnableTask = Task | PerEngineTask;

/** What a task wrote to one of its outputs: how many bytes, up to 40 of the first, up to 40 of the last of the rest. */
export interface OutputSample {
  readonly bytes: number;
  readonly head: ByteString;
  readonly tail: ByteString;
}

/** How a task ended. Exit code as in the status file: -N for signal N, -100 when it was lost. */
export interface Outcome {
  readonly pid: number;
  readonly exitCode: number;
  /** Seconds since 1970. */
  readonly start: number;
  readonly finish: number;
  readonly output: OutputSample;
  readonly error: OutputSample;
  /** CPU seconds and bytes of the whole process tree; undefined where the launcher cannot know. */
  readonly usage: TaskUsage | undefined;
}

/** What a task used: seconds of processor time, and its peak memory in bytes. */
export interface TaskUsage {
  readonly userCpu: number;
  readonly systemCpu: number;
  readonly peakMemory: number;
}

/** Driver to engine. */
export type ToEngine =
  /** Start a task in a free slot. */
  | { readonly type: 'run'; readonly slot: number; readonly task: RunnableTask }
  /** TERM, grace, KILL to all running tasks; their `ended` come first, then `tasks-ended`. */
  | { readonly type: 'end-tasks'; readonly graceMs: number }
  /** Nothing more is to come: leave the run. With endBackground, end what tasks left running behind them. */
  | { readonly type: 'leave'; readonly endBackground: boolean };

/** Engine to driver. */
export type FromEngine =
  /** The engine is there and its slots are free. */
  | { readonly type: 'joined'; readonly node: string; readonly pid: number; readonly slots: number }
  | { readonly type: 'started'; readonly slot: number; readonly pid: number; readonly start: number }
  | { readonly type: 'ended'; readonly slot: number; readonly outcome: Outcome }
  /** Answer to end-tasks: no task of this engine runs any more. */
  | { readonly type: 'tasks-ended' }
  /** The last message of an engine; with a problem when it did not leave because it was told to. */
  | { readonly type: 'left'; readonly problem: string | undefined };
