/**
 * How many tasks ended over time, as a row of levels. Pure.
 */

import type { Stretches } from '../records/over-time.ts';

export interface Sparkline {
  /** From the beginning of the run to now. */
  readonly cells: readonly { readonly rate: number; readonly failed: boolean }[];
  /** Seconds that a cell stands for; the last one may not be over yet. */
  readonly cellSeconds: number;
  /** Tasks a second in the best cell. */
  readonly peak: number;
}

/**
 * @param until - seconds since 1970: now, or the end of the run. Until then, what has no ends is shown as nothing
 * @param most - cells at most
 */
export function sparkline({ from, width, finished, failed }: Stretches, until: number, most: number): Sparkline {
  if (finished.length === 0 || most < 1) return { cells: [], cellSeconds: width, peak: 0 };
  const end = Math.max(until, from + (finished.length - 1) * width);
  const stretches = Math.max(finished.length, Math.ceil((end - from) / width));
  const merged = Math.max(1, Math.ceil(stretches / most));
  const cellSeconds = merged * width;
  const cells: { rate: number; failed: boolean }[] = [];
  for (let first = 0; first < stretches; first += merged) {
    let [ends, failures] = [0, 0];
    for (let i = first; i < Math.min(first + merged, finished.length); i++) {
      ends += finished[i] as number;
      failures += failed[i] as number;
    }
    const gone = Math.min(cellSeconds, Math.max(width, end - from - first * width));
    // One that has only begun says nothing yet.
    if (cells.length > 0 && gone < cellSeconds / 2 && first + merged >= stretches) break;
    cells.push({ rate: ends / gone, failed: failures > 0 });
  }
  return { cells, cellSeconds, peak: Math.max(...cells.map(({ rate }) => rate)) };
}
