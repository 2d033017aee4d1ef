/**
 * Reads records back from the status file while the run writes it, in the process of the program.
 *
 * Always true: it never reads beyond what is known to be written. Until `release` one descriptor is open; after it, each
 * read opens the file for itself, so that nothing stays open when the run is over.
 */

import { close, open, openSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { DisbatchError, systemReason } from '../base/errors.ts';
import { parseStatusLine } from '../task/status-line.ts';
import type { StatusRecord } from '../task/status-record.ts';

const [openFile, closeFile] = [promisify(open), promisify(close)];

/** Most lines are shorter. */
const lineBytes = 1024;

const cutShort = 'it ends before what was written to it';

export class RecordReader {
  readonly path: string;
  private fd: number | undefined;
  private reads = 0;
  private released = false;

  /** @throws DisbatchError status-unreadable */
  constructor(path: string) {
    this.path = path;
    try {
      this.fd = openSync(path, 'r');
    } catch (error) {
      throw this.unreadable(systemReason(error), error);
    }
  }

  /**
   * @param at - where its line begins, which is in the file as a whole
   * @throws (rejects with) DisbatchError status-unreadable
   */
  async record(at: number): Promise<StatusRecord> {
    for (let length = lineBytes; ; length *= 8) {
      const bytes = await this.bytes(at, length);
      const newline = bytes.indexOf(10);
      if (newline >= 0) return this.parsed(bytes.toString('utf8', 0, newline));
      if (bytes.length < length) throw this.unreadable(cutShort);
    }
  }

  /** @throws DisbatchError status-unreadable */
  parsed(line: string): StatusRecord {
    const record = parseStatusLine(line);
    if (record.kind === 'unreadable') throw this.unreadable(`it has a line that is no record: ${record.problem}`);
    return record;
  }

  /**
   * So many bytes from there on, which are in the file.
   *
   * @throws (rejects with) DisbatchError status-unreadable
   */
  async piece(at: number, length: number): Promise<Buffer> {
    const bytes = await this.bytes(at, length);
    if (bytes.length < length) throw this.unreadable(cutShort);
    return bytes;
  }

  /**
   * Up to so many bytes from there on.
   *
   * @throws (rejects with) DisbatchError status-unreadable
   */
  private async bytes(at: number, length: number): Promise<Buffer> {
    this.reads++;
    let own: number | undefined;
    try {
      const fd = this.fd ?? (own = await openFile(this.path, 'r'));
      return await readFully(fd, at, length);
    } catch (error) {
      throw this.unreadable(systemReason(error), error);
    } finally {
      this.reads--;
      if (own !== undefined) await closeFile(own);
      await this.closeIfUnused();
    }
  }

  /** Lets go of the file. Reads that are under way end first; it is not waited for them. */
  async release(): Promise<void> {
    this.released = true;
    await this.closeIfUnused();
  }

  private async closeIfUnused(): Promise<void> {
    if (!this.released || this.reads > 0 || this.fd === undefined) return;
    const { fd } = this;
    this.fd = undefined;
    await closeFile(fd);
  }

  private unreadable(why: string, cause?: unknown): DisbatchError {
    return new DisbatchError(
      'status-unreadable',
      `The results in ${this.path} cannot be read back: ${why}. Was the file moved or changed?`,
      cause,
    );
  }
}

function readFully(fd: number, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  return new Promise((resolve, reject) => {
    const more = (have: number): void => {
      read(fd, buffer, have, length - have, at + have, (error, count) => {
        if (error !== null) reject(error);
        else if (count === 0 || have + count === length) resolve(buffer.subarray(0, have + count));
        else more(have + count);
      });
    };
    more(0);
  });
}
