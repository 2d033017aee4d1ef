/**
 * What a task stream is made of: tasks, barriers and per-engine tasks.
 *
 * Pure. Every role works with these; nothing here knows how a task is run.
 */

import type { ByteString } from '../base/byte-string.ts';

/** The repeat index of a task that does not come from a REPEAT. */
export const noRepeat = -1;

/** A command to run once, in any slot. */
export interface Task {
  readonly kind: 'task';
  /** Counts from 0 through the stream; barriers take a number too. */
  readonly taskId: number;
  /** Line of the stream, from 1, counted at each newline. */
  readonly lineNumber: number;
  /** Its place within a REPEAT, or -1. */
  readonly repeatIndex: number;
  /** What `bash -c` gets, with prefix and suffix. */
  readonly command: ByteString;
}

/** A wait for all that came before; with `check` it ends the run when a task since the last barrier failed. */
export interface Barrier {
  readonly kind: 'barrier';
  readonly taskId: number;
  readonly lineNumber: number;
  readonly check: boolean;
  /** The key of the store under which the barrier's number is put when it is settled. */
  readonly key: ByteString | undefined;
  /** The directive as written: what the status file shows as the command. */
  readonly text: ByteString;
}

/** When an engine runs a per-engine task: as it joins the run or as it leaves. */
export type PerEngineMoment = 'start' | 'stop';

/** A command that every engine runs by itself. */
export interface PerEngineTask {
  readonly kind: 'per-engine';
  readonly moment: PerEngineMoment;
  /** Counts from 0 for each moment on its own. */
  readonly taskId: number;
  readonly lineNumber: number;
  readonly command: ByteString;
}

/** What the task stream yields, in the order of the lines. All per-engine tasks come before the first of the others. */
export type StreamItem = Task | Barrier | PerEngineTask;
