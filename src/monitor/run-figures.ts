/**
 * The figures that every monitor shows, of a run that goes on or of one that is over. Pure.
 */

import type { RunOverview } from '../contract/overview.ts';
import { timeToGo } from './progress.ts';
import type { Tallies } from './records/record-table.ts';

/** Counts of tasks; times in seconds, those of day since 1970. */
export interface RunFigures {
  /** In the whole stream; undefined while that is not known. */
  readonly total: number | undefined;
  /** Finished or taken over. */
  readonly done: number;
  readonly finished: number;
  readonly failed: number;
  readonly skipped: number;
  readonly skippedFailed: number;
  readonly perEngineFailed: number;
  readonly running: number;
  /** Lost with an engine, to run again. */
  readonly lost: number;
  readonly barriers: number;
  readonly slots: number;
  /** undefined: nothing is known of its beginning. */
  readonly start: number | undefined;
  /** How long it has been going on, or went on. */
  readonly elapsed: number;
  /** Tasks a second, lately; of a run that is over, on the whole. undefined: none has finished. */
  readonly rate: number | undefined;
  /** Until it is done; undefined when that cannot be said. */
  readonly toGo: number | undefined;
  readonly taskSeconds: number;
}

/**
 * @param overview - as the driver has it; undefined: the run is over, and was not heard of
 * @param tallies - of its status file
 * @param rate - tasks a second, lately
 */
export function runFigures(
  overview: RunOverview | undefined,
  tallies: Readonly<Tallies>,
  rate: number | undefined,
): RunFigures {
  if (overview === undefined) return figuresOfRecords(tallies);
  const { tasks, slots, start, now, barriers, phase } = overview;
  const { total, finished, failed, skipped, skippedFailed, perEngineFailed, running, lost, taskSeconds } = tasks;
  const isOver = phase === 'over';
  const elapsed = now - start;
  return {
    ...{ total, done: finished + skipped, finished, failed, skipped, skippedFailed, perEngineFailed },
    ...{ running, lost, barriers, slots, start, elapsed, taskSeconds },
    rate: isOver ? meanRate(finished, elapsed) : rate,
    toGo: isOver || overview.end !== undefined ? undefined : timeToGo({ counts: tasks, total, slots }, rate),
  };
}

function figuresOfRecords(tallies: Readonly<Tallies>): RunFigures {
  const { finished, failed, skipped, skippedFailed, perEngineFailed, barriers, taskSeconds } = tallies;
  const { firstStart, lastFinish } = tallies;
  const elapsed = firstStart === undefined || lastFinish === undefined ? 0 : lastFinish - firstStart;
  return {
    ...{ total: undefined, done: finished + skipped, finished, failed, skipped, skippedFailed, perEngineFailed },
    ...{ running: 0, lost: 0, barriers, slots: 0, start: firstStart, elapsed, taskSeconds },
    ...{ rate: meanRate(finished, elapsed), toGo: undefined },
  };
}

function meanRate(finished: number, elapsed: number): number | undefined {
  return finished > 0 && elapsed > 0 ? finished / elapsed : undefined;
}
