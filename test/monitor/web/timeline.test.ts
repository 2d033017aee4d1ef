/** The part of the timeline that a page shows. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lanes } from '../../../src/monitor/records/lanes.ts';
import { timeline, type TimelineWanted } from '../../../src/monitor/web/timeline.ts';
import type { TimelineAnswer } from '../../../src/monitor/web/answers.ts';
import type { StatusRecord } from '../../../src/task/status-record.ts';
import { t0, tableOf } from '../analysis/tables.ts';

interface Span {
  readonly lane: number;
  readonly from: number;
  readonly to: number;
  readonly state: number;
  readonly what: number;
}

function spansOf({ spans }: TimelineAnswer): Span[] {
  return Array.from({ length: spans.length / 5 }, (_, i) => {
    const [lane = -1, from = -1, to = -1, state = -1, what = 0] = spans.slice(i * 5);
    return { lane, from, to, state, what };
  });
}

function ask(tasks: readonly Partial<StatusRecord>[], wanted: Partial<TimelineWanted>): TimelineAnswer {
  const table = tableOf(tasks);
  const lanes = new Lanes();
  for (const _ of lanes.catchUp(table));
  const end = t0 + Math.max(0, ...tasks.map(({ start = 0, elapsed = 1 }) => start + elapsed));
  const making = timeline(table, lanes.nodes, t0, end, {
    from: t0,
    to: end,
    firstLane: 0,
    lanes: 100,
    pixels: 1000,
    ...wanted,
  });
  for (;;) {
    const step = making.next();
    if (step.done === true) return step.value;
  }
}

test('tasks that are wide enough are told one by one, lane by lane', () => {
  const answer = ask(
    [
      { node: 'a', start: 0, elapsed: 1 },
      { node: 'b', start: 0, elapsed: 2, exitCode: 1 },
      { node: 'a', start: 1.5, elapsed: 1 },
      { node: 'a', start: 0.5, elapsed: 3 },
    ],
    {},
  );
  expect(answer).toMatchObject({ begin: t0, end: t0 + 3.5, laneCount: 3, truncated: false });
  expect(answer.lanes).toEqual([
    { node: 'a', lane: 0 },
    { node: 'a', lane: 1 },
    { node: 'b', lane: 0 },
  ]);
  expect(answer.spans).toEqual([0, 0, 1, 0, 0, ...[0, 1.5, 2.5, 0, 2], ...[1, 0.5, 3.5, 0, 3], ...[2, 0, 2, 1, 1]]);
});

test('only what touches the window and its lanes is told', () => {
  const tasks = Array.from({ length: 20 }, (_, i) => ({ node: i % 2 === 0 ? 'a' : 'b', start: i, elapsed: 0.9 }));
  const answer = ask(tasks, { from: t0 + 4.95, to: t0 + 8.5, firstLane: 0, lanes: 1 });
  expect(answer.laneCount).toBe(2);
  expect(spansOf(answer).map(({ what }) => what)).toEqual([6, 8]);
});

test('many short tasks are drawn together, and those that failed stand out', () => {
  const tasks = Array.from({ length: 2000 }, (_, i) => ({
    start: i / 200,
    elapsed: 0.005,
    exitCode: i === 1000 ? 1 : 0,
  }));
  const spans = spansOf(ask(tasks, { pixels: 100 }));
  expect(spans.length).toBeLessThan(40);
  expect(spans.reduce((sum, { what }) => sum - 1 - what, 0)).toBe(2000);
  const failing = spans.filter(({ state }) => state !== 0);
  expect(failing).toHaveLength(1);
  expect(failing[0]?.state).toBe(2);
  expect(failing[0]?.from).toBeLessThanOrEqual(5);
  expect(failing[0]?.to).toBeGreaterThanOrEqual(5);
});

const anyTasks = fc.array(
  fc.record({
    start: fc.nat(3000),
    elapsed: fc.nat(200),
    exitCode: fc.constantFrom(0, 0, 1),
    node: fc.constantFrom('a', 'b'),
  }),
  { minLength: 1, maxLength: 80 },
);

test('every task within the window is in one span, which reaches as far as it; states tell of what is in them', () => {
  fc.assert(
    fc.property(anyTasks, fc.integer({ min: 1, max: 300 }), fc.nat(3200), fc.nat(3200), (tasks, pixels, one, other) => {
      const inOrder = tasks
        .sort((a, b) => a.start + a.elapsed - b.start - b.elapsed)
        .map((task) => ({ ...task, start: task.start / 1000, elapsed: task.elapsed / 1000 }));
      const [from, to] = [Math.min(one, other) / 1000, Math.max(one, other) / 1000];
      const spans = spansOf(ask(inOrder, { from: t0 + from, to: t0 + to, pixels }));
      const inside = inOrder.filter(({ start, elapsed }) => start + elapsed > from + 0.003 && start < to - 0.003);
      const told = spans.reduce((sum, { what }) => sum + (what >= 0 ? 1 : -1 - what), 0);
      expect(told).toBeGreaterThanOrEqual(inside.length);
      for (const { start, elapsed, exitCode } of inside) {
        const around = spans.filter((span) => span.from <= start + 0.003 && span.to >= start + elapsed - 0.003);
        expect(around.some(({ state }) => (exitCode === 0 ? state !== 1 : state !== 0))).toBe(true);
      }
      expect(spans.every(({ from: begin, to: end }) => end >= begin)).toBe(true);
    }),
  );
});
