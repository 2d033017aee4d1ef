/**
 * Guesses which directive a line was meant to be, and how it would have been written.
 *
 * Pure. A guess is for a message only: nothing here decides what runs.
 */

import { asBytes, type ByteString } from '../base/byte-string.ts';
import { directiveWords, readAsOriginal, type DirectiveWord } from './directives.ts';
import { editDistance, nearest } from './edit-distance.ts';

/** A guess: the directive, and the whole line when what follows the word fits it. */
export interface MeantDirective {
  readonly word: DirectiveWord;
  /** Whether the word was written without a slip, upper and lower case aside. */
  readonly exactWord: boolean;
  readonly line: ByteString | undefined;
}

const afterName = /^(?:\xef\xbb\xbf)?[ \t\f\v]*#*[ \t\f\v]*DISBATCH[ \t\f\v_:.,=-]*(.*)$/i;
const wordAndRest = /^(PER[ \t_-]+ENGINES?(?![A-Z])|[A-Z]+)(.*)$/i;
const separators = /^[ \t\f\v:=,;]+/;
const stepThenStart = /^([0-9]+)[ \t]+(step[ \t]+[0-9]+)[ \t]+(start[ \t]+[0-9]+)(.*)$/i;

/** What the line was meant to be, when DISBATCH and a directive's word, give or take two letters, are in it. */
export function meantDirective(text: ByteString): MeantDirective | undefined {
  const rest = afterName.exec(text)?.[1];
  return rest === undefined ? undefined : meantByWord(rest);
}

/** The same for what follows #DISBATCH. */
export function meantByWord(afterDisbatch: string): MeantDirective | undefined {
  const [, written = '', rest = ''] = wordAndRest.exec(afterDisbatch) ?? [];
  const upper = written.toUpperCase().replace(/[ \t_-]/g, '');
  const word = upper.length < 4 ? undefined : nearest(upper, directiveWords, 2);
  if (word === undefined) return undefined;
  const line = asBytes(`#DISBATCH ${word}${argumentsMeant(word, rest)}`);
  const fits = readAsOriginal(line).kind === kindOfWord[word] && !(word === 'BARRIER' && /^\w/.test(rest));
  return { word, exactWord: word === upper, line: fits ? line : undefined };
}

const kindOfWord = {
  BARRIER: 'barrier',
  PERENGINE: 'per-engine',
  PREFIX: 'prefix',
  REPEAT: 'repeat',
  SUFFIX: 'suffix',
} as const satisfies Record<DirectiveWord, string>;

function argumentsMeant(word: DirectiveWord, rest: string): string {
  const args = rest.replace(separators, '');
  const [first = '', ...others] = args.split(/[ \t\f\v]+/);
  const after = args.slice(first.length).replace(/^[ \t\f\v]+/, '');
  switch (word) {
    case 'PREFIX':
    case 'SUFFIX':
      return ` ${rest.slice(1)}`;
    case 'REPEAT':
      return ` ${args.replace(stepThenStart, '$1 $3 $2$4')}`;
    case 'PERENGINE': {
      const moment = nearest(first.toUpperCase(), ['START', 'STOP'], 2);
      return moment === undefined || after === '' ? '' : ` ${moment} ${after}`;
    }
    case 'BARRIER':
      if (args === '') return '';
      if (meansCheck(first)) return after === '' ? ' CHECK' : ` CHECK ${after}`;
      if (others.at(-1) === 'CHECK') return ` CHECK ${args.replace(/[ \t\f\v]+CHECK$/, '')}`;
      return ` ${args}`;
  }
}

/** Whether a barrier's key is so near to CHECK that CHECK was meant. `check1` is a key: no finger slips to a digit. */
export function meansCheck(word: string): boolean {
  return /^[A-Za-z]{4,6}$/.test(word) && editDistance(word.toUpperCase(), 'CHECK') <= 1;
}
