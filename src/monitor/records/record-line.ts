/**
 * Reads what the table needs out of a line of a status file, byte by byte: a million lines take less than a second, where
 * texts and patterns take several. Pure. Not quite as strict as parseStatusLine, which has the last word.
 */

import { statusFields } from '../../task/status-line.ts';
import type { RecordKind } from '../../task/status-record.ts';

/** Filled by readRecordLine. Times in seconds, `start` since 1970; the node is bytes of the line. */
export interface LineFields {
  kind: RecordKind;
  failed: boolean;
  taskId: number;
  lineNumber: number;
  nodeFrom: number;
  nodeTo: number;
  exitCode: number;
  elapsed: number;
  start: number;
}

const [tab, blank, minus, dot, zero] = [9, 32, 45, 46, 48];
const [R, B, C, O, o, E, e, P, S, Z] = [82, 66, 67, 79, 111, 69, 101, 80, 83, 90];

/** Where each field of the line that was read last begins; one more than there are fields. */
const begins = new Int32Array(statusFields + 1);

/** @returns whether it is a record; if not, what is in `into` means nothing */
export function readRecordLine(bytes: Buffer, from: number, to: number, into: LineFields): boolean {
  if (!splitFields(bytes, from, to) || !readFlags(bytes, from, into)) return false;
  into.taskId = integer(bytes, 1);
  into.lineNumber = integer(bytes, 2);
  into.nodeFrom = begins[4] as number;
  into.nodeTo = (begins[5] as number) - 1;
  into.exitCode = integer(bytes, 6);
  into.elapsed = decimal(bytes, 7);
  into.start = decimal(bytes, 8);
  if (into.exitCode !== 0 && into.kind !== 'barrier' && into.kind !== 'check-barrier') into.failed = true;
  const areNumbers = !Number.isNaN(integer(bytes, 3) + integer(bytes, 5));
  return areNumbers && isPlausible(into);
}

/** Seconds: what is further from 1970, or takes longer, has no date. */
const furthest = 4e12;

/** Whether its numbers can be what they are said to be, as those of a damaged line may not. None is NaN then. */
function isPlausible({ taskId, lineNumber, exitCode, elapsed, start }: LineFields): boolean {
  return (
    isWithin(taskId, 0, 0xffffffff) &&
    isWithin(lineNumber, 0, 0xffffffff) &&
    isWithin(exitCode, -0x8000, 0x7fff) &&
    isWithin(elapsed, -furthest, furthest) &&
    isWithin(start, -furthest, furthest)
  );
}

function isWithin(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

/** Finds the fields; the last, the command, may hold tabs itself. */
function splitFields(bytes: Buffer, from: number, to: number): boolean {
  begins[0] = from;
  let at = from;
  for (let field = 1; field < statusFields; field++) {
    while (at < to && bytes[at] !== tab) at++;
    if (at >= to) return false;
    begins[field] = ++at;
  }
  begins[statusFields] = to + 1;
  return true;
}

/** Sets kind and, of output that could not be kept, failed. */
function readFlags(bytes: Buffer, from: number, into: LineFields): boolean {
  const length = (begins[1] as number) - 1 - from;
  const first = bytes[from];
  into.failed = false;
  if (first === B || first === C) {
    into.kind = first === B ? 'barrier' : 'check-barrier';
    return length === 4 || length === 5;
  }
  if (length !== 4 || (first !== R && first !== blank)) return false;
  const [output, error, kind] = [bytes[from + 1], bytes[from + 2], bytes[from + 3]];
  if (output !== blank && output !== O && output !== o) return false;
  if (error !== blank && error !== E && error !== e) return false;
  into.failed = output === o || error === e;
  if (kind === blank) into.kind = 'task';
  else if (kind === P) into.kind = 'per-engine';
  else if (kind === S) into.kind = 'skipped';
  else if (kind === Z) into.kind = 'late';
  else return false;
  return true;
}

/** The whole number in a field, or NaN. */
function integer(bytes: Buffer, field: number): number {
  let at = begins[field] as number;
  const end = (begins[field + 1] as number) - 1;
  const negative = bytes[at] === minus;
  if (negative) at++;
  if (at === end) return NaN;
  let value = 0;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - zero;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

/** The number in a field, or NaN. */
function decimal(bytes: Buffer, field: number): number {
  let at = begins[field] as number;
  const end = (begins[field + 1] as number) - 1;
  const negative = bytes[at] === minus;
  if (negative) at++;
  if (at === end || bytes[at] === dot) return NaN;
  let [value, scale] = [0, 0];
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    const digit = byte - zero;
    if (byte === dot && scale === 0) {
      scale = 1;
    } else if (digit >= 0 && digit <= 9 && value < 2 ** 49) {
      value = value * 10 + digit;
      scale *= 10;
    } else {
      // Old versions wrote many decimals, and Python may write 1e-05: rare enough for the slow way.
      return slowDecimal(bytes.toString('latin1', begins[field], end));
    }
  }
  value = scale > 1 ? value / scale : value;
  return negative ? -value : value;
}

function slowDecimal(text: string): number {
  return /^-?[0-9]+(?:\.[0-9]*)?(?:e[-+]?[0-9]+)?$/i.test(text) ? Number(text) : NaN;
}
