/** What a resume does with each task. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { countsForResume, decideResume, whichCounts } from '../../src/task/resume.ts';
import { formatStatusLine, parseStatusLine } from '../../src/task/status-line.ts';
import type { RecordKind, StatusRecord } from '../../src/task/status-record.ts';
import type { Task } from '../../src/task/task.ts';
import { anyCommand, anyRecord } from './any-record.ts';

const task: Task = { kind: 'task', taskId: 3, lineNumber: 7, repeatIndex: -1, command: asBytes('echo') };
const earlier: StatusRecord = {
  kind: 'task',
  taskId: 3,
  lineNumber: 7,
  repeatIndex: -1,
  node: 'vm',
  pid: 99,
  exitCode: 0,
  elapsed: 1,
  start: 2,
  finish: 3,
  outputBytes: 4,
  outputSnippet: 'out',
  errorBytes: 0,
  errorSnippet: '',
  outputCut: false,
  errorCut: false,
  command: asBytes('echo'),
};
const failed: StatusRecord = { ...earlier, exitCode: 1 };
const plain = { retry: false, force: false };
const retry = { retry: true, force: false };
const force = { retry: false, force: true };

test.each(['outputCut', 'errorCut'] as const)('a success with %s counts as a failure', (cut) => {
  const record = { ...earlier, [cut]: true };
  expect(decideResume(task, record, retry)).toEqual({ action: 'run' });
  expect(decideResume(task, record, plain)).toMatchObject({ action: 'skip' });
  const later = { ...earlier, taskId: 3 };
  expect([whichCounts(record, later), whichCounts(later, record)]).toEqual([later, later]);
});

describe('which records count', () => {
  test.each([
    ['task', true],
    ['skipped', true],
    ['per-engine', false],
    ['late', false],
    ['barrier', false],
    ['check-barrier', false],
  ] as const)('of kind %s: %s', (kind: RecordKind, counts) => {
    expect(countsForResume(kind)).toBe(counts);
  });

  test('a success stays, whatever is read after it, even exit codes below 0', () => {
    for (const exitCode of [1, -9, -100, 0]) expect(whichCounts(earlier, { ...earlier, exitCode })).toBe(earlier);
  });

  test('a failure gives way to what is read after it', () => {
    for (const exitCode of [1, -9, -100, 0]) {
      const read = { ...earlier, exitCode };
      expect(whichCounts({ ...earlier, exitCode: -100 }, read)).toBe(read);
    }
    expect(whichCounts(undefined, failed)).toBe(failed);
  });
});

describe('a task', () => {
  test('without a record is run', () => {
    for (const options of [plain, retry, force])
      expect(decideResume(task, undefined, options)).toEqual({ action: 'run' });
  });

  test('that succeeded is skipped, and its record repeats the earlier fields', () => {
    for (const options of [plain, retry, force]) {
      expect(decideResume(task, earlier, options)).toEqual({ action: 'skip', record: { ...earlier, kind: 'skipped' } });
    }
  });

  test('that failed is skipped, or run again with retry', () => {
    expect(decideResume(task, failed, plain)).toEqual({ action: 'skip', record: { ...failed, kind: 'skipped' } });
    expect(decideResume(task, failed, retry)).toEqual({ action: 'run' });
  });

  test('that was skipped by an earlier resume is skipped again: resumes chain', () => {
    const first = decideResume(task, earlier, plain);
    expect(first.action).toBe('skip');
    const record = first.action === 'skip' ? first.record : undefined;
    expect(decideResume(task, record, plain)).toEqual(first);
  });
});

describe('a record of another task', () => {
  const changes = [
    ['line number', { lineNumber: 8 }],
    ['repeat index', { repeatIndex: 0 }],
    ['command', { command: asBytes('echo ') }],
  ] as const;

  test.each(changes)('is a mismatch: %s', (what, change) => {
    const changed = { ...task, ...change };
    expect(decideResume(changed, earlier, plain)).toEqual({ action: 'mismatch', what, earlier, task: changed });
    expect(decideResume(changed, earlier, retry)).toMatchObject({ action: 'mismatch', what });
  });

  test.each(changes)('is skipped all the same with force: %s', (_, change) => {
    const skip = { action: 'skip', record: { ...earlier, kind: 'skipped' } };
    expect(decideResume({ ...task, ...change }, earlier, force)).toEqual(skip);
  });

  test('is no matter when the task failed and is run again', () => {
    expect(decideResume({ ...task, command: asBytes('corrected') }, failed, retry)).toEqual({ action: 'run' });
  });
});

test('any command is the same after it was written to a status file and read back', () => {
  fc.assert(
    fc.property(anyRecord, anyCommand, (any, command) => {
      const { taskId, lineNumber, repeatIndex } = any;
      const read = parseStatusLine(formatStatusLine({ ...any, kind: 'task', command }));
      expect(read.kind).toBe('task');
      if (read.kind === 'unreadable') return;
      const again: Task = { kind: 'task', taskId, lineNumber, repeatIndex, command };
      expect(decideResume(again, read, plain).action).toBe('skip');
    }),
    { numRuns: 1000 },
  );
});
