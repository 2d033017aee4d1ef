/**
 * How many tasks have ended, and failed, in each stretch of time, as records come. Pure.
 *
 * Stretches are of one length, a second at first; it doubles whenever there would be too many of them.
 */

import type { RecordTable } from './record-table.ts';

/** Counts by stretches of `width` seconds, the first from `from` on (seconds since 1970). */
export interface Stretches {
  readonly from: number;
  readonly width: number;
  /** With failures among them. */
  readonly finished: readonly number[];
  readonly failed: readonly number[];
}

/** Clocks of nodes differ by so much, in seconds; what seems to have ended still earlier has an unset clock. */
const clocksDiffer = 86_400;

const none: Stretches = { from: 0, width: 1, finished: [], failed: [] };

export class OverTime {
  private readonly most: number;
  private from: number | undefined;
  private width = 1;
  private finished: number[] = [];
  private failed: number[] = [];
  private taken = 0;

  /** @param most - how many stretches there are at most */
  constructor(most = 240) {
    this.most = most;
  }

  /** Takes in what has come into the table since. After a table was cleared, begin with another OverTime. */
  catchUp(table: RecordTable): void {
    for (; this.taken < table.length; this.taken++) {
      if (table.isOwnTask(this.taken)) this.note(table.finish(this.taken), table.hasFailed(this.taken));
    }
  }

  get stretches(): Stretches {
    if (this.from === undefined) return none;
    return { from: this.from, width: this.width, finished: this.finished, failed: this.failed };
  }

  private note(time: number, failed: boolean): void {
    this.from ??= Math.floor(time);
    if (time < this.from && this.from - time <= clocksDiffer) this.beginEarlier(time);
    let place = Math.max(0, Math.floor((time - this.from) / this.width));
    while (place >= this.most) {
      this.widen();
      place = Math.max(0, Math.floor((time - this.from) / this.width));
    }
    while (this.finished.length <= place) {
      this.finished.push(0);
      this.failed.push(0);
    }
    this.finished[place] = (this.finished[place] as number) + 1;
    if (failed) this.failed[place] = (this.failed[place] as number) + 1;
  }

  /** The first record came from a node whose clock is ahead: there are stretches before it. */
  private beginEarlier(time: number): void {
    const missing = (): number => Math.ceil(((this.from as number) - time) / this.width);
    // Where there is to be one, nothing is before it.
    if (this.most === 1) return;
    while (missing() > this.most - this.finished.length) this.widen();
    const zeros = Array.from({ length: missing() }, () => 0);
    this.from = (this.from as number) - zeros.length * this.width;
    this.finished = [...zeros, ...this.finished];
    this.failed = [...zeros, ...this.failed];
  }

  private widen(): void {
    this.width *= 2;
    this.finished = inPairs(this.finished);
    this.failed = inPairs(this.failed);
  }
}

function inPairs(counts: readonly number[]): number[] {
  const pairs: number[] = [];
  for (let i = 0; i < counts.length; i += 2) pairs.push((counts[i] as number) + (counts[i + 1] ?? 0));
  return pairs;
}
