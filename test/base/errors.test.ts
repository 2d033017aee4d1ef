import { readFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { catalogue, DisbatchError, systemReason, type ErrorCode } from '../../src/base/errors.ts';

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test.each(Object.keys(catalogue) as ErrorCode[])(
  'an error %s is a sentence with the exit status of its code',
  (code) => {
    const cause = new Error('deeper');
    const error = new DisbatchError(code, 'What is wrong. What to do.', cause);
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.code, error.message]).toEqual(['DisbatchError', code, 'What is wrong. What to do.']);
    expect(error.cause).toBe(cause);
    expect([1, 2]).toContain(error.exitStatus);
    expect(error.exitStatus).toBe(catalogue[code][0]);
  },
);

test('only what is wrong with the words of the command line has exit status 2', () => {
  const withTwo = Object.entries(catalogue).flatMap(([code, [status]]) => (status === 2 ? [code] : []));
  expect(withTwo.sort()).toEqual(['usage', 'where-to-run']);
});

test('an error without a cause has none', () => {
  expect('cause' in new DisbatchError('usage', 'x')).toBe(false);
});

test('the reason of a failed system call is in the words of the system alone', () => {
  const reasons = [
    thrownBy(() => readFileSync('/no/such/file')),
    thrownBy(() => readFileSync('/')),
    thrownBy(() => mkdirSync('/dev/null/folder')),
    thrownBy(() => writeFileSync('/dev/full', 'x')),
  ].map(systemReason);
  expect(reasons).toEqual([
    'no such file or directory',
    'illegal operation on a directory',
    'not a directory',
    'no space left on device',
  ]);
});

test('what is no error of the system is its own reason', () => {
  expect(systemReason(new Error('it is a folder'))).toBe('it is a folder');
  expect(systemReason('a word')).toBe('a word');
  expect(systemReason(undefined)).toBe('undefined');
});
