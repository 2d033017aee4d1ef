import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { putResult, resultJson } from '../../src/programs/task-results.ts';
import { formatStatusLine } from '../../src/task/status-line.ts';
import { anyRecord } from '../task/any-record.ts';
import { recordOf } from '../driver/records.ts';
import { storeOfPuts } from './stores.ts';

const key = asBytes('my result');

test('a result is under the id of its task first, and then its id in the list of those that are done', () => {
  const { store, puts } = storeOfPuts();
  putResult(store, key, recordOf(7), undefined);
  putResult(store, key, { ...recordOf(3), kind: 'skipped' }, undefined);
  expect(puts.map(([name, encoding]) => [name, encoding])).toEqual([
    ['my result 7', 'JSON'],
    ['my result done tasks', 'ASTR'],
    ['my result 3', 'JSON'],
    ['my result done tasks', 'ASTR'],
  ]);
  expect([puts[1]?.[2], puts[3]?.[2]]).toEqual(['7', '3']);
});

test('what an engine ran for itself is under a key that no task has, and in no list', () => {
  const { store, puts } = storeOfPuts();
  const record = { ...recordOf(7), kind: 'per-engine' } as const;
  putResult(store, key, record, { engine: 2, moment: 'start' });
  putResult(store, key, record, { engine: 2, moment: 'stop' });
  putResult(store, key, recordOf(7), undefined);
  expect(puts.map(([name]) => name)).toEqual([
    'my result per-engine 2 start 7',
    'my result per-engine 2 stop 7',
    'my result 7',
    'my result done tasks',
  ]);
});

test('barriers and late reports have no result: who waits for a task gets one', () => {
  const { store, puts } = storeOfPuts();
  for (const kind of ['barrier', 'check-barrier', 'late'] as const) {
    putResult(store, key, { ...recordOf(1), kind }, undefined);
  }
  expect(puts).toEqual([]);
});

test('a result says what the line of the status file says, under the names of the original', () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      const result = JSON.parse(resultJson(record)) as Record<string, unknown>;
      expect(Object.keys(result)).toEqual(
        'Flags TaskId TaskStreamIndex TaskRepIndex Host PID ReturnCode Elapsed Start End OutBytes OutData ErrBytes ErrData TaskCmd'.split(
          ' ',
        ),
      );
      const fields = formatStatusLine(record).split('\t');
      const { Flags, TaskId, TaskStreamIndex, TaskRepIndex, Host, PID, ReturnCode, OutBytes, ErrBytes } = result;
      expect([Flags, TaskId, TaskStreamIndex, TaskRepIndex, Host, PID, ReturnCode].map(String)).toEqual(
        fields.slice(0, 7),
      );
      expect([OutBytes, ErrBytes].map(String)).toEqual([fields[10], fields[12]]);
      expect([result['OutData'], result['ErrData']]).toEqual([record.outputSnippet, record.errorSnippet]);
    }),
    { numRuns: 200 },
  );
});

test('a command that is not UTF-8 has marks in its result', () => {
  const result = JSON.parse(resultJson({ ...recordOf(1), command: asBytes('caf\xc3\xa9 \xff') })) as object;
  expect(result).toMatchObject({ TaskCmd: 'café \ufffd' });
});
