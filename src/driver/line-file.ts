/**
 * A file of the run that gets a line for each record, as tasks end: appended to, never truncated, never written twice.
 *
 *   append() ─► waiting lines ─► one write at a time ─► file      (what arrives during a write goes out with the next)
 *
 * A write that fails is told once; what is left of it is tried again every second and at the end, so that a disk that is
 * full for a while costs nothing. Only whole lines are lost at the end, and how many is known.
 */

import { closeSync, fstatSync, ftruncateSync, write, writeSync } from 'node:fs';
import { DisbatchError, systemReason } from '../base/errors.ts';

const retryMs = 1000;

export interface LineFileEvents {
  /** The first write that fails. */
  trouble(error: DisbatchError): void;
  /** Everything before this place, in bytes, is in the file. */
  written?(upTo: number): void;
}

export class LineFile {
  readonly path: string;
  private readonly fd: number;
  private readonly events: LineFileEvents;
  private waiting: string[] = [];
  /** What is being written: taken from waiting, and not yet in the file. */
  private bytes: Buffer = Buffer.alloc(0);
  /** Bytes at the end of the file that are the beginning of a line whose end is not written. */
  private torn = 0;
  private writing = false;
  private scheduled = false;
  private failing = false;
  private closing = false;
  private retry: NodeJS.Timeout | undefined;
  private written: (() => void) | undefined;

  /** Where the next line begins, and up to where the file holds all, in bytes. */
  private end: number;
  private safe: number;

  /** @param fd - the open file, whose end is where the next line begins; it is closed with this */
  constructor(path: string, fd: number, events: LineFileEvents) {
    this.path = path;
    this.fd = fd;
    this.events = events;
    this.end = this.safe = fstatSync(fd).size;
  }

  /** @param line - without its newline @returns where it begins in the file, in bytes */
  append(line: string): number {
    this.waiting.push(line);
    const at = this.end;
    this.end += Buffer.byteLength(line) + 1;
    if (!this.scheduled && !this.writing && !this.failing) {
      this.scheduled = true;
      // All lines of this turn of the event loop go out together.
      setImmediate(() => {
        this.scheduled = false;
        this.flush();
      });
    }
    return at;
  }

  /**
   * Waits until everything is in the file, and closes it.
   *
   * @returns the error, when the file does not take all of it; whole lines are what is in it then
   */
  async close(): Promise<DisbatchError | undefined> {
    clearTimeout(this.retry);
    this.closing = true;
    if (this.writing) await new Promise<void>((resolve) => (this.written = resolve));
    try {
      this.writeRest();
      return undefined;
    } catch (error) {
      this.removeTorn();
      return this.trouble(error, this.unwritten());
    } finally {
      closeSync(this.fd);
    }
  }

  /** Starts a write of what waits, unless one is on its way. */
  private flush(): void {
    if (this.writing || this.closing) return;
    this.load();
    if (this.bytes.length === 0) return;
    this.writing = true;
    write(this.fd, this.bytes, (error, count) => {
      this.writing = false;
      if (error === null) this.took(count);
      this.written?.();
      if (this.closing) return;
      if (error === null) {
        this.failing = false;
        this.flush();
      } else {
        this.fail(error);
      }
    });
  }

  /** Writes what is left at once, blocking: nothing else is to come. */
  private writeRest(): void {
    for (this.load(); this.bytes.length > 0; this.load()) {
      this.took(writeSync(this.fd, this.bytes));
    }
  }

  /** Notes that so many more bytes are in the file. */
  private took(count: number): void {
    const written = this.bytes.subarray(0, count);
    const newline = written.lastIndexOf(10);
    this.torn = newline < 0 ? this.torn + count : count - 1 - newline;
    this.bytes = this.bytes.subarray(count);
    this.safe += count;
    this.events.written?.(this.safe - this.torn);
  }

  /** Takes the beginning of a line that never got its end out of the file again. */
  private removeTorn(): void {
    if (this.torn > 0) ftruncateSync(this.fd, fstatSync(this.fd).size - this.torn);
  }

  /** Makes bytes of the waiting lines, when those before are written. */
  private load(): void {
    if (this.bytes.length > 0 || this.waiting.length === 0) return;
    this.bytes = Buffer.from(`${this.waiting.join('\n')}\n`);
    this.waiting = [];
  }

  private unwritten(): number {
    return this.waiting.length + this.bytes.filter((byte) => byte === 10).length;
  }

  private fail(error: Error): void {
    if (!this.failing) this.events.trouble(this.trouble(error, undefined));
    this.failing = true;
    this.retry = setTimeout(() => this.flush(), retryMs);
    this.retry.unref();
  }

  private trouble(error: unknown, lost: number | undefined): DisbatchError {
    const reason = systemReason(error);
    const what =
      lost === undefined
        ? `${this.path} cannot be written (${reason}). No new tasks are started; make room, and the records that wait are written.`
        : `${lost} ${lost === 1 ? 'record' : 'records'} could not be written to ${this.path} (${reason}). Make room and resume: ${lost === 1 ? 'its task runs' : 'their tasks run'} again.`;
    return new DisbatchError('status-unwritable', what, error);
  }
}
