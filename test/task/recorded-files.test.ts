/** The recorded task files and status files of the original, through the task stream and the status line. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { asBytes, bytesOfText, textOfBytes, type ByteString } from '../../src/base/byte-string.ts';
import { LineSplitter } from '../../src/task/line-splitter.ts';
import { decideResume } from '../../src/task/resume.ts';
import { formatStatusLine, parseStatusLine, statusHeader, writtenCommand } from '../../src/task/status-line.ts';
import type { StatusRecord } from '../../src/task/status-record.ts';
import { StatusScan } from '../../src/task/status-scan.ts';
import { TaskFileMistake } from '../../src/task/task-file-mistake.ts';
import { TaskScan } from '../../src/task/task-scan.ts';
import { TaskStream } from '../../src/task/task-stream.ts';
import type { StreamItem } from '../../src/task/task.ts';

function bytesOf(name: string): ByteString {
  return asBytes(readFileSync(new URL(`../compat/fixtures/${name}`, import.meta.url), 'latin1'));
}

function linesOf(name: string): readonly string[] {
  const text = textOfBytes(bytesOf(name));
  expect(text).toMatch(/\n$/);
  return text!.slice(0, -1).split('\n');
}

function recordsOf(name: string): readonly StatusRecord[] {
  return linesOf(name).flatMap((line) => {
    const record = parseStatusLine(line);
    return record.kind === 'unreadable' ? [] : [record];
  });
}

function itemsOf(
  name: string,
  mistakes: 'refuse' | 'warn',
): { readonly items: StreamItem[]; readonly warned: number[] } {
  const warned: number[] = [];
  const stream = new TaskStream({ mistakes, onWarning: ({ lineNumber }) => warned.push(lineNumber) });
  const splitter = new LineSplitter();
  const items = [...stream.items(splitter.push(bytesOf(name))), ...stream.items(splitter.end())];
  return { items, warned };
}

/** What a task and its record have in common. */
function commonOfItem(item: StreamItem) {
  const kind = item.kind === 'barrier' && item.check ? 'check-barrier' : item.kind;
  const repeatIndex = item.kind === 'task' ? item.repeatIndex : -1;
  const command = writtenCommand(item.kind === 'barrier' ? item.text : item.command);
  return { kind, taskId: item.taskId, lineNumber: item.lineNumber, repeatIndex, command };
}

function commonOfRecord({ kind, taskId, lineNumber, repeatIndex, command }: StatusRecord) {
  return { kind, taskId, lineNumber, repeatIndex, command: writtenCommand(command) };
}

const byId = (a: { readonly taskId: number }, b: { readonly taskId: number }) => a.taskId - b.taskId;

describe.each(['mixed-status.txt', 'mixed-resumed-status.txt', 'odd-status.txt'])('%s', (name) => {
  test('formats back to the same bytes', () => {
    const again = linesOf(name).map((line) => {
      if (line === statusHeader) return line;
      const record = parseStatusLine(line);
      return record.kind === 'unreadable' ? record.problem : formatStatusLine(record);
    });
    expect(bytesOfText(again.map((line) => `${line}\n`).join(''))).toBe(bytesOf(name));
  });

  test('is made of records, with at most a header', () => {
    const scan = new StatusScan();
    const kinds = bytesOf(name)
      .slice(0, -1)
      .split('\n')
      .map((line, i, all) => scan.classify(asBytes(line), { newline: true, last: i === all.length - 1 }).kind);
    expect(kinds.slice(1).every((kind) => kind === 'record')).toBe(true);
    expect(kinds[0]).toBe(name === 'mixed-status.txt' ? 'header' : 'record');
  });
});

test('odd.tasks has no mistake and gives the recorded ids, lines, repeat indexes and commands', () => {
  const { items } = itemsOf('odd.tasks', 'refuse');
  expect(items.map(commonOfItem)).toEqual(recordsOf('odd-status.txt').map(commonOfRecord).toSorted(byId));
  const barriers = items.filter((item) => item.kind === 'barrier');
  expect(barriers.map((barrier) => barrier.key)).toEqual([undefined, 'keyonly']);
});

test('mixed.tasks, warned of, gives the recorded ones up to the check that failed', () => {
  const { items, warned } = itemsOf('mixed.tasks', 'warn');
  expect(warned).toEqual([21, 22].map((line) => line - 1));
  const records = recordsOf('mixed-status.txt').map(commonOfRecord);
  const [perEngine, others] = [
    items.filter((item) => item.kind === 'per-engine'),
    items.filter((item) => item.kind !== 'per-engine'),
  ];
  expect(others.slice(0, 14).map(commonOfItem)).toEqual(
    records.filter(({ kind }) => kind !== 'per-engine').toSorted(byId),
  );
  expect(others.slice(14).map((item) => commonOfItem(item).command)).toEqual([
    'echo never',
    `b'echo \\xff\\xfe raw bytes'`,
  ]);
  expect(perEngine.map(commonOfItem)).toEqual([
    ...records.filter(({ kind }) => kind === 'per-engine'),
    { kind: 'per-engine', taskId: 0, lineNumber: 3, repeatIndex: -1, command: 'echo stop ${DISBATCH_ENGINE_RANK}' },
  ]);
});

test('mixed.tasks, refused, tells both mistakes at once', () => {
  const scan = new TaskScan('refuse');
  scan.look(new LineSplitter().push(bytesOf('mixed.tasks')));
  const unlike = { lineNumber: 20, text: '#DISBATCH NONSENSE', suggestion: undefined };
  const lower = { lineNumber: 21, text: '#disbatch barrier', suggestion: 'did you mean "#DISBATCH BARRIER"?' };
  expect(() => scan.finish()).toThrow(TaskFileMistake);
  expect(() => scan.finish()).toThrow(
    expect.objectContaining({ mistakes: [unlike, lower].map((m): unknown => expect.objectContaining(m)) }),
  );
});

test('a resume from the recorded file skips and runs the tasks that the original skipped and ran', () => {
  const earlier = new Map(
    recordsOf('mixed-status.txt')
      .filter(({ kind }) => kind === 'task')
      .map((record) => [record.taskId, record]),
  );
  const decisions = itemsOf('mixed.tasks', 'warn').items.flatMap((item) => {
    if (item.kind !== 'task' || !earlier.has(item.taskId)) return [];
    return [[item.taskId, decideResume(item, earlier.get(item.taskId), { retry: true, force: false }).action]];
  });
  const recorded = recordsOf('mixed-resumed-status.txt')
    .filter(({ kind }) => kind === 'task' || kind === 'skipped')
    .toSorted(byId)
    .map(({ taskId, kind }) => [taskId, kind === 'skipped' ? 'skip' : 'run']);
  expect(decisions).toEqual(recorded);
});
