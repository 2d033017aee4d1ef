/**
 * What is known of a task's end beside its record: where it ran, what it used, how it got there. Pure data.
 */

import type { RunnableTask, TaskUsage } from '../contract/messages.ts';

/** A start of a task that came to no end of its own: it was lost, or ended by disBatch or the resource manager. */
export interface BrokenAttempt {
  readonly engine: number;
  readonly slot: number;
  readonly node: string;
  /** When it started, and when it was known to be dead; seconds since 1970. */
  readonly start: number;
  readonly dead: number;
}

export interface TaskFacts {
  readonly task: RunnableTask;
  readonly context: { readonly rank: number; readonly label: string };
  /** Rank of the engine, and number of the slot there; -1 for a per-engine task. */
  readonly engine: number;
  readonly slot: number;
  /** Attempts before this one, the first one first. */
  readonly broken: readonly BrokenAttempt[];
  /** The errno for which the files under `--results` do not hold all of the outputs; 0: they do, or none was wanted. */
  readonly outputError: number;
  readonly errorError: number;
  readonly usage: TaskUsage | undefined;
}
