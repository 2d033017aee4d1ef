/**
 * How many slots a run had, as far as its records tell: the most tasks that ran at one moment, in all and on each node.
 * Pure.
 *
 * Start and elapsed time are rounded to milliseconds, so a task seems to end up to a millisecond after the next one in its
 * slot has begun. That is taken off its end: so two tasks of one slot never count as two slots.
 */

import type { OwnTasks } from './own-tasks.ts';

export interface SlotsUsed {
  /** 0: there are no tasks. */
  readonly most: number;
  /** By the numbers of the nodes. Each at another moment, so their sum may be more than `most`. */
  readonly byNode: Uint32Array;
}

export function slotsUsed(tasks: OwnTasks): SlotsUsed {
  const counts = new Uint32Array(tasks.nodes.length);
  let origin = Infinity;
  tasks.each((table, index, node) => {
    counts[node] = (counts[node] as number) + 1;
    origin = Math.min(origin, table.start(index));
  });
  const next = new Uint32Array(counts.length);
  for (let node = 1; node < next.length; node++) next[node] = (next[node - 1] as number) + (counts[node - 1] as number);
  const [starts, ends] = [new Float64Array(tasks.count), new Float64Array(tasks.count)];
  tasks.each((table, index, node) => {
    const place = next[node] as number;
    next[node] = place + 1;
    const start = Math.round((table.start(index) - origin) * 1000);
    starts[place] = start;
    ends[place] = start + Math.max(0, Math.round(table.elapsed(index) * 1000) - 1);
  });
  const byNode = new Uint32Array(counts.length);
  let from = 0;
  for (const [node, count] of counts.entries()) {
    byNode[node] = mostAtOnce(starts.subarray(from, from + count), ends.subarray(from, from + count));
    from += count;
  }
  return { most: mostAtOnce(starts, ends), byNode };
}

/** Both are sorted here. What ends when another begins does not run beside it. */
function mostAtOnce(starts: Float64Array, ends: Float64Array): number {
  starts.sort();
  ends.sort();
  let [running, most, ended] = [0, Math.min(1, starts.length), 0];
  for (const start of starts) {
    for (; (ends[ended] as number) <= start; ended++) running--;
    running++;
    if (running > most) most = running;
  }
  return most;
}
