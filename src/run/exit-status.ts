/**
 * What the end of a run comes to for who started it. Pure but for the numbers of signals.
 */

import { constants } from 'node:os';
import { DisbatchError } from '../base/errors.ts';
import type { RunEnd, RunSnapshot } from '../contract/snapshot.ts';
import type { RunOptions } from './run-options.ts';

/** 0 done; 1 the run failed or was not completed, or with -e a task failed; 128+n on a signal. */
export function exitStatusOf(
  end: RunEnd,
  { counts, total }: RunSnapshot,
  options: Pick<RunOptions, 'exitCode'>,
): number {
  const failed = counts.failed + counts.skippedFailed + counts.perEngineFailed > 0;
  switch (end.why) {
    case 'signal':
      return 128 + constants.signals[end.signal];
    case 'trouble':
      return end.error instanceof DisbatchError ? end.error.exitStatus : 1;
    case 'fail-fast':
      return 1;
    case 'soft-stop':
    case 'time-limit':
      if (total === undefined || counts.finished + counts.skipped < total) return 1;
      return options.exitCode && failed ? 1 : 0;
    case 'done':
    case 'check-failed':
      return options.exitCode && failed ? 1 : 0;
  }
}
