import fc from 'fast-check';
import { expect, test } from 'vitest';
import { longestTasks } from '../../../src/monitor/analysis/longest.ts';
import { OwnTasks } from '../../../src/monitor/analysis/own-tasks.ts';
import { whichCount } from '../../../src/monitor/analysis/which-count.ts';
import { anyRecords, tableOf } from './tables.ts';

type Records = Parameters<typeof tableOf>[0];

const countsOf = (...files: Records[]): number[][] =>
  whichCount(files.map(tableOf)).counts.map((counts) => [...counts]);

test('a task that failed and ran again counts as what became of it then', () => {
  const first = [{ taskId: 0 }, { taskId: 1, exitCode: 1 }];
  expect(countsOf(first, [{ taskId: 1 }])).toEqual([[1, 0], [1]]);
  expect(countsOf(first, [{ taskId: 1, exitCode: 2 }])).toEqual([[1, 0], [1]]);
});

test('a success stays, whatever comes later', () => {
  expect(countsOf([{ taskId: 0 }], [{ taskId: 0, exitCode: 1 }])).toEqual([[1], [0]]);
});

test('a record that was taken over counts only when that of which it is a copy is not there', () => {
  const resumed = [{ taskId: 0, kind: 'skipped' }, { taskId: 1, kind: 'skipped', exitCode: 1 }, { taskId: 2 }] as const;
  expect(countsOf([{ taskId: 0 }, { taskId: 1, exitCode: 1 }], [...resumed])).toEqual([
    [1, 1],
    [0, 0, 1],
  ]);
  expect(countsOf([...resumed])).toEqual([[1, 1, 1]]);
  expect(countsOf([...resumed], [{ taskId: 0 }])).toEqual([[0, 1, 1], [1]]);
});

test('files of other task files are noticed', () => {
  expect(
    whichCount([tableOf([{ taskId: 0, lineNumber: 1 }]), tableOf([{ taskId: 0, lineNumber: 2 }])]).otherLines,
  ).toBe(1);
});

test('a task id beyond all bounds takes no memory, and counts', () => {
  expect(countsOf([{ taskId: 4_000_000_000, exitCode: 1 }], [{ taskId: 4_000_000_000 }])).toEqual([[0], [1]]);
});

const withIds = (records: Records): Records => records.map((record, n) => ({ ...record, taskId: (n * 7) % 10 }));

test('of each task just one record counts, and it is a success if there is any', () => {
  fc.assert(
    fc.property(anyRecords, anyRecords, (a, b) => {
      const files = [withIds(a), withIds(b)];
      const counts = countsOf(...files);
      const all = files.flatMap((records, file) =>
        records.map((record, n) => ({ ...record, counts: counts[file]?.[n] === 1 })),
      );
      const tasks = all.filter(({ kind }) => kind === 'task' || kind === 'skipped');
      expect(all.filter((each) => each.counts).every((each) => tasks.includes(each))).toBe(true);
      for (const taskId of new Set(tasks.map((each) => each.taskId))) {
        const own = tasks.filter((each) => each.taskId === taskId);
        const [counting, ...more] = own.filter((each) => each.counts);
        expect(more).toEqual([]);
        expect(counting?.exitCode === 0).toBe(own.some(({ exitCode }) => exitCode === 0));
      }
    }),
  );
});

test('the longest tasks are those that stand first after sorting, of equal ones the first', () => {
  fc.assert(
    fc.property(anyRecords, fc.integer({ min: 1, max: 12 }), (records, most) => {
      const table = tableOf(records);
      const sorted = records
        .map(({ kind, elapsed = 1 }, index) => ({ kind, elapsed, index }))
        .filter(({ kind }) => kind === 'task')
        .toSorted((a, b) => b.elapsed - a.elapsed);
      const longest = longestTasks(new OwnTasks([{ table }]), most);
      expect(longest.map(({ index }) => index)).toEqual(sorted.slice(0, most).map(({ index }) => index));
    }),
  );
});
