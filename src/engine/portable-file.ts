/**
 * One file of what a task writes, as told under "Files" in launcher-protocol.ts. Runs in the portable launcher.
 *
 * Always true: what is asked for is done in order and never waited for by the launcher's loop; the file is made by its first
 * byte, in place of nothing; after the first error, which is kept, nothing more is written.
 *
 * Node does this in threads of the launcher, of which it has few: when a file system does not answer at all, that holds up
 * all files, and the end of the process with them, unless the kernel lets a KILL end such a wait.
 */

import { constants } from 'node:fs';
import { mkdir, open, unlink, type FileHandle } from 'node:fs/promises';
import { constants as system } from 'node:os';
import { dirname } from 'node:path';

/** The most bytes of an output that are on their way to its file, but for what the task's exit leaves in the pipe. */
export const fileChunk = 64 * 1024;

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NOCTTY } = constants;

let underWay = 0;

/** Whether any file is being worked on: then the process cannot simply exit, for Node would wait for its threads. */
export function filesUnderWay(): boolean {
  return underWay > 0;
}

export class ResultFile {
  private readonly path: string;
  private handle: FileHandle | undefined;
  private failure = 0;
  private last: Promise<void>;

  /** Has what an earlier run left at the path removed. */
  constructor(path: string) {
    this.path = path;
    this.last = Promise.resolve();
    void this.enqueue(async () => {
      await unlink(path).catch((error: unknown) => {
        if (errnoOf(error) !== system.errno.ENOENT) throw error;
      });
    });
  }

  /** The errno of the first error; 0: there was none so far. */
  get error(): number {
    return this.failure;
  }

  /** Writes the next bytes, which must stay as they are until that is done. Never rejects. */
  write(chunk: Buffer): Promise<void> {
    return this.enqueue(async () => {
      if (this.failure !== 0) return;
      this.handle ??= await this.make();
      for (let at = 0; at < chunk.length;) {
        const { bytesWritten } = await this.handle.write(chunk, at, chunk.length - at);
        at += bytesWritten;
      }
    });
  }

  /** Closes it when all is written. Never rejects. */
  finish(): Promise<void> {
    // Some file systems tell only now that they could not keep what was written.
    return this.enqueue(() => this.close());
  }

  /** Waits for it no more: what it does not hold yet it will not. */
  giveUp(error: number): void {
    if (this.failure === 0) this.failure = error;
  }

  private async make(): Promise<FileHandle> {
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY;
    try {
      return await open(this.path, flags, 0o666);
    } catch (error) {
      if (errnoOf(error) !== system.errno.ENOENT) throw error;
      await mkdir(dirname(this.path), { recursive: true });
      return await open(this.path, flags, 0o666);
    }
  }

  private async close(): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    await handle?.close();
  }

  private enqueue(action: () => Promise<void>): Promise<void> {
    underWay++;
    this.last = this.last
      .then(action)
      .catch(async (error: unknown) => {
        this.giveUp(errnoOf(error));
        await this.close().catch(() => {});
      })
      .finally(() => underWay--);
    return this.last;
  }
}

function errnoOf(error: unknown): number {
  const { errno } = error as NodeJS.ErrnoException;
  return errno === undefined ? system.errno.EIO : Math.abs(errno);
}
