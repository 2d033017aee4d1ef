/**
 * How long tasks take: in all, and on each node, so that a slow node stands out. Pure.
 *
 * Only tasks that the run has run itself. Times are seconds, to the millisecond as in the status file.
 */

import type { RecordTable } from '../records/record-table.ts';
import { OwnTasks } from './own-tasks.ts';
import { quantile } from './select.ts';

/** Tasks that took at least `from` and less than `to`. */
export interface Bucket {
  readonly from: number;
  readonly to: number;
  /** With failures among them. */
  readonly count: number;
  readonly failed: number;
}

export interface NodeTimes {
  readonly node: string;
  readonly tasks: number;
  readonly failed: number;
  readonly taskSeconds: number;
  readonly median: number;
  readonly p95: number;
  readonly longest: number;
  /** Its median as a multiple of the median of all tasks; far above 1: it is slow. Less than a millisecond counts as one. */
  readonly ratio: number;
}

export interface Times {
  /** From the shortest task to the longest, without gaps: 0 to 1 ms, then steps of 1, 2, 5, 10, 20, 50 ms … */
  readonly buckets: readonly Bucket[];
  readonly tasks: number;
  /** null: there are no tasks. */
  readonly median: number | null;
  readonly p95: number | null;
  readonly longest: number | null;
  /** In the order in which they come up in the records. */
  readonly nodes: readonly NodeTimes[];
}

/** Where buckets begin, in milliseconds; the last is beyond all. */
const edges = [0, ...Array.from({ length: 11 }, (_, k) => [1, 2, 5].map((step) => step * 10 ** k)).flat()];

/** Of a run, from its table of records. */
export function times(table: RecordTable): Times {
  return timesOf(new OwnTasks([{ table }]));
}

export function timesOf(tasks: OwnTasks): Times {
  const { counts, failures, elapsedMs, histogram, failedHistogram } = gathered(tasks);
  if (tasks.count === 0) return { buckets: [], tasks: 0, median: null, p95: null, longest: null, nodes: [] };
  const all = figures(elapsedMs.slice());
  const nodes: NodeTimes[] = [];
  let from = 0;
  for (const [number, node] of tasks.nodes.entries()) {
    const count = counts[number] as number;
    const own = elapsedMs.subarray(from, from + count);
    from += count;
    // A node of barriers only.
    if (count === 0) continue;
    const { median, p95, longest } = figures(own);
    nodes.push({
      ...{ node, tasks: count, failed: failures[number] as number, taskSeconds: tasks.seconds[number] as number },
      ...{ median, p95, longest, ratio: Math.max(median, 0.001) / Math.max(all.median, 0.001) },
    });
  }
  return { buckets: bucketsOf(histogram, failedHistogram), tasks: tasks.count, ...all, nodes };
}

/** Elapsed times parted by node, and counts. */
function gathered(tasks: OwnTasks) {
  const [counts, failures] = [new Uint32Array(tasks.nodes.length), new Uint32Array(tasks.nodes.length)];
  const [histogram, failedHistogram] = [new Uint32Array(edges.length), new Uint32Array(edges.length)];
  tasks.each((_table, _index, node) => (counts[node] = (counts[node] as number) + 1));
  const next = new Uint32Array(tasks.nodes.length);
  for (let node = 1; node < next.length; node++) next[node] = (next[node - 1] as number) + (counts[node - 1] as number);
  const elapsedMs = new Uint32Array(tasks.count);
  tasks.each((table, index, node) => {
    const ms = Math.round(table.elapsed(index) * 1000);
    const place = next[node] as number;
    next[node] = place + 1;
    elapsedMs[place] = ms;
    const bucket = bucketOf(ms);
    histogram[bucket] = (histogram[bucket] as number) + 1;
    if (!table.hasFailed(index)) return;
    failures[node] = (failures[node] as number) + 1;
    failedHistogram[bucket] = (failedHistogram[bucket] as number) + 1;
  });
  return { counts, failures, elapsedMs, histogram, failedHistogram };
}

/** @param elapsedMs - is moved about; not empty */
function figures(elapsedMs: Uint32Array): { readonly median: number; readonly p95: number; readonly longest: number } {
  let longest = 0;
  for (const each of elapsedMs) if (each > longest) longest = each;
  return {
    median: quantile(elapsedMs, 0.5) / 1000,
    p95: quantile(elapsedMs, 0.95) / 1000,
    longest: longest / 1000,
  };
}

/** The last one that begins at this time or before. */
function bucketOf(ms: number): number {
  let [low, high] = [0, edges.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((edges[middle] as number) <= ms) low = middle;
    else high = middle - 1;
  }
  return low;
}

function bucketsOf(histogram: Uint32Array, failed: Uint32Array): Bucket[] {
  const first = histogram.findIndex((count) => count > 0);
  const last = histogram.findLastIndex((count) => count > 0);
  const buckets: Bucket[] = [];
  for (let each = first; each <= last; each++)
    buckets.push({
      from: (edges[each] as number) / 1000,
      to: (edges[each + 1] as number) / 1000,
      count: histogram[each] as number,
      failed: failed[each] as number,
    });
  return buckets;
}
