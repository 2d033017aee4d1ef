/** The look at a whole task file before anything runs. */

import { describe, expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { LineSplitter } from '../../src/task/line-splitter.ts';
import { maxMistakes, TaskFileMistake } from '../../src/task/task-file-mistake.ts';
import { TaskScan, type TaskFileContents } from '../../src/task/task-scan.ts';

function scan(mode: 'refuse' | 'warn', file: string): TaskFileContents {
  const taskScan = new TaskScan(mode);
  const splitter = new LineSplitter();
  if (taskScan.look(splitter.push(asBytes(file)))) taskScan.look(splitter.end());
  return taskScan.finish();
}

function failureOf(mode: 'refuse' | 'warn', file: string): TaskFileMistake {
  try {
    scan(mode, file);
  } catch (error) {
    if (error instanceof TaskFileMistake) return error;
    throw error;
  }
  throw new Error('no mistake was found');
}

test('a file without mistakes is counted, a REPEAT at once', () => {
  const file =
    '#DISBATCH PERENGINE START a\n#DISBATCH PERENGINE STOP b\n#DISBATCH PERENGINE STOP c\n' +
    'x\n#DISBATCH REPEAT 5000000000 y\n#DISBATCH BARRIER\n# c\nz';
  expect(scan('refuse', file)).toEqual({ tasks: 5000000002, barriers: 1, perEngineStart: 1, perEngineStop: 2 });
  expect(scan('refuse', '\n# nothing\n')).toEqual({ tasks: 0, barriers: 0, perEngineStart: 0, perEngineStop: 0 });
});

describe('mistakes', () => {
  test('are all told at once, in the order of their lines', () => {
    const failure = failureOf('refuse', 'a\n#DISBATCH BARIER\nb\n#DISBATCH PERENGINE STOP x\n#DISBATCH REPEAT\n');
    expect(failure.mistakes.map((mistake) => mistake.lineNumber)).toEqual([2, 4, 5]);
    expect(failure.mayBeMore).toBe(false);
  });

  test('do not bring on others: a misspelt PREFIX does not make PERENGINE too late', () => {
    const failure = failureOf('refuse', '#DISBATCH PREFX a\n#DISBATCH PERENGINE START x\n');
    expect(failure.mistakes.map((mistake) => mistake.lineNumber)).toEqual([1]);
  });

  test(`are told up to ${maxMistakes}, and then no further lines are wanted`, () => {
    const failure = failureOf('refuse', '#DISBATCH BARIER\n'.repeat(maxMistakes + 5));
    expect(failure.mistakes).toHaveLength(maxMistakes);
    expect(failure.mayBeMore).toBe(true);
    const taskScan = new TaskScan('refuse');
    expect(taskScan.look(new LineSplitter().push(asBytes('#DISBATCH BARIER\n'.repeat(maxMistakes - 1))))).toBe(true);
    expect(taskScan.look(new LineSplitter().push(asBytes('#DISBATCH BARIER\n')))).toBe(false);
  });

  test('that are warned of are counted as the original takes them', () => {
    expect(scan('warn', '#DISBATCH BARRIERS\n#DISBATCH BARIER\n#DISBATCHFOO\n')).toMatchObject({
      tasks: 1,
      barriers: 1,
    });
  });

  test('that cannot be followed are found even when mistakes are warned of', () => {
    const failure = failureOf('warn', '#DISBATCH BARIER\n#DISBATCH REPEAT 99999999999999999999\n');
    expect(failure.mistakes).toMatchObject([{ lineNumber: 2, canGoOn: false }]);
  });

  test('before a line that is too long are told with it', () => {
    const failure = failureOf('refuse', `#DISBATCH BARIER\n${'x'.repeat(17 * 1024 * 1024)}`);
    expect(failure.mistakes).toMatchObject([{ lineNumber: 1 }, { lineNumber: 2, problem: 'is longer than 16 MiB' }]);
    expect(failure.mayBeMore).toBe(true);
  });
});
