/**
 * The course of a run: in each stretch of time, how many tasks ended, how many of them failed, and how many ran. Pure.
 *
 * For a run whose records are all there; one that goes on is followed by records/over-time.ts.
 */

import type { OwnTasks } from './own-tasks.ts';

export interface Course {
  /** Seconds since 1970 at which the first stretch begins, and the seconds of each. */
  readonly from: number;
  readonly width: number;
  /** With failures among them. */
  readonly finished: readonly number[];
  readonly failed: readonly number[];
  /** The mean of how many ran. */
  readonly running: readonly number[];
}

/** Lengths of stretches that are easy to think in, in seconds; longer ones are days, twice as many each time. */
const widths = [
  ...[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60),
  ...[1, 2, 4, 6, 12, 24].map((hours) => hours * 3600),
];

/** @param most - how many stretches there are at most */
export function course(tasks: OwnTasks, most: number): Course {
  let [begin, end] = [Infinity, -Infinity];
  tasks.each((table, index) => {
    begin = Math.min(begin, table.start(index));
    end = Math.max(end, table.finish(index));
  });
  if (tasks.count === 0) return { from: 0, width: 1, finished: [], failed: [], running: [] };
  const width = widthFor(end - begin, most);
  const length = Math.floor((end - begin) / width) + 1;
  const zeros = (): number[] => Array.from({ length: length + 1 }, () => 0);
  const [finished, failed, running, changes] = [zeros(), zeros(), zeros(), zeros()];
  const add = (numbers: number[], place: number, what: number): void => {
    numbers[place] = (numbers[place] as number) + what;
  };
  tasks.each((table, index) => {
    const [from, to] = [(table.start(index) - begin) / width, (table.finish(index) - begin) / width];
    const [first, last] = [Math.floor(from), Math.min(length - 1, Math.floor(to))];
    add(finished, last, 1);
    if (table.hasFailed(index)) add(failed, last, 1);
    if (first === last) {
      add(running, first, to - from);
      return;
    }
    // Parts of the first and the last stretch, and whole ones between them: two changes, however many they are.
    add(running, first, first + 1 - from);
    add(running, last, to - last);
    add(changes, first + 1, 1);
    add(changes, last, -1);
  });
  let between = 0;
  for (let place = 0; place < length; place++) {
    between += changes[place] as number;
    add(running, place, between);
  }
  const whole = (numbers: number[]): number[] => numbers.slice(0, length);
  return { from: begin, width, finished: whole(finished), failed: whole(failed), running: whole(running) };
}

function widthFor(seconds: number, most: number): number {
  const fits = (width: number): boolean => Math.floor(seconds / width) + 1 <= most;
  let width = widths.find(fits) ?? 2 * 86_400;
  while (!fits(width)) width *= 2;
  return width;
}
