/**
 * What is wrong with lines of a task file, and how it is told.
 *
 * Pure. A mistake is a line that is nearly, but not, a directive, or one that cannot be followed at all. A scan collects
 * several before they are thrown, so that a user mends a file once and not line by line.
 */

import { lenientTextOfBytes, asBytes, type ByteString } from '../base/byte-string.ts';
import { DisbatchError } from '../base/errors.ts';
import { pythonRepr } from './python-literal.ts';

/** How many mistakes are told at once. */
export const maxMistakes = 20;

/** One line that is not what it seems to be. */
export interface Mistake {
  readonly lineNumber: number;
  readonly text: ByteString;
  /** A clause after the quoted line: "is no directive that disBatch knows". */
  readonly problem: string;
  /** A clause that says what was probably meant, without a full stop; undefined when nothing comes near. */
  readonly suggestion: string | undefined;
  /** Whether `--unknown-directives warn` can go on from here. */
  readonly canGoOn: boolean;
}

/** Thrown by a task stream at a line that it refuses, and by a scan for all of them. */
export class TaskFileMistake extends Error {
  /** At least one, at most maxMistakes. */
  readonly mistakes: readonly Mistake[];
  /** Whether the scan stopped before the end of the file, so that there may be more. */
  readonly mayBeMore: boolean;

  constructor(mistakes: readonly Mistake[], mayBeMore = false) {
    super(mistakes.map((mistake) => mistakeClause(mistake)).join('\n'));
    this.name = 'TaskFileMistake';
    this.mistakes = mistakes;
    this.mayBeMore = mayBeMore;
  }
}

const shownBytes = 120;

/** A line as it may be shown: at most 120 bytes of it, control characters escaped so that no terminal obeys them. */
export function shownLine(text: ByteString): string {
  const cut = text.length > shownBytes;
  const literal = pythonRepr(lenientTextOfBytes(cut ? asBytes(text.slice(0, shownBytes)) : text));
  // The literal's own quoting of backslashes and quotes would only puzzle here.
  const plain = literal.slice(1, -1).replace(/\\([\\'"])/g, '$1');
  return `"${plain}${cut ? '...' : ''}"`;
}

/** The mistake as a clause: the quoted line, what is wrong with it, and what was probably meant. */
export function mistakeClause(mistake: Mistake): string {
  const start = `${shownLine(mistake.text)} ${mistake.problem}`;
  return mistake.suggestion === undefined ? start : `${start}; ${mistake.suggestion}`;
}

/**
 * The mistake as a sentence with its place: `Tasks:12: "#DISBATCH BARIER" is no directive ...`.
 *
 * @param source - the task file's name, as the user gave it
 */
export function mistakeSentence(source: string, mistake: Mistake): string {
  return `${source}:${mistake.lineNumber}: ${mistakeClause(mistake)}`;
}

/** The error that ends the command: all mistakes, one a line, and what to do. */
export function taskFileError(source: string, failure: TaskFileMistake): DisbatchError {
  const { mistakes, mayBeMore } = failure;
  const sentences = mistakes.map((mistake) => mistakeSentence(source, mistake));
  if (mayBeMore)
    sentences.push(`There may be more: ${source} was not read past line ${mistakes.at(-1)?.lineNumber ?? 0}.`);
  const several = mistakes.length > 1 || mayBeMore;
  const mend = several ? 'Correct these lines' : 'Correct this line';
  const goOn = `or take ${several ? 'them as they are' : 'it as it is'} with --unknown-directives warn`;
  sentences.push(mistakes.every((mistake) => mistake.canGoOn) ? `${mend}, ${goOn}.` : `${mend}.`);
  return new DisbatchError('task-file-mistake', sentences.join('\n'), failure);
}
