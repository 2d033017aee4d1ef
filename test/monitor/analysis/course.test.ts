import fc from 'fast-check';
import { expect, test } from 'vitest';
import { course } from '../../../src/monitor/analysis/course.ts';
import { OwnTasks } from '../../../src/monitor/analysis/own-tasks.ts';
import { anyRecords, t0, tableOf } from './tables.ts';

const courseOf = (records: Parameters<typeof tableOf>[0], most = 50) =>
  course(new OwnTasks([{ table: tableOf(records) }]), most);

test('a table without tasks has no course', () => {
  expect(courseOf([]).finished).toEqual([]);
});

test('what ended, failed and ran in each stretch', () => {
  const tasks = [{ elapsed: 1 }, { elapsed: 2.5, exitCode: 1 }, { start: 2, elapsed: 1 }];
  expect(courseOf(tasks, 4)).toEqual({
    ...{ from: t0, width: 1 },
    finished: [0, 1, 1, 1],
    failed: [0, 0, 1, 0],
    running: [2, 1, 1.5, 0],
  });
});

test('stretches are round numbers, and never more than were asked for', () => {
  expect(courseOf([{ elapsed: 7000 }], 120).width).toBe(60);
  expect(courseOf([{ elapsed: 0.3 }], 40).width).toBe(0.01);
  expect(courseOf([{ elapsed: 4e6 }], 10).width).toBe(8 * 86_400);
});

test('counts add up to the tasks, and what ran to the task time', () => {
  fc.assert(
    fc.property(anyRecords, fc.integer({ min: 1, max: 60 }), (records, most) => {
      const table = tableOf(records);
      const { finished, failed, running, width } = course(new OwnTasks([{ table }]), most);
      const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
      expect(finished.length).toBeLessThanOrEqual(most);
      expect(sum(finished)).toBe(table.tallies.finished);
      expect(sum(failed)).toBe(table.tallies.failed);
      expect(sum(running) * width).toBeCloseTo(table.tallies.taskSeconds, 3);
      for (const count of running) expect(count).toBeGreaterThanOrEqual(-1e-9);
    }),
  );
});
