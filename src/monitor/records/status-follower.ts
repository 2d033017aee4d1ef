/**
 * Follows a status file as it grows, into a table; and reads single records back from it. In the process of the monitor.
 *
 * Always true: the table holds whole lines only, each once; what a run has half written comes with the next look. A file
 * that was replaced or cut is read anew.
 */

import { open, stat, type FileHandle } from 'node:fs/promises';
import { DisbatchError, systemReason } from '../../base/errors.ts';
import { parseStatusLine, statusHeader } from '../../task/status-line.ts';
import type { StatusRecord } from '../../task/status-record.ts';
import { RecordTable } from './record-table.ts';

const chunkBytes = 1024 * 1024;

/** Longer lines are none that this program writes: a command has 128 KiB at most, and a snippet 400 characters. */
const maxLineBytes = 16 * 1024 * 1024;

/** How much of the file is kept to tell a replaced one by. */
const headBytes = 256;

export class StatusFollower {
  readonly path: string;
  readonly table = new RecordTable();
  /** Lines that are neither header nor record, and the number of the first from 1. */
  foreignLines = 0;
  firstForeignLine: number | undefined;
  /** The beginning of a last line that has no end: it is being written, or was torn by a crash. */
  unfinished: Buffer = Buffer.alloc(0);
  /** How often the file was found replaced, and read anew. */
  replacements = 0;
  /** Where the first line begins that has not been read. */
  private position = 0;
  private lines = 0;
  private head = Buffer.alloc(0);
  private handle: FileHandle | undefined;
  private looking: Promise<boolean> | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Reads what has come since the last look. Looks do not overlap: one that is under way is waited for.
   *
   * @returns whether anything has come
   * @throws (rejects with) DisbatchError status-unreadable
   */
  async look(): Promise<boolean> {
    this.looking ??= this.read().finally(() => (this.looking = undefined));
    return this.looking;
  }

  /**
   * The record with this index in the table.
   *
   * @throws (rejects with) DisbatchError status-unreadable
   */
  async record(index: number): Promise<StatusRecord> {
    const { table } = this;
    const at = table.at(index);
    const end = index + 1 < table.length ? table.at(index + 1) : this.position;
    try {
      // Lines that are no records may lie between it and the next.
      const bytes = await this.bytes(at, Math.min(end - at, maxLineBytes));
      const newline = bytes.indexOf(10);
      const record = parseStatusLine(bytes.toString('utf8', 0, newline < 0 ? bytes.length : newline));
      if (record.kind === 'unreadable') throw this.unreadable(`it has a line that is no record: ${record.problem}`);
      return record;
    } catch (error) {
      throw error instanceof DisbatchError ? error : this.unreadable(systemReason(error), error);
    }
  }

  /** Records with these indices, in their order. */
  async records(indices: readonly number[]): Promise<StatusRecord[]> {
    const records: StatusRecord[] = [];
    for (const index of indices) records.push(await this.record(index));
    return records;
  }

  /**
   * The bytes of the file that are in the table, piece by piece, each of whole lines, with the place of its beginning.
   *
   * @throws (rejects with) DisbatchError status-unreadable
   */
  async *pieces(from = 0): AsyncGenerator<{ readonly bytes: Buffer; readonly at: number }> {
    const end = this.position;
    let size = chunkBytes;
    for (let at = from; at < end;) {
      const bytes = await this.bytes(at, Math.min(size, end - at));
      const whole = at + bytes.length === end ? bytes.length : bytes.lastIndexOf(10) + 1;
      if (whole > 0) {
        yield { bytes: bytes.subarray(0, whole), at };
        at += whole;
        size = chunkBytes;
      } else if (size <= maxLineBytes) {
        size *= 2;
      } else throw this.unreadable('it has a line that does not end');
    }
  }

  async close(): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    await handle?.close();
  }

  private async read(): Promise<boolean> {
    try {
      const handle = await this.current();
      const before = this.position;
      let rest = Buffer.alloc(0);
      for (;;) {
        const buffer = Buffer.allocUnsafe(rest.length + chunkBytes);
        rest.copy(buffer);
        const { bytesRead } = await handle.read(buffer, rest.length, chunkBytes, this.position + rest.length);
        const bytes = buffer.subarray(0, rest.length + bytesRead);
        if (this.head.length < headBytes && this.position === 0) this.head = Buffer.from(bytes.subarray(0, headBytes));
        const whole = this.takeLines(bytes);
        rest = bytes.subarray(whole);
        this.position += whole;
        if (bytesRead === 0) {
          this.unfinished = Buffer.from(rest.subarray(0, headBytes));
          return this.position > before;
        }
        if (rest.length > maxLineBytes) throw this.unreadable('it has a line of more than 16 MiB');
      }
    } catch (error) {
      throw error instanceof DisbatchError ? error : this.unreadable(systemReason(error), error);
    }
  }

  /** The open file, opened anew when the path leads to another, or it has become shorter. */
  private async current(): Promise<FileHandle> {
    const { path } = this;
    // Before it is opened: who opens a pipe waits for somebody to write into it.
    if (!(await stat(path)).isFile()) {
      throw new DisbatchError(
        'status-unreadable',
        `${path} is no regular file. Parts of a status file are read more than once: write what is in it to a file, and give that.`,
      );
    }
    const there = await open(path, 'r');
    try {
      const head = Buffer.alloc(this.head.length);
      const { size } = await there.stat();
      await there.read(head, 0, head.length, 0);
      if (this.position > 0 && (size < this.position || !head.equals(this.head))) this.forget();
    } catch (error) {
      await there.close();
      throw error;
    }
    // In this order: who reads a record meanwhile must not open the file once more.
    const before = this.handle;
    this.handle = there;
    await before?.close();
    return there;
  }

  private forget(): void {
    this.replacements++;
    this.table.clear();
    this.foreignLines = 0;
    this.firstForeignLine = undefined;
    this.position = 0;
    this.lines = 0;
    this.head = Buffer.alloc(0);
  }

  /** @returns the length of the whole lines */
  private takeLines(bytes: Buffer): number {
    let from = 0;
    for (;;) {
      const newline = bytes.indexOf(10, from);
      if (newline < 0) return from;
      this.lines++;
      const isRecord = this.table.add(bytes, from, newline, this.position + from);
      if (!isRecord && bytes.toString('latin1', from, Math.min(newline, from + 400)) !== statusHeader) {
        this.foreignLines++;
        this.firstForeignLine ??= this.lines;
      }
      from = newline + 1;
    }
  }

  private async bytes(at: number, length: number): Promise<Buffer> {
    try {
      const handle = (this.handle ??= await open(this.path, 'r'));
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await handle.read(buffer, 0, length, at);
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      throw this.unreadable(systemReason(error), error);
    }
  }

  private unreadable(why: string, cause?: unknown): DisbatchError {
    return new DisbatchError(
      'status-unreadable',
      `The status file ${this.path} cannot be read: ${why}. Is the name right, and does this host share its folder?`,
      cause,
    );
  }
}
