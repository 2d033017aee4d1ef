/**
 * The part of the timeline that a page shows, from the lanes of the nodes. Pure.
 *
 * Tasks that are shorter than a pixel are drawn together. They are counted, not looked at, so that an answer takes time by
 * the size of the picture and not by the number of tasks.
 */

import type { Lane } from '../records/lanes.ts';
import type { RecordTable } from '../records/record-table.ts';
import type { TimelineAnswer } from './answers.ts';

/** Times are seconds since 1970. */
export interface TimelineWanted {
  readonly from: number;
  readonly to: number;
  readonly firstLane: number;
  readonly lanes: number;
  /** How wide the picture is. */
  readonly pixels: number;
}

/** More than these are drawn more coarsely. */
export const mostSpans = 60_000;

/** Spans that stand for several tasks which all went well grow together up to so many pixels. */
const calmPixels = 8;

/** A lane with the node that it is of, and its number there. */
interface Row {
  readonly node: string;
  readonly lane: number;
  readonly of: Lane;
}

/**
 * Gives way after each lane.
 *
 * @param nodes - lanes by the number of their node in the table
 * @param begin - of the whole
 * @param end - of the whole
 */
export function* timeline(
  table: RecordTable,
  nodes: readonly (readonly Lane[])[],
  begin: number,
  end: number,
  wanted: TimelineWanted,
): Generator<void, TimelineAnswer> {
  const { from, to, firstLane } = wanted;
  const rows: Row[] = nodes.flatMap((lanes, number) =>
    lanes.map((of, lane) => ({ node: table.nodes[number] as string, lane, of })),
  );
  const shown = rows.slice(firstLane, firstLane + wanted.lanes);
  const room = Math.max(100, Math.floor(mostSpans / Math.max(1, shown.length)));
  const pixel = Math.max(0, to - from) / Math.min(wanted.pixels, room);
  const spans: number[] = [];
  for (const [lane, { of }] of shown.entries()) {
    addSpans(table, of, lane, begin, from, to, pixel, spans);
    yield;
  }
  return {
    ...{ begin, end, laneCount: rows.length, from, to, firstLane },
    lanes: shown.map(({ node, lane }) => ({ node, lane })),
    spans,
    truncated: room < wanted.pixels,
  };
}

function addSpans(
  table: RecordTable,
  { indices, failures }: Lane,
  lane: number,
  begin: number,
  from: number,
  to: number,
  pixel: number,
  spans: number[],
): void {
  const finishAt = (place: number): number => table.finish(indices.at(place));
  const startAt = (place: number): number => table.start(indices.at(place));
  let calmFrom = -1;
  for (let place = firstAfter(finishAt, from, 0, indices.length); place < indices.length;) {
    const start = startAt(place);
    if (start > to) return;
    const next = Math.max(place + 1, firstAfter(finishAt, start + pixel, place, indices.length));
    const tasks = next - place;
    const failed = failures.at(next - 1) - (place === 0 ? 0 : failures.at(place - 1));
    const state = failed === 0 ? 0 : failed === tasks ? 1 : 2;
    const finish = finishAt(next - 1);
    const calm = tasks > 1 && state === 0;
    const last = spans.length - 5;
    if (
      calm &&
      calmFrom >= 0 &&
      start - startOf(spans, last, begin, 2) < pixel &&
      finish - calmFrom < calmPixels * pixel
    ) {
      spans[last + 2] = rounded(finish - begin);
      spans[last + 4] = (spans[last + 4] as number) - tasks;
    } else {
      spans.push(
        lane,
        rounded(start - begin),
        rounded(finish - begin),
        state,
        tasks === 1 ? indices.at(place) : -1 - tasks,
      );
      calmFrom = calm ? start : -1;
    }
    place = next;
  }
}

/** A time of a span that was added, since 1970. */
function startOf(spans: readonly number[], span: number, begin: number, which: 1 | 2): number {
  return (spans[span + which] as number) + begin;
}

/** The first place from `low` on where something grows beyond a value. Looks nearby first: most steps are short. */
function firstAfter(valueAt: (place: number) => number, value: number, from: number, length: number): number {
  let [low, step] = [from, 1];
  while (low + step < length && valueAt(low + step) <= value) {
    low += step;
    step *= 2;
  }
  let high = Math.min(length, low + step);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (valueAt(middle) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
