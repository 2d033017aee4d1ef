/**
 * The run as monitors see it, at one moment. Pure data; the driver makes it, monitors read it.
 */

import type { StatusRecord } from '../task/status-record.ts';

/** Why a run ends, or ended. */
export type RunEnd =
  /** Every task has its record. */
  | { readonly why: 'done' }
  /** A BARRIER CHECK found a failed task. */
  | { readonly why: 'check-failed'; readonly barrier: number }
  /** The first failure under --fail-fast. */
  | { readonly why: 'fail-fast'; readonly record: StatusRecord }
  /** Somebody asked for it: running tasks finished, nothing new was started. */
  | { readonly why: 'soft-stop' }
  /** The allocation ends soon (`--stop-before`): like a soft stop. */
  | { readonly why: 'time-limit' }
  /** A signal ended the tasks. */
  | { readonly why: 'signal'; readonly signal: NodeJS.Signals }
  /** disBatch itself cannot go on. */
  | { readonly why: 'trouble'; readonly error: Error };

/** Counts of a run. Tasks only: barriers are apart, per-engine tasks too. */
export interface RunCounts {
  /** Recorded by this run, with failures among them. */
  finished: number;
  failed: number;
  /** Taken over from an earlier run's status file, with failures among them. */
  skipped: number;
  skippedFailed: number;
  /** Ended by disBatch before they were done: they have no record and run again on a resume. */
  interrupted: number;
  /** Starts of tasks that had been lost with an engine or its launcher. */
  rerun: number;
  /** Reports of tasks that had been given up, or run again, before they came. */
  late: number;
  perEngineFailed: number;
  barriers: number;
  /** Sum of the elapsed times of what is counted as finished, in seconds. */
  taskSeconds: number;
}

/** The run at one moment. */
export interface RunSnapshot {
  readonly counts: Readonly<RunCounts>;
  /** Tasks in the whole stream, barriers left out; undefined while that is not known. */
  readonly total: number | undefined;
  readonly running: number;
  readonly slots: number;
  /** Seconds since 1970. */
  readonly start: number;
  readonly now: number;
  /** Set as soon as the run is on its way to its end before all is done. */
  readonly end: RunEnd | undefined;
  /** The first few failures, in the order in which they became known. */
  readonly failures: readonly StatusRecord[];
}
