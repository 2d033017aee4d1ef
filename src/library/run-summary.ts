/**
 * What a run came to, as programs get it. Types only.
 */

/** Why a run is over. */
export type WhyOver =
  /** Every task has its result. */
  | 'done'
  /** A BARRIER CHECK found a failed task. */
  | 'check-failed'
  /** The first failure, with `failFast`. */
  | 'fail-fast'
  /** `stop()`, or `disbatch ctl`: running tasks finished, nothing new was started. */
  | 'stopped'
  /** The allocation ends soon, with `stopBefore`. */
  | 'time-limit'
  /** `end()`, or the signal: tasks were ended. */
  | 'ended';

/** What a run came to. */
export interface RunSummary {
  readonly why: WhyOver;
  /**
   * What the command would have exited with: 0 done; 1 not completed, or with `exitCode` or `failFast` a task failed; 143
   * ended. Of a run that was joined: 0 when every task has its result, else 1.
   */
  readonly exitStatus: number;
  /** Tasks that were submitted. */
  readonly submitted: number;
  /** Tasks that ran to their end, with failures among them. */
  readonly finished: number;
  readonly failed: number;
  /** Tasks whose result an earlier run's status file gave, with failures among them. */
  readonly skipped: number;
  readonly skippedFailed: number;
  /** Tasks that have no result. */
  readonly notRun: number;
  /** Where the records are; undefined for a run that was joined. */
  readonly statusFile: string | undefined;
}
