/**
 * Tells what a line of a task file is, and whether it is a mistake: nearly, but not, a directive.
 *
 * Pure. Every line that starts with #DISBATCH is a directive or a mistake, since as a command it would do nothing. Among
 * the other lines only those that spell a directive's word count, so that comments about disBatch stay comments.
 */

import type { ByteString } from '../base/byte-string.ts';
import {
  directiveForms,
  directiveStart,
  directiveWords,
  readAsOriginal,
  type BarrierLine,
  type PlainLine,
  type RepeatLine,
} from './directives.ts';
import { nearest } from './edit-distance.ts';
import { meansCheck, meantByWord, meantDirective, type MeantDirective } from './meant-directive.ts';
import { shownLine } from './task-file-mistake.ts';

/** A line that is not what it seems to be. The clauses are those of Mistake. */
export interface MistakenLine {
  readonly kind: 'mistake';
  readonly problem: string;
  readonly suggestion: string | undefined;
  /** What the original takes the line for; undefined where it cannot be followed. */
  readonly asOriginal: PlainLine | undefined;
}

export type TaskLine = PlainLine | MistakenLine;

const words = directiveWords.join('|');
/** Comments and commands that a user must have taken for directives. A blank after `#` is likely prose: upper case only. */
const disguises = [
  /^(?:\xef\xbb\xbf)?[ \t\f\v]*#DISBATCH(?![A-Za-z])/,
  new RegExp(`^[ \\t\\f\\v]*#DISBATCH[ \\t_:-]+(?:PER[ \\t_-]+ENGINE|${words})(?![A-Z])`, 'i'),
  new RegExp(`^[ \\t\\f\\v]*#[ \\t]+DISBATCH[ \\t]+(?:PER[ _-]?ENGINE|${words})(?![A-Za-z])`),
  new RegExp(`^DISBATCH (?:${words})(?![A-Za-z])`),
];
const misspeltName = new RegExp(`^[ \\t\\f\\v]*#([A-Z]{6,10})[ \\t]+((?:${words})(?![A-Za-z]).*)$`);
const badStartOrStep = /^[ \t\f\v]*(?:start|step)(?:[ \t\f\v]*$|(?:[ \t\f\v]+|[ \t\f\v]*[=:][ \t\f\v]*)[-+]?[0-9])/i;

/** What the line is. */
export function parseLine(text: ByteString): TaskLine {
  const first = text.charCodeAt(0);
  // Most lines are commands; these first bytes are those of all others, and of slips: blanks, `#`, `D` and half a mark.
  const isCommand = first > 0x20 && first !== 0x23 && first !== 0x44 && first !== 0xef;
  if (isCommand) return { kind: 'command', text };
  const plain = readAsOriginal(text);
  const fault = faultOf(text, plain);
  if (fault === undefined) return plain;
  const suggestion = fault.beyondUse === true ? undefined : suggestionFor(text, fault.advice);
  return {
    kind: 'mistake',
    problem: fault.problem,
    suggestion,
    asOriginal: fault.beyondUse === true ? undefined : plain,
  };
}

interface Fault {
  readonly problem: string;
  /** What to say when no whole line can be suggested. */
  readonly advice?: string | undefined;
  /** Whether not even the original's reading can be followed. */
  readonly beyondUse?: boolean;
}

function faultOf(text: ByteString, plain: PlainLine): Fault | undefined {
  if (!text.startsWith(directiveStart)) {
    if (meantByOther(text) === undefined) return undefined;
    return { problem: plain.kind === 'blank' ? 'is a comment, not a directive' : 'is a command, not a directive' };
  }
  switch (plain.kind) {
    case 'repeat':
      return faultOfRepeat(plain);
    case 'barrier':
      return faultOfBarrier(plain);
    case 'unknown':
    case 'command': {
      const meant = meantDirective(text);
      const known = meant?.exactWord === true && text.startsWith('#DISBATCH ');
      return { problem: known ? `is no valid ${meant.word}` : 'is no directive that disBatch knows' };
    }
    default:
      return undefined;
  }
}

function faultOfRepeat(plain: RepeatLine): Fault | undefined {
  const { count, start, step, command } = plain;
  const last = start + Math.max(count - 1, 0) * step;
  if (![count, start, step, last].every(Number.isSafeInteger)) {
    return { problem: `counts past ${Number.MAX_SAFE_INTEGER}, the largest number here`, beyondUse: true };
  }
  if (!badStartOrStep.test(command)) return undefined;
  const advice = 'start comes before step, and each takes a whole number, 0 or more';
  return { problem: `would run ${shownLine(command)} as a command`, advice };
}

function faultOfBarrier(plain: BarrierLine): Fault | undefined {
  const { text, check, key } = plain;
  const taken = check ? '#DISBATCH BARRIER CHECK' : '#DISBATCH BARRIER';
  if (text.length > taken.length && text.charAt(taken.length) !== ' ') {
    return { problem: `is taken for "${taken}", without the rest` };
  }
  const keyWords = check || key === undefined ? [] : key.split(/[ \t\f\v]+/).filter((word) => word !== '');
  if (key === undefined || !(meansCheck(keyWords[0] ?? '') || keyWords.at(-1) === 'CHECK')) return undefined;
  return { problem: `is a barrier without CHECK that has the key ${shownLine(key)}` };
}

/** The directive that a comment, or a command, was meant to be. */
function meantByOther(text: ByteString): MeantDirective | undefined {
  if (disguises.some((disguise) => disguise.test(text))) return meantDirective(text);
  const [, name, rest] = misspeltName.exec(text) ?? [];
  if (name === undefined || rest === undefined || nearest(name, ['DISBATCH'], 2) === undefined) return undefined;
  return meantByWord(rest);
}

/** A line is only suggested when it would be accepted. */
function suggestionFor(text: ByteString, advice: string | undefined): string | undefined {
  const meant = text.startsWith(directiveStart) ? meantDirective(text) : meantByOther(text);
  const line = meant?.line;
  if (line !== undefined && faultOf(line, readAsOriginal(line)) === undefined) {
    return `did you mean ${shownLine(line)}${line.endsWith(' ') ? ' (with the blank at its end)' : ''}?`;
  }
  return advice ?? (meant === undefined ? undefined : `write it as "${directiveForms[meant.word]}"`);
}
