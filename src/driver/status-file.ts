/**
 * The status file of the run: appended to as tasks end, never truncated, never written twice.
 *
 *   record() ─► waiting text ─► one write at a time ─► file      (what arrives during a write goes out with the next)
 *
 * A write that fails is told once; what is left of it is tried again every second and at the end, so that a disk that is
 * full for a while costs nothing. Only whole records are lost at the end, and how many is known.
 */

import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  write,
  writeSync,
} from 'node:fs';
import { DisbatchError, systemReason } from '../base/errors.ts';
import { formatStatusLine, statusHeader } from '../task/status-line.ts';
import type { StatusRecord } from '../task/status-record.ts';

const retryMs = 1000;

export class StatusFile {
  readonly path: string;
  private readonly fd: number;
  private readonly onTrouble: (error: DisbatchError) => void;
  private waiting: string[] = [];
  /** What is being written: taken from waiting, and not yet in the file. */
  private bytes: Buffer = Buffer.alloc(0);
  /** Bytes at the end of the file that are the beginning of a record whose end is not written. */
  private torn = 0;
  private writing = false;
  private scheduled = false;
  private failing = false;
  private closing = false;
  private retry: NodeJS.Timeout | undefined;
  private written: (() => void) | undefined;

  /**
   * @param fd - the open, empty file
   * @param onTrouble - called at the first write that fails
   */
  constructor(path: string, fd: number, onTrouble: (error: DisbatchError) => void) {
    this.path = path;
    this.fd = fd;
    this.onTrouble = onTrouble;
  }

  append(record: StatusRecord): void {
    this.waiting.push(formatStatusLine(record));
    if (this.scheduled || this.writing || this.failing) return;
    this.scheduled = true;
    // All records of this turn of the event loop go out together.
    setImmediate(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  /**
   * Waits until everything is in the file, and closes it.
   *
   * @returns the error, when the file does not take all of it; whole records are what is in it then
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
  }

  /** Takes the beginning of a record that never got its end out of the file again. */
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
    if (!this.failing) this.onTrouble(this.trouble(error, undefined));
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

/** A new status file and what became of one with the same name. */
export interface CreatedStatusFile {
  readonly fd: number;
  /** The new name of the file that was there before. */
  readonly keptAs: string | undefined;
}

/**
 * Makes the status file. A file of that name is kept under the first free `<name>.N`.
 *
 * @param fill - writes what is to be in it before it takes the name: the records that a resume carries over. Until they are
 *   all there the earlier file keeps its name, so that a crash at any moment leaves one that is whole.
 */
export function createStatusFile(
  path: string,
  header: boolean,
  fill: (append: (text: string) => void) => void,
): CreatedStatusFile {
  const draft = `${path}.new.${process.pid}`;
  try {
    const fd = openSync(draft, 'w');
    let text = header ? `${statusHeader}\n` : '';
    const flush = (): void => {
      let rest = Buffer.from(text);
      text = '';
      while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    };
    fill((line) => {
      text += `${line}\n`;
      if (text.length > 1 << 20) flush();
    });
    flush();
    // Before it takes the place of an earlier file, what was taken over from that one must be on the disk.
    fsyncSync(fd);
    const keptAs = existsSync(path) ? freeName(path) : undefined;
    if (keptAs !== undefined) keepAside(path, keptAs);
    renameSync(draft, path);
    return { fd, keptAs };
  } catch (error) {
    rmSync(draft, { force: true });
    // What is not the system's doing is not mended by room on a disk.
    if (error instanceof DisbatchError || !isSystemError(error)) throw error;
    throw new DisbatchError(
      'status-unwritable',
      `The status file ${path} cannot be made (${systemReason(error)}). Make room or choose another place with -p.`,
      error,
    );
  }
}

/** Gives a file a second name, so that there is one under the first at every moment; where links cannot be made, moves it. */
function keepAside(path: string, keptAs: string): void {
  try {
    linkSync(path, keptAs);
  } catch {
    renameSync(path, keptAs);
  }
}

function freeName(path: string): string {
  for (let n = 1; ; n++) {
    const name = `${path}.${n}`;
    if (!existsSync(name)) return name;
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^E[A-Z0-9]+$/.test(String(error.code));
}
