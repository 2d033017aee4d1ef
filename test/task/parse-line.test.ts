/** Which lines are mistakes, what is said of them, and which are left in peace. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { readAsOriginal } from '../../src/task/directives.ts';
import { parseLine } from '../../src/task/parse-line.ts';

const parse = (text: string) => parseLine(asBytes(text));
const unknown = 'is no directive that disBatch knows';
const isComment = 'is a comment, not a directive';
const isCommand = 'is a command, not a directive';

describe('a mistake says what was probably meant', () => {
  test.each([
    ['#DISBATCH BARIER', unknown, '#DISBATCH BARRIER'],
    ['#DISBATCH BARIER CHECK key', unknown, '#DISBATCH BARRIER CHECK key'],
    ['#DISBATCH BARRIERS', 'is taken for "#DISBATCH BARRIER", without the rest', '#DISBATCH BARRIER'],
    ['#DISBATCH BARRIER\tCHECK', 'is taken for "#DISBATCH BARRIER", without the rest', '#DISBATCH BARRIER CHECK'],
    ['#DISBATCH barrier', 'is no valid BARRIER', '#DISBATCH BARRIER'],
    ['#DISBATCH BARRIER check', 'is a barrier without CHECK that has the key "check"', '#DISBATCH BARRIER CHECK'],
    ['#DISBATCH BARRIER  CHECK', 'is a barrier without CHECK that has the key " CHECK"', '#DISBATCH BARRIER CHECK'],
    ['#DISBATCH BARRIER CHEK k', 'is a barrier without CHECK that has the key "CHEK k"', '#DISBATCH BARRIER CHECK k'],
    ['#DISBATCH BARRIER k CHECK', 'is a barrier without CHECK that has the key "k CHECK"', '#DISBATCH BARRIER CHECK k'],
    ['#DISBATCH PREFX ( cd /tmp ;', unknown, '#DISBATCH PREFIX ( cd /tmp ;'],
    ['#DISBATCH  PREFIX a', 'is no valid PREFIX', '#DISBATCH PREFIX a'],
    ['#DISBATCH\tSUFFIX a', unknown, '#DISBATCH SUFFIX a'],
    ['#DISBATCH_SUFFIX a', unknown, '#DISBATCH SUFFIX a'],
    ['#DISBATCH REPAET 5 start 2 x', unknown, '#DISBATCH REPEAT 5 start 2 x'],
    ['#DISBATCH REPEAT5', 'is no valid REPEAT', '#DISBATCH REPEAT 5'],
    ['#DISBATCH REPEAT 5 step 2 start 3', 'would run "start 3" as a command', '#DISBATCH REPEAT 5 start 3 step 2'],
    ['#DISBATCH PER ENGINE START x', 'is no valid PERENGINE', '#DISBATCH PERENGINE START x'],
    ['#DISBATCH PER-ENGINE stop x', 'is no valid PERENGINE', '#DISBATCH PERENGINE STOP x'],
    ['#DISBATCH PERENGINES STRAT x', unknown, '#DISBATCH PERENGINE START x'],
    ['  #DISBATCH PREFIX a', isComment, '#DISBATCH PREFIX a'],
    ['  #DISBATCH PREFX a', isComment, '#DISBATCH PREFIX a'],
    ['#disbatch barrier', isComment, '#DISBATCH BARRIER'],
    ['# DISBATCH BARRIER', isComment, '#DISBATCH BARRIER'],
    ['#DISBACH BARRIER CHECK', isComment, '#DISBATCH BARRIER CHECK'],
    ['DISBATCH BARRIER', isCommand, '#DISBATCH BARRIER'],
    ['\xef\xbb\xbf#DISBATCH PREFIX a', isCommand, '#DISBATCH PREFIX a'],
  ])('%j', (text, problem, meant) => {
    expect(parse(text)).toEqual({
      kind: 'mistake',
      problem,
      suggestion: `did you mean "${meant}"?`,
      asOriginal: readAsOriginal(asBytes(text)),
    });
  });

  test('a PREFIX or SUFFIX whose blank an editor stripped is told of the blank', () => {
    for (const word of ['PREFIX', 'SUFFIX']) {
      const suggestion = `did you mean "#DISBATCH ${word} " (with the blank at its end)?`;
      expect(parse(`#DISBATCH ${word}`)).toMatchObject({ problem: `is no valid ${word}`, suggestion });
    }
  });

  test('where no line can be suggested the form is', () => {
    for (const rest of ['', ' five', ' -5', ' 5x', '\t5\tx']) {
      const suggestion = 'write it as "#DISBATCH REPEAT count [start number] [step number] [command]"';
      expect(parse(`#DISBATCH REPEAT${rest}`)).toMatchObject({ problem: 'is no valid REPEAT', suggestion });
    }
    for (const rest of ['', ' x', ' START', ' STOP ']) {
      const parsed = parse(`#DISBATCH PERENGINE${rest}`);
      if (rest.endsWith(' ')) expect(parsed).toMatchObject({ kind: 'per-engine', command: '' });
      else expect(parsed).toMatchObject({ suggestion: 'write it as "#DISBATCH PERENGINE START|STOP command"' });
    }
    expect(parse('#DISBATCH BARRIER CHECKER')).toMatchObject({
      suggestion: 'write it as "#DISBATCH BARRIER [CHECK] [key]"',
    });
  });

  test.each(['start -1 x', 'start=3 x', 'start', 'step', 'START 3x', ' step +2'])('REPEAT 5 %s', (command) => {
    expect(parse(`#DISBATCH REPEAT 5 ${command}`)).toMatchObject({
      kind: 'mistake',
      problem: `would run "${command}" as a command`,
      suggestion: 'start comes before step, and each takes a whole number, 0 or more',
      asOriginal: { kind: 'repeat', count: 5, start: 0, step: 1, command },
    });
  });

  test.each(['#DISBATCH', '#DISBATCHFOO', '#DISBATCH ', '#DISBATCH NONSENSE', '#DISBATCH é'])(
    '%j is like nothing',
    (text) => {
      expect(parse(text)).toMatchObject({ kind: 'mistake', problem: unknown, suggestion: undefined });
    },
  );
});

test('numbers of a REPEAT past the safe integers cannot be followed at all', () => {
  for (const rest of [
    '99999999999999999999',
    '3 start 9007199254740990',
    '9007199254740991 step 2',
    '2 step 9007199254740992',
  ]) {
    expect(parse(`#DISBATCH REPEAT ${rest}`)).toMatchObject({ kind: 'mistake', asOriginal: undefined });
  }
  for (const rest of ['9007199254740991', '2 start 9007199254740990', '0 step 9007199254740991']) {
    expect(parse(`#DISBATCH REPEAT ${rest}`)).toMatchObject({ kind: 'repeat' });
  }
});

describe('no wolf is cried over', () => {
  test.each([
    '# disbatch is great',
    '# disbatch repeat of last week',
    '# disbatch barrier lines wait for all before them',
    '#DISBATC',
    '## DISBATCH BARRIER',
    '##DISBATCH BARRIER',
    '#SBATCH --ntasks=4',
    '#!/usr/bin/env disBatch',
    '  #DISBATCH NONSENSE',
    '# see #DISBATCH PREFIX',
    '# DISBATCH variables are set in .bashrc',
  ])('the comment %j', (text) => {
    expect(parse(text)).toEqual({ kind: 'blank' });
  });

  test.each([
    'disbatch barrier',
    'Do it',
    'DISBATCH=1 x',
    '\xefx',
    ' x',
    '\tx',
    '\0',
    '0',
    '\xff',
    'echo #DISBATCH BARRIER',
  ])('the command %j', (text) => {
    expect(parse(text)).toEqual({ kind: 'command', text });
  });

  test.each(['key', 'check1', 'checkpoint', 'CHE', 'prechecked'])('the barrier key %j', (key) => {
    expect(parse(`#DISBATCH BARRIER ${key}`)).toMatchObject({ kind: 'barrier', check: false, key });
    expect(parse(`#DISBATCH BARRIER CHECK ${key}`)).toMatchObject({ kind: 'barrier', check: true, key });
  });

  test.each(['step2 x', 'start.sh 5', 'startup 5', './start 5', 'stepper'])('the repeated command %j', (command) => {
    expect(parse(`#DISBATCH REPEAT 5 ${command}`)).toMatchObject({ kind: 'repeat', command });
  });
});

const likeLines = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '#DISBATCH',
        '#disbatch',
        'DISBATCH',
        'BARRIER',
        'REPEAT',
        'PREFIX',
        'SUFFIX',
        'PERENGINE',
        'CHECK',
      ),
      fc.constantFrom(
        'START',
        'start',
        'step',
        'PER',
        'ENGINE',
        'BARIER',
        '5',
        '-1',
        'x',
        ' ',
        ' ',
        ' ',
        '\t',
        '#',
        '\xef\xbb\xbf',
      ),
      fc.string({ unit: 'binary-ascii', maxLength: 2 }),
    ),
    { maxLength: 10 },
  )
  .map((parts) => asBytes(parts.join('').replace(/[\r\n]/g, '')));

test('a line is a mistake or what the original takes it for, and a mistake says what that is', () => {
  fc.assert(
    fc.property(likeLines, (text) => {
      const parsed = parseLine(text);
      const original = readAsOriginal(text);
      if (parsed.kind !== 'mistake') expect(parsed).toEqual(original);
      else if (parsed.asOriginal !== undefined) expect(parsed.asOriginal).toEqual(original);
      else expect(original.kind).toBe('repeat');
    }),
    { numRuns: 2000 },
  );
});

test('every line that starts with #DISBATCH is a directive or a mistake, and every suggested line is accepted', () => {
  fc.assert(
    fc.property(likeLines, (rest) => {
      const parsed = parse(`#DISBATCH${rest}`);
      expect(['blank', 'command', 'unknown']).not.toContain(parsed.kind);
      const meant =
        parsed.kind === 'mistake' ? /^did you mean "([ -~]*)"/.exec(parsed.suggestion ?? '')?.[1] : undefined;
      // A tab is shown as an escape: such a line is not there to be read back.
      if (meant !== undefined && !/\.\.\.$|\\/.test(meant)) expect(parse(meant).kind).not.toBe('mistake');
    }),
    { numRuns: 2000 },
  );
});
