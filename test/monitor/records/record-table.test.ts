import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasFailed } from '../../../src/task/status-record.ts';
import { anyRecord } from '../../task/any-record.ts';
import { tableOf } from './tables.ts';
import { lenientTextOfBytes } from '../../../src/base/byte-string.ts';

test('it holds the records in their order, and their tallies, also of thousands', () => {
  const usual = anyRecord.map((record) => ({
    ...record,
    command: lenientTextOfBytes(record.command),
    taskId: record.taskId % 2 ** 32,
    lineNumber: record.lineNumber % 2 ** 32,
    elapsed: Math.abs(record.elapsed % 1000),
  }));
  fc.assert(
    fc.property(fc.array(usual, { maxLength: 30 }), (some) => {
      const records = Array.from({ length: 50 }, () => some).flat();
      const table = tableOf(records);
      expect(table).toHaveLength(records.length);
      for (const [i, record] of records.entries()) {
        expect(table.kind(i)).toBe(record.kind);
        expect(table.taskId(i)).toBe(record.taskId);
        expect(table.lineNumber(i)).toBe(record.lineNumber);
        expect(table.exitCode(i)).toBe(record.exitCode);
        expect(table.nodes[table.node(i)]).toBe(record.node);
        expect(table.elapsed(i)).toBeCloseTo(record.elapsed, 2);
        expect(table.isOwnTask(i)).toBe(record.kind === 'task');
      }
      const own = records.filter(({ kind }) => kind === 'task');
      expect(table.tallies.finished).toBe(own.length);
      expect(table.tallies.failed).toBe(own.filter(hasFailed).length);
      expect(table.tallies.barriers).toBe(records.filter(({ kind }) => kind.endsWith('barrier')).length);
      expect(table.tallies.skipped).toBe(records.filter(({ kind }) => kind === 'skipped').length);
    }),
    { numRuns: 20 },
  );
});

test('an empty one, and one that was cleared, has nothing', () => {
  const table = tableOf([{ exitCode: 1 }]);
  expect(table.tallies).toMatchObject({ finished: 1, failed: 1, firstStart: 1000 });
  table.clear();
  expect(table).toHaveLength(0);
  expect(table.nodes).toEqual([]);
  expect(table.tallies).toMatchObject({ finished: 0, failed: 0, taskSeconds: 0 });
  expect(table.tallies.firstStart).toBeUndefined();
});
