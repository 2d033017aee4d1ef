/**
 * The records of earlier runs, by task id, without holding them: of each task that has one, where its line is in which file.
 * Runs in the driver's process. About 13 bytes for each task; lines are read again when they are asked for.
 *
 * The files stay open, so that the same file can take another name meanwhile.
 */

import { fstatSync, openSync, readSync } from 'node:fs';
import { asBytes, textOfBytes, type ByteString } from '../base/byte-string.ts';
import { DisbatchError, systemReason } from '../base/errors.ts';
import { countsForResume, whichCounts } from '../task/resume.ts';
import { parseStatusLine } from '../task/status-line.ts';
import { hasFailed, type StatusRecord } from '../task/status-record.ts';
import { StatusScan } from '../task/status-scan.ts';

interface OpenStatusFile {
  readonly path: string;
  readonly fd: number;
  /** The part of the file that was read last. */
  window: { readonly from: number; readonly bytes: Buffer };
}

/**
 * Lines are read again in pieces of this size, which begin a little before the line that is asked for: tasks end almost in
 * the order of their ids, so the next line is near. A read for each line costs more than all else in a resume.
 */
const windowBytes = 128 * 1024;
const windowBefore = 32 * 1024;

const chunkBytes = 1 << 20;

/** Task ids above this are no task ids of a file that somebody ran. */
const maxTaskId = 2 ** 31;

export class ResumeIndex {
  /** What was wrong with single lines, for the user. */
  readonly notes: string[] = [];
  private readonly files: OpenStatusFile[] = [];
  private offsets = new Float64Array(1024);
  /** 0: no record; else the number of the file, from 1. */
  private fileOf = new Uint16Array(1024);
  private failed = new Uint8Array(1024);

  /** @throws DisbatchError status-unreadable, status-not-ours */
  constructor(paths: readonly string[]) {
    for (const path of paths) this.readFile(path);
  }

  /** The record that counts for a task, or undefined. */
  get(taskId: number): StatusRecord | undefined {
    const number = this.fileOf[taskId] ?? 0;
    if (number === 0) return undefined;
    const file = this.files[number - 1] as OpenStatusFile;
    const record = recordOf(readLine(file, this.offsets[taskId] as number));
    if (record === undefined) {
      throw new DisbatchError(
        'status-unreadable',
        `The status file ${file.path} was changed while it was resumed from, so its records cannot be trusted. ` +
          'Resume from it again, and let nothing write to it meanwhile.',
      );
    }
    return record;
  }

  private readFile(path: string): void {
    let file: OpenStatusFile;
    try {
      file = { path, fd: openSync(path, 'r'), window: { from: 0, bytes: Buffer.alloc(0) } };
      if (fstatSync(file.fd).isDirectory()) throw new Error('it is a folder');
    } catch (error) {
      throw unreadable(path, systemReason(error), error);
    }
    this.files.push(file);
    const scan = new StatusScan();
    for (const { line, offset, lineNumber, newline, last } of linesOf(file)) {
      const found = scan.classify(line, { newline, last });
      const place = `${path}:${lineNumber}`;
      switch (found.kind) {
        case 'header':
          break;
        case 'record':
          if (!countsForResume(found.peek.kind)) break;
          // The look at the shape is not the whole check: what cannot be read later must not count now.
          if (found.peek.taskId < 0 || found.peek.taskId > maxTaskId || recordOf(line) === undefined) {
            this.notes.push(`${place}: this line is damaged and does not count; its task runs again.`);
          } else {
            this.add(found.peek.taskId, hasFailed(found.peek), offset);
          }
          break;
        case 'torn':
          this.notes.push(`${place}: the last line was cut off by a crash and does not count; its task runs again.`);
          break;
        case 'foreign':
          this.notes.push(`${place}: this line is no record (${found.problem}) and does not count.`);
          break;
        case 'not-a-status-file':
          throw new DisbatchError(
            'status-not-ours',
            `${path} is not a status file: its first line is no record (${found.problem}). Give -r a file that ends in _status.txt.`,
          );
      }
    }
  }

  private add(taskId: number, failed: boolean, offset: number): void {
    this.reserve(taskId + 1);
    const known = this.fileOf[taskId] === 0 ? undefined : { ...fine, exitCode: this.failed[taskId] as number };
    const read = { ...fine, exitCode: failed ? 1 : 0 };
    if (whichCounts(known, read) !== read) return;
    this.offsets[taskId] = offset;
    this.fileOf[taskId] = this.files.length;
    this.failed[taskId] = read.exitCode;
  }

