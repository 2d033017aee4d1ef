/** The sentences about mistakes in a task file. */

import { describe, expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { DisbatchError } from '../../src/base/errors.ts';
import { mistakeSentence, shownLine, taskFileError, TaskFileMistake } from '../../src/task/task-file-mistake.ts';

const mistake = (lineNumber: number, canGoOn = true) => ({
  lineNumber,
  text: asBytes('#DISBATCH BARIER'),
  problem: 'is no directive that disBatch knows',
  suggestion: 'did you mean "#DISBATCH BARRIER"?',
  canGoOn,
});

test('a mistake is told with file, line, text and what was probably meant', () => {
  expect(mistakeSentence('Tasks', mistake(12))).toBe(
    'Tasks:12: "#DISBATCH BARIER" is no directive that disBatch knows; did you mean "#DISBATCH BARRIER"?',
  );
  expect(mistakeSentence('Tasks', { ...mistake(3), suggestion: undefined })).toBe(
    'Tasks:3: "#DISBATCH BARIER" is no directive that disBatch knows',
  );
});

describe('the error for the user', () => {
  test('says what to do after the last mistake', () => {
    const error = taskFileError('Tasks', new TaskFileMistake([mistake(1), mistake(2)]));
    expect(error).toBeInstanceOf(DisbatchError);
    expect([error.code, error.exitStatus]).toEqual(['task-file-mistake', 1]);
    const lines = error.message.split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe('Correct these lines, or take them as they are with --unknown-directives warn.');
  });

  test('does not offer to go on where that cannot be', () => {
    expect(taskFileError('Tasks', new TaskFileMistake([mistake(1, false)])).message).toMatch(/\nCorrect this line\.$/);
  });

  test('says that there may be more', () => {
    const error = taskFileError('Tasks', new TaskFileMistake([mistake(7)], true));
    expect(error.message).toContain('There may be more: Tasks was not read past line 7.\nCorrect these lines');
  });
});

describe('a line is shown', () => {
  test('with its quotes and backslashes as they are', () => {
    expect(shownLine(asBytes(`it's "x" \\n`))).toBe(`"it's "x" \\n"`);
  });

  test('without any byte that a terminal would obey', () => {
    expect(shownLine(asBytes('a\x1b[31m\tb\0\x07\xc2\x9b\xff'))).toBe('"a\\x1b[31m\\tb\\x00\\x07\\x9b\ufffd"');
  });

  test('up to 120 bytes', () => {
    expect(shownLine(asBytes('x'.repeat(120)))).toBe(`"${'x'.repeat(120)}"`);
    expect(shownLine(asBytes('x'.repeat(121)))).toBe(`"${'x'.repeat(120)}..."`);
  });
});
