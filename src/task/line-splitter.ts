/**
 * Cuts the bytes of a task file into lines, however the bytes arrive.
 *
 * Pure, in whatever process reads tasks. A line ends at \n, \r\n or a lone \r; the line number counts \n only, so that
 * the parts of a line with a lone \r in it share a number. Memory is bounded by one chunk and one line.
 */

import { asBytes, noBytes, type ByteString } from '../base/byte-string.ts';
import { TaskFileMistake } from './task-file-mistake.ts';

/** The longest line, in bytes. The kernel takes commands of 128 KiB; past this limit a file is not made of lines. */
export const maxLineBytes = 16 * 1024 * 1024;

/** How much of a line that is too long its message gets. */
const shownBytes = 1024;

/** A line without its end. */
export interface StreamLine {
  /** From 1. */
  readonly lineNumber: number;
  readonly text: ByteString;
}

/**
 * The lines of a message that is whole in itself, as programs send them: they share a number, and the last needs no end.
 * Source: the original's numbers of what comes through its store.
 *
 * @throws TaskFileMistake at a line longer than maxLineBytes
 */
export function* linesOfMessage(message: ByteString, lineNumber: number): Generator<StreamLine, void> {
  const splitter = new LineSplitter();
  for (const { text } of splitter.push(message)) yield { lineNumber, text };
  for (const { text } of splitter.end()) yield { lineNumber, text };
}

/** The state between chunks. What push returns is lazy: read it to its end before the next push. */
export class LineSplitter {
  private lineNumber = 1;
  /** The beginning of a line whose end has not come. */
  private rest: ByteString = noBytes;
  /** Whether the last byte was a \r: a \n that follows ends no further line. */
  private afterReturn = false;

  /**
   * The lines that end in this chunk.
   *
   * @throws TaskFileMistake at a line longer than maxLineBytes
   */
  *push(chunk: ByteString): Generator<StreamLine, void> {
    let from = 0;
    let newline = chunk.indexOf('\n');
    let carriage = chunk.indexOf('\r');
    while (newline >= 0 || carriage >= 0) {
      const atReturn = carriage >= 0 && (newline < 0 || carriage < newline);
      const end = atReturn ? carriage : newline;
      const paired = !atReturn && this.afterReturn && end === from;
      if (!paired) yield { lineNumber: this.lineNumber, text: this.take(chunk, from, end) };
      this.afterReturn = atReturn;
      from = end + 1;
      if (atReturn) {
        carriage = chunk.indexOf('\r', from);
      } else {
        this.lineNumber++;
        newline = chunk.indexOf('\n', from);
      }
    }
    if (from < chunk.length) {
      this.rest = this.take(chunk, from, chunk.length);
      this.afterReturn = false;
    }
  }

  /** The last line, when it has no newline. */
  *end(): Generator<StreamLine, void> {
    if (this.rest.length > 0) yield { lineNumber: this.lineNumber, text: this.take(noBytes, 0, 0) };
  }

  private take(chunk: ByteString, from: number, end: number): ByteString {
    const rest = this.rest;
    if (rest.length + end - from > maxLineBytes)
      throw this.tooLong(asBytes((rest + chunk.slice(from, end)).slice(0, shownBytes)));
    if (rest.length === 0) return asBytes(chunk.slice(from, end));
    this.rest = noBytes;
    return asBytes(rest + chunk.slice(from, end));
  }

  private tooLong(text: ByteString): TaskFileMistake {
    const problem = `is longer than ${maxLineBytes / 1024 / 1024} MiB`;
    const suggestion = 'is this a file of commands, one a line?';
    return new TaskFileMistake([{ lineNumber: this.lineNumber, text, problem, suggestion, canGoOn: false }]);
  }
}
