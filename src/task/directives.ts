/**
 * The #DISBATCH directives: every pattern, and what each line of a task file is.
 *
 * Pure. readAsOriginal takes a line exactly as the original disBatch takes it; parse-line.ts, which callers use, adds
 * the judgement of which lines are mistakes. Blanks are ASCII only (space, \t, \f, \v): a task file is bytes.
 * Source of the rules: the original's behaviour, line by line.
 */

import { noBytes, asBytes, type ByteString } from '../base/byte-string.ts';
import type { PerEngineMoment } from './task.ts';

/** What a line says. */
export type PlainLine =
  /** Nothing, or a comment. */
  | { readonly kind: 'blank' }
  | { readonly kind: 'command'; readonly text: ByteString }
  | { readonly kind: 'prefix'; readonly text: ByteString }
  | { readonly kind: 'suffix'; readonly text: ByteString }
  | RepeatLine
  | BarrierLine
  | { readonly kind: 'per-engine'; readonly moment: PerEngineMoment; readonly command: ByteString }
  /** A directive that the original logs and skips; it ends the place for per-engine tasks. */
  | { readonly kind: 'unknown' };

export interface RepeatLine {
  readonly kind: 'repeat';
  /** All three, and the last repeat index, are safe integers once the line has passed parseLine. */
  readonly count: number;
  readonly start: number;
  readonly step: number;
  readonly command: ByteString;
}

export interface BarrierLine {
  readonly kind: 'barrier';
  readonly check: boolean;
  /** Undefined too when the key is empty: the original puts nothing then. */
  readonly key: ByteString | undefined;
  readonly text: ByteString;
}

/** The words after #DISBATCH. */
export const directiveWords = ['BARRIER', 'PERENGINE', 'PREFIX', 'REPEAT', 'SUFFIX'] as const;
export type DirectiveWord = (typeof directiveWords)[number];

/** How each is written, for messages. */
export const directiveForms: Readonly<Record<DirectiveWord, string>> = {
  BARRIER: '#DISBATCH BARRIER [CHECK] [key]',
  PERENGINE: '#DISBATCH PERENGINE START|STOP command',
  PREFIX: '#DISBATCH PREFIX text',
  REPEAT: '#DISBATCH REPEAT count [start number] [step number] [command]',
  SUFFIX: '#DISBATCH SUFFIX text',
};

const comment = /^[ \t\f\v]*(?:#|$)/;
const perEngine = /^#DISBATCH PERENGINE (START|STOP) (.*)$/i;
const prefix = /^#DISBATCH PREFIX (.*)$/i;
const suffix = /^#DISBATCH SUFFIX (.*)$/i;
const repeat =
  /^#DISBATCH REPEAT[ \t\f\v]+([0-9]+)(?:[ \t\f\v]+start[ \t\f\v]+([0-9]+))?(?:[ \t\f\v]+step[ \t\f\v]+([0-9]+))?(?: (.+))?[ \t\f\v]*$/i;
// Open at its end: what follows BARRIER or CHECK without a blank is dropped.
const barrier = /^#DISBATCH BARRIER( CHECK)?(?: (.*))?/;

/** The first bytes of each line that the original does not take for a comment though it starts with `#`. */
export const directiveStart = '#DISBATCH';

/** What the original disBatch takes the line for. Numbers of a REPEAT may be too large to count exactly. */
export function readAsOriginal(text: ByteString): PlainLine {
  if (!text.startsWith(directiveStart)) return comment.test(text) ? { kind: 'blank' } : { kind: 'command', text };
  const [, moment, perEngineCommand] = perEngine.exec(text) ?? [];
  if (moment !== undefined) {
    // The original knows the two words in upper case only, and breaks off at the others.
    return {
      kind: 'per-engine',
      moment: moment.toUpperCase() === 'START' ? 'start' : 'stop',
      command: bytes(perEngineCommand),
    };
  }
  const prefixMatch = prefix.exec(text);
  if (prefixMatch !== null) return { kind: 'prefix', text: bytes(prefixMatch[1]) };
  const suffixMatch = suffix.exec(text);
  if (suffixMatch !== null) return { kind: 'suffix', text: bytes(suffixMatch[1]) };
  const repeatMatch = repeat.exec(text);
  if (repeatMatch !== null) {
    const [, count, start = '0', step = '1', command] = repeatMatch;
    return { kind: 'repeat', count: Number(count), start: Number(start), step: Number(step), command: bytes(command) };
  }
  const barrierMatch = barrier.exec(text);
  if (barrierMatch !== null) {
    const [, check, key] = barrierMatch;
    return {
      kind: 'barrier',
      check: check !== undefined,
      key: key === undefined || key === '' ? undefined : asBytes(key),
      text,
    };
  }
  return text.startsWith('#DISBATCH ') ? { kind: 'unknown' } : { kind: 'command', text };
}

function bytes(captured: string | undefined): ByteString {
  return captured === undefined ? noBytes : asBytes(captured);
}
