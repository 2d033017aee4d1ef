/**
 * What has happened since the last news, and whether it is time for the next. Pure.
 *
 *   add() ─► batch ─► take() ─► sent, or giveBack() when it could not be
 *
 * Always true: however many tasks end, a batch holds counts and no more than the tasks that will be shown.
 */

import { hasFailed, type StatusRecord } from '../task/status-record.ts';
import { toldTask, type ToldTask } from './told-task.ts';

/** Tasks of each sort that a piece of news shows: those that failed, and the others. */
export const shownOfEach = 100;

/** A task, and its place in the order in which they ended. */
interface Placed {
  readonly place: number;
  readonly task: ToldTask;
}

/** What is told at once. */
export interface Batch {
  /** Tasks that have ended, with failures among them; per-engine tasks that failed. */
  ended: number;
  failed: number;
  perEngineFailed: number;
  /** It has the first failure of the run. */
  isFirstFailure: boolean;
  /** The first few of each sort. */
  readonly failures: Placed[];
  readonly others: Placed[];
}

/** Whether something should be sent: no; when the time has come; as soon as can be. */
export type Due = 'no' | 'due' | 'urgent';

export class Gathering {
  private readonly every: number | undefined;
  private readonly wordsFor: (record: StatusRecord) => string;
  private batch = newBatch();
  private total = 0;
  /** So many tasks that have ended are the next reason to send something. */
  private nextAt: number;
  private hasFailure = false;

  /**
   * @param every - tasks from one piece of news to the next; undefined: of the first failure and the end only
   * @param wordsFor - how a task that failed ended
   */
  constructor(every: number | undefined, wordsFor: (record: StatusRecord) => string) {
    this.every = every;
    this.wordsFor = wordsFor;
    this.nextAt = every ?? Infinity;
  }

  /** A record, as it is made. Barriers, and what a resume takes over, are not told. */
  add(record: StatusRecord): Due {
    const { kind } = record;
    const isTask = kind === 'task';
    if (!isTask && kind !== 'per-engine') return 'no';
    if (isTask) this.total++;
    const failed = hasFailed(record);
    if (this.every === undefined && (!failed || this.hasFailure)) return 'no';
    // A per-engine task that went well is no news.
    if (!isTask && !failed) return 'no';
    const { batch } = this;
    if (!isTask) batch.perEngineFailed++;
    else {
      batch.ended++;
      if (failed) batch.failed++;
    }
    const list = failed ? batch.failures : batch.others;
    if (list.length < shownOfEach) list.push({ place: this.total, task: toldTask(record, kind, this.wordsFor) });
    if (failed && !this.hasFailure) {
      this.hasFailure = true;
      batch.isFirstFailure = true;
      return 'urgent';
    }
    return this.due;
  }

  get due(): Due {
    if (this.batch.isFirstFailure) return 'urgent';
    return this.total >= this.nextAt ? 'due' : 'no';
  }

  /** All that has not been told. */
  take(): Batch {
    const { batch, every } = this;
    this.batch = newBatch();
    if (every !== undefined) this.nextAt = (Math.floor(this.total / every) + 1) * every;
    return batch;
  }

  /** What was taken could not be told: the next news has it. */
  giveBack(earlier: Batch): void {
    const later = this.batch;
    this.batch = {
      ended: earlier.ended + later.ended,
      failed: earlier.failed + later.failed,
      perEngineFailed: earlier.perEngineFailed + later.perEngineFailed,
      isFirstFailure: earlier.isFirstFailure || later.isFirstFailure,
      failures: [...earlier.failures, ...later.failures].slice(0, shownOfEach),
      others: [...earlier.others, ...later.others].slice(0, shownOfEach),
    };
    if (this.every !== undefined && earlier.ended > 0) this.nextAt = Math.min(this.nextAt, this.total);
  }
}

/** The tasks of a batch that are shown, in the order in which they ended. */
export function tasksOf({ failures, others }: Batch): ToldTask[] {
  return [...failures, ...others].sort((a, b) => a.place - b.place).map(({ task }) => task);
}

/** How many tasks of a batch are not shown. */
export function unshown(batch: Batch): number {
  return batch.ended + batch.perEngineFailed - batch.failures.length - batch.others.length;
}

export function newBatch(): Batch {
  return { ended: 0, failed: 0, perEngineFailed: 0, isFirstFailure: false, failures: [], others: [] };
}
