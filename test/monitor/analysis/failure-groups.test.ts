import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FailureGroups } from '../../../src/monitor/analysis/failure-groups.ts';
import { OutputSampler } from '../../../src/engine/output-sample.ts';
import { snippetText } from '../../../src/task/status-line.ts';
import type { StatusRecord } from '../../../src/task/status-record.ts';
import { recordOf } from './tables.ts';

/** A failure whose task wrote this to its error output. */
function failure(error: string, given: Partial<StatusRecord> = {}): StatusRecord {
  const sampler = new OutputSampler();
  sampler.add(Buffer.from(error));
  const sample = sampler.sample();
  return recordOf({ exitCode: 1, errorBytes: sample.bytes, errorSnippet: snippetText(sample), ...given });
}

function groupsOf(records: readonly StatusRecord[]) {
  const groups = new FailureGroups();
  for (const record of records) groups.add(record);
  return groups.groups(100);
}

const messagesOf = (...errors: readonly string[]) =>
  groupsOf(errors.map((error) => failure(error))).map(({ count, message }) => [count, message]);

describe('messages', () => {
  test.each([
    [
      'cat: part1.csv: No such file or directory\n',
      'cat: b.csv: No such file or directory\n',
      'cat: …: No such file or directory',
    ],
    ['ls: /a: denied\n', 'ls: /b/c: denied\n', 'ls: …: denied'],
    ["KeyError: 'no such'\n", "KeyError: 'one'\n", 'KeyError: …'],
    ['at (0x7fff12): bad\n', 'at (0x7fff13): bad\n', 'at (…): bad'],
    ['out of memory: 12 MB\n', 'out of memory: 4096 MB\n', 'out of memory: … MB'],
    ['first\nexit 3 here\n\n', 'exit 4 here', 'exit … here'],
  ])('%j and %j fall together', (a, b, message) => {
    expect(messagesOf(a, b)).toEqual([[2, message]]);
  });

  test('what all say is shown as it is, numbers too', () => {
    expect(
      messagesOf('/bin/bash: line 1: nosuch: command not found\n', '/bin/bash: line 1: nosuch: command not found\n'),
    ).toEqual([[2, '/bin/bash: line 1: nosuch: command not found']]);
  });

  test('other words are another message', () => {
    expect(messagesOf('disk full', 'disk gone')).toHaveLength(2);
  });

  test('long ones, of which only the beginning and the end are known, fall together too', () => {
    const trace = (n: number): string =>
      `Traceback (most recent call last):\n  File "x.py", line ${n}\nValueError: sample ${'9'.repeat(n)} is bad\n`;
    expect(messagesOf(trace(1), trace(3))).toEqual([[2, 'ValueError: sample … is bad']]);
    const line = (name: string): string => `${name}: ${'word '.repeat(30)}cannot open shared object file\n`;
    expect(messagesOf(line('a'), line('abcdefg'))).toEqual([[2, '… word cannot open shared object file']]);
  });

  test('where nothing is the same, the first one is told, and not gaps alone', () => {
    const missing = (n: number): string =>
      `Traceback (most recent call last):\n  File "t.py", line 4\nFileNotFoundError: [Errno 2] No such file or directory: '/data/subject_${n}/scan.nii.gz'\n`;
    expect(messagesOf(missing(6), missing(12))).toEqual([[2, "e.g. … '/data/subject_6/scan.nii.gz'"]]);
    expect(messagesOf('!!!', '!!!')).toEqual([[2, '!!!']]);
  });

  test('where the error output is empty the standard output tells', () => {
    expect(groupsOf([failure('', { outputSnippet: 'gave up\n', outputBytes: 8 })])[0]?.message).toBe('gave up');
    expect(groupsOf([failure('')])[0]?.message).toBeNull();
  });
});

describe('groups', () => {
  test('exit codes and per-engine tasks are told apart, the largest group first, with its nodes', () => {
    const records = [
      failure('a', { exitCode: -9, taskId: 4 }),
      failure('a', { taskId: 5, node: 'n1' }),
      failure('a', { taskId: 6, node: 'n2' }),
      failure('a', { taskId: 7, node: 'n2' }),
      failure('a', { kind: 'per-engine' }),
    ];
    const groups = groupsOf(records);
    expect(groups.map(({ kind, exitCode, count }) => [kind, exitCode, count])).toEqual([
      ['task', 1, 3],
      ['task', -9, 1],
      ['per-engine', 1, 1],
    ]);
    expect(groups[0]?.nodes).toEqual([
      { node: 'n2', count: 2 },
      { node: 'n1', count: 1 },
    ]);
    expect(groups[0]?.examples.map(({ taskId }) => taskId)).toEqual([5, 6, 7]);
  });

  test('what was not read is counted by its exit code', () => {
    const groups = new FailureGroups();
    for (const taskId of [1, 2]) groups.addUnread({ ...failure('x'), taskId });
    expect(groups.groups(9)).toMatchObject([{ count: 2, exitCode: 1, message: null, wasRead: false }]);
  });

  test('counts add up to the failures, also when every message is another', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 120 }), { maxLength: 12 }), (errors) => {
        const counts = groupsOf(errors.map((error) => failure(error))).map(({ count }) => count);
        expect(counts.reduce((a, b) => a + b, 0)).toBe(errors.length);
      }),
      { numRuns: 40 },
    );
    const letters = (n: number): string => [...String(n)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
    const many = groupsOf(Array.from({ length: 5100 }, (_, n) => failure(letters(n))));
    expect(many[0]).toMatchObject({ count: 100, wasRead: false });
  });
});
