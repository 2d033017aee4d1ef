import fc from 'fast-check';
import { expect, test } from 'vitest';
import { select } from '../../../src/monitor/analysis/select.ts';
import { times } from '../../../src/monitor/analysis/times.ts';
import { anyRecords, tableOf } from './tables.ts';

test('a table without tasks has no times', () => {
  expect(times(tableOf([]))).toEqual({ buckets: [], tasks: 0, median: null, p95: null, longest: null, nodes: [] });
});

test('stretches grow like 1, 2, 5 from the shortest task to the longest, with failures told apart', () => {
  const { buckets } = times(tableOf([{ elapsed: 0.0004 }, { elapsed: 0.005 }, { elapsed: 0.009, exitCode: 1 }]));
  expect(buckets).toEqual([
    { from: 0, to: 0.001, count: 1, failed: 0 },
    { from: 0.001, to: 0.002, count: 0, failed: 0 },
    { from: 0.002, to: 0.005, count: 0, failed: 0 },
    { from: 0.005, to: 0.01, count: 2, failed: 1 },
  ]);
});

test('a task of weeks has its place', () => {
  expect(times(tableOf([{ elapsed: 4_000_000 }])).buckets).toEqual([{ from: 2e6, to: 5e6, count: 1, failed: 0 }]);
});

test('a node whose tasks take three times as long has the ratio 3 or so', () => {
  const quick = Array.from({ length: 9 }, () => ({ node: 'quick', elapsed: 1 }));
  const slow = Array.from({ length: 3 }, () => ({ node: 'slow', elapsed: 3, exitCode: 1 }));
  const { nodes, median } = times(tableOf([...quick, ...slow]));
  expect(median).toBe(1);
  expect(nodes.map(({ node, tasks, failed, taskSeconds, ratio }) => [node, tasks, failed, taskSeconds, ratio])).toEqual(
    [
      ['quick', 9, 0, 9, 1],
      ['slow', 3, 3, 9, 3],
    ],
  );
});

test('what is selected is what stands there after sorting', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { minLength: 1 }), fc.nat(), (numbers, any) => {
      const place = any % numbers.length;
      expect(select(Uint32Array.from(numbers), place)).toBe(numbers.toSorted((a, b) => a - b)[place]);
    }),
  );
});

test('counts add up, in all and by node, and medians are those of sorted times', () => {
  fc.assert(
    fc.property(anyRecords, (records) => {
      const tasks = records.filter(({ kind }) => kind === 'task');
      const answer = times(tableOf(records));
      expect(answer.tasks).toBe(tasks.length);
      const failed = tasks.filter(({ exitCode }) => exitCode !== 0).length;
      for (const parts of [answer.buckets.map((each) => ({ ...each, tasks: each.count })), answer.nodes]) {
        expect(parts.reduce((sum, each) => sum + each.tasks, 0)).toBe(tasks.length);
        expect(parts.reduce((sum, each) => sum + each.failed, 0)).toBe(failed);
      }
      for (const each of [answer, ...answer.nodes]) {
        const own = tasks.filter(({ node }) => !('node' in each) || each.node === node);
        const sorted = own.map(({ elapsed }) => elapsed as number).toSorted((a, b) => a - b);
        expect(each.median).toBe(sorted[Math.ceil(sorted.length / 2) - 1] ?? null);
        expect(each.p95).toBe(sorted[Math.ceil(sorted.length * 0.95) - 1] ?? null);
        expect(each.longest).toBe(sorted.at(-1) ?? null);
      }
    }),
  );
});
