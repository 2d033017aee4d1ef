/**
 * How the run goes, in one line: done of total, running, failed, rate, time to go, time gone. Pure.
 */

import { clock, grouped } from '../base/terminal-text.ts';
import type { RunSnapshot } from '../contract/snapshot.ts';

/** The window over which the rate is taken, in seconds: long enough to be calm, short enough to follow. */
const windowSeconds = 30;

/** Completions over time, for the rate. */
export class RateMeter {
  private readonly samples: { readonly time: number; readonly finished: number }[] = [];

  /** Notes how many tasks have finished by now (seconds). */
  note(time: number, finished: number): void {
    this.samples.push({ time, finished });
    // One sample from before the window stays: the rate is over the whole window, not over what is left of it.
    while (this.samples.length > 2 && (this.samples[1] as { time: number }).time < time - windowSeconds)
      this.samples.shift();
  }

  /** Tasks a second over the last half minute, or undefined while nothing has finished. */
  rate(): number | undefined {
    const first = this.samples[0];
    const last = this.samples[this.samples.length - 1];
    if (first === undefined || last === undefined || last.time <= first.time) return undefined;
    const rate = (last.finished - first.finished) / (last.time - first.time);
    return rate > 0 ? rate : undefined;
  }
}

/**
 * Seconds until the run is done, or undefined when that cannot be said.
 *
 * Long tasks finish rarely: then the mean time of a task and the number of slots say more than the rate of the window.
 */
export function timeToGo(
  {
    counts,
    total,
    slots,
  }: Pick<RunSnapshot, 'total' | 'slots'> & {
    readonly counts: Pick<RunSnapshot['counts'], 'finished' | 'skipped' | 'taskSeconds'>;
  },
  rate: number | undefined,
): number | undefined {
  if (total === undefined || counts.finished === 0) return undefined;
  const left = total - counts.skipped - counts.finished;
  if (left <= 0) return 0;
  if (rate !== undefined) return left / rate;
  const mean = counts.taskSeconds / counts.finished;
  return (left * mean) / Math.max(1, Math.min(slots, left));
}

/** Colours of the line; the identity functions where there are none. */
export interface Paint {
  readonly bad: (text: string) => string;
  readonly good: (text: string) => string;
  readonly faint: (text: string) => string;
}

/** No colours at all. */
export const plain: Paint = { bad: (text) => text, good: (text) => text, faint: (text) => text };

const escape = (code: number) => (text: string) => `\x1b[${code}m${text}\x1b[0m`;

/** Colours of a terminal. */
export const coloured: Paint = { bad: escape(31), good: escape(32), faint: escape(2) };

/** The line, at most `width` columns wide; parts are left out from the right where there is no room. */
export function progressLine(snapshot: RunSnapshot, rate: number | undefined, width: number, paint: Paint): string {
  const { counts, total, running, now, start, end } = snapshot;
  const done = counts.finished + counts.skipped;
  const parts: [string, (text: string) => string][] = [];
  const add = (text: string, colour: (text: string) => string = plain.good): number => parts.push([text, colour]);
  add(total === undefined ? `${grouped(done)} done` : `${grouped(done)}/${grouped(total)} done`);
  if (counts.failed > 0) add(`${grouped(counts.failed)} failed`, paint.bad);
  add(`${grouped(running)} running`);
  if (end !== undefined && end.why !== 'done') add('stopping', paint.bad);
  if (rate !== undefined) add(`${rate >= 10 ? grouped(rate) : rate.toFixed(rate >= 1 ? 1 : 2)}/s`);
  const togo = end === undefined ? timeToGo(snapshot, rate) : undefined;
  if (togo !== undefined) add(`ETA ${clock(togo)}`);
  add(`elapsed ${clock(now - start)}`, paint.faint);
  let bar = '';
  let room = width - 1;
  if (total !== undefined && total > 0) {
    const fraction = Math.min(1, done / total);
    const percent = `${String(Math.floor(fraction * 100)).padStart(3)}%`;
    const barWidth = width >= 100 ? 24 : width >= 72 ? 12 : 0;
    bar = barWidth === 0 ? `${percent} ` : `${paint.good(barOf(fraction, barWidth))} ${percent}  `;
    room -= barWidth === 0 ? percent.length + 1 : barWidth + percent.length + 3;
  }
  let line = '';
  for (const [i, [text, colour]] of parts.entries()) {
    const gap = i === 0 ? '' : '  ';
    if (gap.length + text.length > room) break;
    room -= gap.length + text.length;
    line += gap + colour(text);
  }
  return width < 8 ? '' : bar + line;
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

function barOf(fraction: number, width: number): string {
  const filled = fraction * width;
  const whole = Math.floor(filled);
  const part = eighths[Math.floor((filled - whole) * 8)] ?? '';
  return `${'█'.repeat(whole)}${part}`.padEnd(width, '·');
}
