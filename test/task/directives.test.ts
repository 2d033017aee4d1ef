/** What the original takes each line for: one test a rule. */

import { describe, expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { readAsOriginal, type PlainLine } from '../../src/task/directives.ts';

const read = (text: string): PlainLine => readAsOriginal(asBytes(text));
const command = (text: string): PlainLine => ({ kind: 'command', text: asBytes(text) });
const blank: PlainLine = { kind: 'blank' };
const unknown: PlainLine = { kind: 'unknown' };
const barrier = (text: string, check: boolean, key?: string): PlainLine => {
  return { kind: 'barrier', check, key: key === undefined ? undefined : asBytes(key), text: asBytes(text) };
};
const repeat = (count: number, start: number, step: number, text = ''): PlainLine => {
  return { kind: 'repeat', count, start, step, command: asBytes(text) };
};

describe('comments and commands', () => {
  test.each(['', ' ', '\t\f\v ', '#', '# x', '   # x', '#!/bin/bash', '#disbatch barrier', ' #DISBATCH BARRIER'])(
    '%j is skipped',
    (text) => {
      expect(read(text)).toEqual(blank);
    },
  );

  test.each(['echo', ' echo # x ', '\0', '\xa0', '\x85', '#DISBATCH', '#DISBATCHFOO x', '#DISBATCH\tBARRIER'])(
    '%j is a command, byte for byte',
    (text) => {
      expect(read(text)).toEqual(command(text));
    },
  );

  test.each(['#DISBATCH ', '#DISBATCH NONSENSE', '#DISBATCH barrier', '#DISBATCH  PREFIX x', '#DISBATCH PREFIX'])(
    '%j is an unknown directive',
    (text) => {
      expect(read(text)).toEqual(unknown);
    },
  );
});

describe('PREFIX and SUFFIX', () => {
  test('take all that follows the one blank, trailing blanks included', () => {
    expect(read('#DISBATCH PREFIX  ( cd /tmp ; ')).toEqual({ kind: 'prefix', text: ' ( cd /tmp ; ' });
    expect(read('#DISBATCH SUFFIX  )\t')).toEqual({ kind: 'suffix', text: ' )\t' });
    expect(read('#DISBATCH PREFIX \xff')).toEqual({ kind: 'prefix', text: '\xff' });
  });

  test('may take nothing, and be in any case', () => {
    expect(read('#DISBATCH PREFIX ')).toEqual({ kind: 'prefix', text: '' });
    expect(read('#DISBATCH suffix ')).toEqual({ kind: 'suffix', text: '' });
    expect(read('#DISBATCH Prefix x')).toEqual({ kind: 'prefix', text: 'x' });
  });
});

describe('REPEAT', () => {
  test('takes a count, and start and step in this order', () => {
    expect(read('#DISBATCH REPEAT 5')).toEqual(repeat(5, 0, 1));
    expect(read('#DISBATCH REPEAT 5 start 100 step 50 echo $X')).toEqual(repeat(5, 100, 50, 'echo $X'));
    expect(read('#DISBATCH REPEAT 5 step 50 x')).toEqual(repeat(5, 0, 50, 'x'));
    expect(read('#DISBATCH REPEAT 5 start 7')).toEqual(repeat(5, 7, 1));
    expect(read('#DISBATCH REPEAT 5 step 2 start 3')).toEqual(repeat(5, 0, 2, 'start 3'));
  });

  test('takes any blanks between its numbers, leading zeros, and any case', () => {
    expect(read('#DISBATCH repeat \t 005\tSTART\f7  Step 09')).toEqual(repeat(5, 7, 9));
    expect(read('#DISBATCH REPEAT 0')).toEqual(repeat(0, 0, 1));
  });

  test('parts the command by one blank and keeps the others', () => {
    expect(read('#DISBATCH REPEAT 5  x ')).toEqual(repeat(5, 0, 1, ' x '));
    expect(read('#DISBATCH REPEAT 5 ')).toEqual(repeat(5, 0, 1));
    expect(read('#DISBATCH REPEAT 5\t ')).toEqual(repeat(5, 0, 1));
    expect(read('#DISBATCH REPEAT 5\tx')).toEqual(unknown);
  });

  test.each(['', ' ', ' five', ' -5', ' 5x', ' \u0665'])('with %j after it is an unknown directive', (rest) => {
    expect(read(`#DISBATCH REPEAT${rest}`)).toEqual(unknown);
  });
});

describe('BARRIER', () => {
  test.each([
    ['#DISBATCH BARRIER', false, undefined],
    ['#DISBATCH BARRIER CHECK', true, undefined],
    ['#DISBATCH BARRIER my key ', false, 'my key '],
    ['#DISBATCH BARRIER CHECK mykey', true, 'mykey'],
    ['#DISBATCH BARRIER CHECK  mykey', true, ' mykey'],
    ['#DISBATCH BARRIER check', false, 'check'],
    ['#DISBATCH BARRIER  CHECK', false, ' CHECK'],
    ['#DISBATCH BARRIER ', false, undefined],
    ['#DISBATCH BARRIER CHECK ', true, undefined],
    ['#DISBATCH BARRIERS', false, undefined],
    ['#DISBATCH BARRIER\tCHECK', false, undefined],
    ['#DISBATCH BARRIER CHECKED x', true, undefined],
  ] as const)('%j has check %s and key %j', (text, check, key) => {
    expect(read(text)).toEqual(barrier(text, check, key));
  });
});

describe('PERENGINE', () => {
  test('takes START or STOP and a command, which may be empty', () => {
    expect(read('#DISBATCH PERENGINE START  x ')).toEqual({ kind: 'per-engine', moment: 'start', command: ' x ' });
    expect(read('#DISBATCH perengine STOP ')).toEqual({ kind: 'per-engine', moment: 'stop', command: '' });
  });

  test('takes start and stop in lower case too, where the original crashes', () => {
    expect(read('#DISBATCH PERENGINE stop x')).toEqual({ kind: 'per-engine', moment: 'stop', command: 'x' });
  });

  test('without either, or without the blank after it, is an unknown directive', () => {
    expect(read('#DISBATCH PERENGINE x')).toEqual(unknown);
    expect(read('#DISBATCH PERENGINE START')).toEqual(unknown);
  });
});
