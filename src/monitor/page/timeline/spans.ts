/**
 * What a timeline draws: the spans of an answer, and what runs now in the lanes that are free for it. Pure.
 */

import type { RunningTask } from '../../../contract/running.ts';
import type { TimelineAnswer } from '../../web/answers.ts';

/** Times are seconds since 1970; what runs has no end yet: Infinity. */
export interface Span {
  readonly lane: number;
  readonly from: number;
  readonly to: number;
  readonly state: 'good' | 'failed' | 'mixed' | 'running';
  /** Index of its record; undefined when it stands for several, or runs. */
  readonly index: number | undefined;
  /** How many tasks it stands for. */
  readonly count: number;
  readonly task?: RunningTask | undefined;
}

export interface Lane {
  readonly node: string;
  readonly lane: number;
}

export interface Lanes {
  /** From which on `lanes` are known. */
  readonly first: number;
  readonly count: number;
  readonly lanes: readonly Lane[];
  /** In the order of lanes, and in each of time. */
  readonly spans: ReadonlyMap<number, readonly Span[]>;
}

const states = ['good', 'failed', 'mixed'] as const;

/** Clocks of nodes differ, and times are rounded: so much may overlap, in seconds. */
const overlap = 0.01;

/**
 * @param running - with their nodes; empty when the answer does not reach to now
 */
export function lanesOf(answer: TimelineAnswer, running: readonly (RunningTask & { readonly node: string })[]): Lanes {
  const spans = new Map<number, Span[]>();
  const add = (span: Span): void => {
    const lane = spans.get(span.lane);
    if (lane === undefined) spans.set(span.lane, [span]);
    else lane.push(span);
  };
  for (let i = 0; i + 4 < answer.spans.length; i += 5) {
    const [lane = 0, from = 0, to = 0, state = 0, index = 0] = answer.spans.slice(i, i + 5);
    add({
      ...{ lane: answer.firstLane + lane, from: answer.begin + from, to: answer.begin + to },
      state: states[state] ?? 'mixed',
      ...(index >= 0 ? { index, count: 1 } : { index: undefined, count: -1 - index }),
    });
  }
  for (const list of spans.values()) list.sort((a, b) => a.from - b.from);
  const lanes = [...answer.lanes];
  const further = place(lanes, answer, running, spans, add);
  return { first: answer.firstLane, count: answer.laneCount + further, lanes, spans };
}

/** @returns how many lanes were added, behind all others */
function place(
  lanes: Lane[],
  answer: TimelineAnswer,
  running: readonly (RunningTask & { readonly node: string })[],
  spans: ReadonlyMap<number, readonly Span[]>,
  add: (span: Span) => void,
): number {
  const free = new Map<string, { readonly lane: number; readonly end: number }[]>();
  lanes.forEach(({ node }, i) => {
    const lane = answer.firstLane + i;
    const end = spans.get(lane)?.at(-1)?.to ?? -Infinity;
    const list = free.get(node) ?? [];
    list.push({ lane, end });
    free.set(node, list);
  });
  let further = 0;
  const taken = new Map<string, number>();
  for (const task of [...running].sort((a, b) => a.node.localeCompare(b.node) || a.since - b.since)) {
    const list = free.get(task.node) ?? [];
    // The one that ended last before it began, as lanes of records are given out.
    let best = -1;
    list.forEach(({ end }, i) => {
      if (end <= task.since + overlap && (best < 0 || end > (list[best] as { end: number }).end)) best = i;
    });
    let lane: number;
    if (best >= 0) {
      lane = (list.splice(best, 1)[0] as { lane: number }).lane;
    } else if (answer.firstLane + answer.lanes.length < answer.laneCount) {
      // Its lane is perhaps among those that were not asked for.
      continue;
    } else {
      const number = taken.get(task.node) ?? lanes.filter(({ node }) => node === task.node).length;
      taken.set(task.node, number + 1);
      lane = answer.laneCount + further++;
      lanes.push({ node: task.node, lane: number });
    }
    add({ lane, from: task.since, to: Infinity, state: 'running', index: undefined, count: 1, task });
  }
  return further;
}

/** The span at a place, or the nearest within `slack` seconds; one that failed before others. */
export function spanAt({ spans }: Lanes, lane: number, time: number, slack: number): Span | undefined {
  const near = (spans.get(lane) ?? []).filter(({ from, to }) => from - slack <= time && time <= to + slack);
  return (
    near.find(({ state }) => state === 'failed') ?? near.find(({ from, to }) => from <= time && time <= to) ?? near[0]
  );
}

/** Those with failures, by time. */
export function failedSpans({ spans }: Lanes, from: number, to: number): Span[] {
  const failed: Span[] = [];
  for (const lane of spans.values())
    for (const span of lane)
      if ((span.state === 'failed' || span.state === 'mixed') && span.to >= from && span.from <= to) failed.push(span);
  return failed.sort((a, b) => a.from - b.from);
}
