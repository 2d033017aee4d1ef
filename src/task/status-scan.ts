/**
 * Tells the lines of a status file apart: header, records, what a crash left half written, and what is none of these.
 *
 * Pure; the reading and mending of files is elsewhere. It takes the lines in their order, as bytes, and remembers only
 * whether a first one came.
 */

import { textOfBytes, type ByteString } from '../base/byte-string.ts';
import { parseStatusLine, peekStatusLine, statusFields, statusHeader, type StatusPeek } from './status-line.ts';

/** Where a line stands. */
export interface LinePlace {
  /** Whether a newline ends it. */
  readonly newline: boolean;
  /** Whether nothing comes after it. */
  readonly last: boolean;
}

export type StatusLineClass =
  | { readonly kind: 'header' }
  /** A record: whole in shape, its fields not all checked. parseStatusLine has the last word. */
  | { readonly kind: 'record'; readonly peek: StatusPeek }
  /** The last line, cut short: its task counts as not recorded. */
  | { readonly kind: 'torn' }
  /** Something else, in a file that is a status file. */
  | { readonly kind: 'foreign'; readonly problem: string }
  /** The first line shows that the whole file is something else. */
  | { readonly kind: 'not-a-status-file'; readonly problem: string };

export class StatusScan {
  private any = false;

  /** What the next line is (without its newline). */
  classify(line: ByteString, place: LinePlace): StatusLineClass {
    const first = !this.any;
    this.any = true;
    if (place.newline) {
      if (line === statusHeader) return { kind: 'header' };
      const peek = peekStatusLine(line);
      if (peek !== undefined) return { kind: 'record', peek };
    }
    // Without a newline even fifteen fields may be short of the command's end.
    if (place.last && couldBegin(line) && (!place.newline || line.split('\t', statusFields).length < statusFields)) {
      return { kind: 'torn' };
    }
    // A whole file behind a torn line is still a status file; a crash may also leave a block of NULs at the end.
    if (!first && place.last && !place.newline) return { kind: 'torn' };
    return { kind: first ? 'not-a-status-file' : 'foreign', problem: problemOf(line) };
  }
}

const recordStart = /^(?:[R ][Oo ][Ee ][ PSZ]|[BC] {3,4})(?:\t|$)/;

/** Whether these bytes could be the beginning of a header or a record. */
function couldBegin(line: ByteString): boolean {
  if (statusHeader.startsWith(line)) return true;
  return line.length < 5 ? /^(?:[R ][Oo ]?[Ee ]?[ PSZ]?|[BC] *)$/.test(line) : recordStart.test(line);
}

function problemOf(line: ByteString): string {
  const text = textOfBytes(line);
  if (text === undefined) return 'it is not UTF-8';
  const parsed = parseStatusLine(text);
  return parsed.kind === 'unreadable' ? parsed.problem : 'it has no newline';
}
