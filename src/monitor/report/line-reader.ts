/**
 * Reads single lines of a file, many of them and mostly near each other, by their places. In the process of the command.
 */

import { closeSync, openSync, readSync } from 'node:fs';
import { DisbatchError, systemReason } from '../../base/errors.ts';

const windowBytes = 16 * 1024;

export class LineReader {
  private readonly path: string;
  private readonly fd: number;
  private window: Buffer = Buffer.alloc(0);
  private windowAt = 0;

  /** @throws DisbatchError status-unreadable, when it has gone meanwhile */
  constructor(path: string) {
    this.path = path;
    this.fd = this.told(() => openSync(path, 'r'));
  }

  /**
   * The line that begins at this place, without its newline; undefined: it has no end any more.
   *
   * @throws DisbatchError status-unreadable
   */
  lineAt(at: number): string | undefined {
    const end = this.endOf(at);
    return end < 0 ? undefined : this.window.toString('utf8', at - this.windowAt, end);
  }

  close(): void {
    closeSync(this.fd);
  }

  /** Where in the window the line ends that begins at this place of the file; -1: nowhere. */
  private endOf(at: number): number {
    const isWithin = at >= this.windowAt && at < this.windowAt + this.window.length;
    const end = isWithin ? this.window.indexOf(10, at - this.windowAt) : -1;
    if (end >= 0) return end;
    for (let size = windowBytes; ; size *= 4) {
      const buffer = Buffer.allocUnsafe(size);
      const bytes = this.told(() => readSync(this.fd, buffer, 0, size, at));
      this.window = buffer.subarray(0, bytes);
      this.windowAt = at;
      const newline = this.window.indexOf(10);
      if (newline >= 0 || bytes < size) return newline;
    }
  }

  private told<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      const sentence = `The status file ${this.path} cannot be read any more: ${systemReason(error)}. Was it moved? Try again.`;
      throw new DisbatchError('status-unreadable', sentence, error);
    }
  }
}
