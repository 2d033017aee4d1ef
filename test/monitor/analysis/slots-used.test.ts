import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bestTime } from '../../../src/monitor/analysis/best-time.ts';
import { OwnTasks } from '../../../src/monitor/analysis/own-tasks.ts';
import { slotsUsed } from '../../../src/monitor/analysis/slots-used.ts';
import type { RecordTable } from '../../../src/monitor/records/record-table.ts';
import { anyRecords, schedules, tableOf } from './tables.ts';

const used = (table: RecordTable) => slotsUsed(new OwnTasks([{ table }]));

test('tasks one after the other take one slot, also when rounded times overlap by a millisecond', () => {
  expect(used(tableOf([{ elapsed: 1 }, { start: 1, elapsed: 1 }, { start: 1.999, elapsed: 2 }])).most).toBe(1);
  expect(used(tableOf([{ elapsed: 1 }, { start: 0.5, elapsed: 1 }])).most).toBe(2);
});

test('a table without tasks has no slots, and one with a task of no time at all has one', () => {
  expect(used(tableOf([{ kind: 'barrier' }])).most).toBe(0);
  expect(used(tableOf([{ elapsed: 0 }])).most).toBe(1);
});

test('the most tasks at one moment are those that are counted at each start', () => {
  fc.assert(
    fc.property(anyRecords, (records) => {
      const table = tableOf(records);
      const tasks = new OwnTasks([{ table }]);
      const { most, byNode } = slotsUsed(tasks);
      const spans: { from: number; to: number; node: number }[] = [];
      tasks.each((_, index, node) => {
        const from = Math.round(table.start(index) * 1000);
        spans.push({ from, to: from + Math.max(0, Math.round(table.elapsed(index) * 1000) - 1), node });
      });
      const mostOf = (some: typeof spans): number =>
        Math.max(
          Math.min(1, some.length),
          ...some.map(({ from }) => some.filter((each) => each.from <= from && from < each.to).length),
        );
      expect(most).toBe(mostOf(spans));
      expect([...byNode]).toEqual(tasks.nodes.map((_, node) => mostOf(spans.filter((each) => each.node === node))));
    }),
  );
});

test('of what slots have run, never more slots are seen than there are', () => {
  fc.assert(
    fc.property(schedules, ({ records, slots }) => {
      expect(used(tableOf(records)).most).toBeLessThanOrEqual(slots);
    }),
  );
});

test('the best time is never longer than the time that it took, and no slot time is lost', () => {
  fc.assert(
    fc.property(schedules, ({ records }) => {
      const table = tableOf(records);
      const { most } = used(table);
      const { best, phases, idle } = bestTime(table, most);
      const { firstStart = 0, lastFinish = 0, taskSeconds } = table.tallies;
      expect(best).toBeLessThanOrEqual(lastFinish - firstStart + 0.001);
      for (const phase of phases) {
        expect(phase.best).toBeGreaterThanOrEqual(Math.min(phase.longest, phase.finish - phase.start) - 1e-6);
        expect(phase.tail).toBeGreaterThanOrEqual(0);
      }
      const all = most * (lastFinish - firstStart);
      // Each task's times are rounded.
      const rounding = 0.002 * (records.length + 1) * Math.max(1, most);
      expect(Math.abs(taskSeconds + idle.tails + idle.barriers + idle.other - all)).toBeLessThanOrEqual(rounding);
    }),
  );
});

test('barriers part the tasks into phases, each with its own bound', () => {
  const table = tableOf([
    { elapsed: 4 },
    { elapsed: 1 },
    { kind: 'barrier', lineNumber: 3, elapsed: 4 },
    { kind: 'barrier', lineNumber: 4, elapsed: 0 },
    { start: 5, elapsed: 2 },
    { start: 5, elapsed: 2 },
    { start: 7, elapsed: 2 },
    { start: 7, elapsed: 2 },
  ]);
  const { best, phases, idle } = bestTime(table, 2);
  expect(phases.map(({ tasks, best: bound, tail, barrierLine }) => [tasks, bound, tail, barrierLine])).toEqual([
    [2, 4, 3, 3],
    [4, 4, 0, null],
  ]);
  expect(best).toBe(8);
  expect(idle).toEqual({ tails: 3, barriers: 2, other: 0 });
});

test('per-engine tasks, and records of other runs, are not in it', () => {
  const others = (['per-engine', 'skipped', 'late'] as const).map((kind) => ({ kind, start: -100, elapsed: 99 }));
  expect(bestTime(tableOf([...others, { elapsed: 2 }]), 1)).toMatchObject({ best: 2, idle: { tails: 0, other: 0 } });
  expect(bestTime(tableOf(others), 1).best).toBe(0);
});