  private reserve(length: number): void {
    if (length <= this.offsets.length) return;
    const grown = Math.max(length, this.offsets.length * 2);
    const [offsets, fileOf, failed] = [new Float64Array(grown), new Uint16Array(grown), new Uint8Array(grown)];
    offsets.set(this.offsets);
    fileOf.set(this.fileOf);
    failed.set(this.failed);
    [this.offsets, this.fileOf, this.failed] = [offsets, fileOf, failed];
  }
}

/** Of a record of which only matters whether it failed. */
const fine = { outputCut: false, errorCut: false };

function recordOf(line: ByteString): StatusRecord | undefined {
  const text = textOfBytes(line);
  if (text === undefined) return undefined;
  const record = parseStatusLine(text);
  return record.kind === 'unreadable' ? undefined : record;
}

function unreadable(path: string, reason: string, cause?: unknown): DisbatchError {
  return new DisbatchError(
    'status-unreadable',
    `The status file ${path} cannot be read: ${reason}. Nothing was run; give -r the status file of the earlier run.`,
    cause,
  );
}

/** The line at an offset, without its newline. */
function readLine(file: OpenStatusFile, offset: number): ByteString {
  const inWindow = lineWithin(file.window, offset);
  if (inWindow !== undefined) return inWindow;
  const from = Math.max(0, offset - windowBefore);
  for (let size = windowBytes; ; size *= 4) {
    // Its memory is used again, unless the line is longer than all of it.
    const buffer =
      file.window.bytes.buffer.byteLength === size ? Buffer.from(file.window.bytes.buffer) : newBuffer(size);
    const bytes = readSync(file.fd, buffer, 0, size, from);
    file.window = { from, bytes: buffer.subarray(0, bytes) };
    const line = lineWithin(file.window, offset);
    if (line !== undefined) return line;
    if (bytes < size) return asBytes(buffer.toString('latin1', offset - from, bytes));
  }
}

/** Memory that is shared with no other buffer. */
function newBuffer(size: number): Buffer<ArrayBuffer> {
  return Buffer.allocUnsafeSlow(size);
}

/** The line at an offset of the file, when the window has all of it. */
function lineWithin({ from, bytes }: OpenStatusFile['window'], offset: number): ByteString | undefined {
  if (offset < from || offset >= from + bytes.length) return undefined;
  const end = bytes.indexOf(10, offset - from);
  return end < 0 ? undefined : asBytes(bytes.toString('latin1', offset - from, end));
}

interface FileLine {
  readonly line: ByteString;
  readonly offset: number;
  /** From 1. */
  readonly lineNumber: number;
  readonly newline: boolean;
  readonly last: boolean;
}

/** All lines of a file, with their places. Each is held back until it is known whether another follows. */
function* linesOf(file: OpenStatusFile): Generator<FileLine> {
  let held: Omit<FileLine, 'last'> | undefined;
  let lineNumber = 0;
  for (const { line, offset, newline } of cutLines(file)) {
    if (held !== undefined) yield { ...held, last: false };
    held = { line, offset, lineNumber: ++lineNumber, newline };
  }
  if (held !== undefined) yield { ...held, last: true };
}

function* cutLines(file: OpenStatusFile): Generator<{ line: ByteString; offset: number; newline: boolean }> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let rest: Buffer = Buffer.alloc(0);
  for (let position = 0; ;) {
    let bytes: number;
    try {
      bytes = readSync(file.fd, buffer, 0, buffer.length, position);
    } catch (error) {
      throw unreadable(file.path, systemReason(error), error);
    }
    if (bytes === 0) break;
    const data = Buffer.concat([rest, buffer.subarray(0, bytes)]);
    const base = position - rest.length;
    position += bytes;
    let from = 0;
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, from)) {
      yield { line: asBytes(data.toString('latin1', from, end)), offset: base + from, newline: true };
      from = end + 1;
    }
    rest = data.subarray(from);
  }
  if (rest.length > 0) {
    // What is left has no newline: the file ends here.
    const size = fstatSync(file.fd).size;
    yield { line: asBytes(rest.toString('latin1')), offset: size - rest.length, newline: false };
  }
}
