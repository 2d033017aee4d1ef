import { describe, expect, test } from 'vitest';
import { RecordTable } from '../../../src/monitor/records/record-table.ts';
import { FailedRecords } from '../../../src/monitor/terminal/failed-tasks.ts';
import type { Chosen } from '../../../src/monitor/terminal/sight.ts';
import { formatStatusLine } from '../../../src/task/status-line.ts';
import type { StatusRecord } from '../../../src/task/status-record.ts';
import { failureOf } from '../snapshots.ts';

/** A table with these records, of which those with odd task ids have failed; and how often one was read from the file. */
function failedAmong(count: number, given: (taskId: number) => Partial<Omit<StatusRecord, 'command'>> = () => ({})) {
  const table = new RecordTable();
  const all: StatusRecord[] = [];
  const failed = new FailedRecords(table);
  let reads = 0;
  const grow = (more: number): void => {
    for (let i = 0; i < more; i++) {
      const taskId = all.length;
      const usual = { taskId, exitCode: taskId % 2, errorSnippet: `no part ${taskId}` };
      const record = failureOf({ ...usual, ...given(taskId) });
      all.push(record);
      const line = Buffer.from(formatStatusLine(record), 'latin1');
      table.add(line, 0, line.at(-1) === 10 ? line.length - 1 : line.length, 0);
    }
    failed.catchUp();
  };
  grow(count);
  const read = (index: number): Promise<StatusRecord> => {
    reads++;
    return Promise.resolve(all[index] as StatusRecord);
  };
  return { table, failed, grow, read, reads: () => reads };
}

function listed(rows: Chosen<number>): number[] {
  return [...Array(rows.count).keys()].map((position) => rows.at(position));
}

describe('failed tasks', () => {
  test('are those that failed, the newest first or the other way round', () => {
    const { failed } = failedAmong(8);
    expect(failed.total).toBe(4);
    expect(listed(failed.chosen('newest', false, ''))).toEqual([7, 5, 3, 1]);
    expect(listed(failed.chosen('newest', true, ''))).toEqual([1, 3, 5, 7]);
    expect(failed.facts(5)).toMatchObject({ taskId: 5, exitCode: 1, node: 'node1', elapsed: 1, finish: 1001 });
  });

  test('are neither late reports nor barriers', () => {
    const kinds = ['late', 'task', 'per-engine', 'skipped'] as const;
    const { failed } = failedAmong(4, (taskId) => ({ kind: kinds[taskId] as StatusRecord['kind'], exitCode: 1 }));
    expect(listed(failed.chosen('newest', true, ''))).toEqual([1, 2, 3]);
  });

  test('can be sorted by what the table of records holds', () => {
    const { failed } = failedAmong(6, (taskId) => ({ elapsed: [0, 5, 0, 50, 0, 20][taskId] as number }));
    expect(listed(failed.chosen('took', false, ''))).toEqual([3, 5, 1]);
    expect(listed(failed.chosen('task', false, ''))).toEqual([1, 3, 5]);
    expect(listed(failed.chosen('task', true, ''))).toEqual([5, 3, 1]);
  });

  test.each(['newest', 'task'] as const)('each row is found by its key, also when more have come (%s)', (sort) => {
    const { failed, grow } = failedAmong(20);
    grow(20);
    for (const reversed of [false, true]) {
      const rows = failed.chosen(sort, reversed, '');
      expect(rows.count).toBe(20);
      for (let at = 0; at < rows.count; at++) expect(rows.positionOf(rows.keyAt(at))).toBe(at);
      expect(rows.positionOf(2)).toBe(-1);
    }
  });

  test('only those that are asked for are read, each once', async () => {
    const { failed, read, reads } = failedAmong(100);
    expect(failed.record(99)).toBeUndefined();
    expect(await failed.load([99, 97], read)).toBe(true);
    expect(await failed.load([99, 97], read)).toBe(false);
    expect(failed.record(99)?.errorSnippet).toBe('no part 99');
    expect(reads()).toBe(2);
  });
});

describe('a search', () => {
  test('looks through all of them in portions, the newest first, and through those that come', async () => {
    const { failed, grow, read } = failedAmong(1000);
    expect(failed.chosen('newest', false, 'PART 99')).toMatchObject({ count: 0, unread: 500 });
    await failed.lookFurther(read);
    expect(failed.chosen('newest', false, 'PART 99')).toMatchObject({ count: 5, unread: 300 });
    while (await failed.lookFurther(read));
    expect(listed(failed.chosen('newest', false, 'PART 99'))).toEqual([999, 997, 995, 993, 991, 99]);
    grow(9000);
    while (await failed.lookFurther(read));
    const rows = failed.chosen('newest', true, 'PART 99');
    expect(rows).toMatchObject({ unread: 0, count: 6 + 50 });
    expect(rows.at(0)).toBe(99);
  });

  test('that is another begins anew', async () => {
    const { failed, read } = failedAmong(300);
    failed.chosen('newest', false, 'part 1');
    const looking = failed.lookFurther(read);
    expect(failed.chosen('newest', false, 'part 299')).toMatchObject({ count: 0, unread: 150 });
    await looking;
    while (await failed.lookFurther(read));
    expect(listed(failed.chosen('newest', false, 'part 299'))).toEqual([299]);
  });
});

test('a file that was replaced is looked through anew', async () => {
  const { table, failed, grow, read } = failedAmong(10);
  await failed.load([9], read);
  table.clear();
  failed.forget();
  expect(failed.total).toBe(0);
  expect(failed.record(9)).toBeUndefined();
  grow(2);
  expect(failed.total).toBe(1);
});
