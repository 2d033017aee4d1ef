/**
 * Real pipes for the outputs of tasks, without native code.
 *
 * Runs in the portable launcher. Node gives a child sockets, and `echo x >/dev/stderr` fails on a socket; so one call of
 * `mkfifo` makes a batch of named pipes, both ends of each are opened, and the names are removed at once. A pipe serves
 * one output of one task and is never used again: what a task leaves running can only write into its own.
 */

import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Two descriptors of one pipe. The reader does not block. Both are closed on exec. */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

const firstBatch = 8;
const largestBatch = 64;

/** A stock of pipes that refills itself. */
export class PipeSupply {
  private readonly stock: Pipe[] = [];
  private batch = firstBatch;

  /**
   * A pipe that nobody has used.
   *
   * @throws a system error, with errno, when there are no descriptors left or no named pipe can be made
   */
  take(): Pipe {
    if (this.stock.length === 0) {
      this.refill(this.batch);
      this.batch = Math.min(this.batch * 2, largestBatch);
    }
    return this.stock.pop()!;
  }

  /** Closes what is in stock, to have descriptors for something else. */
  drop(): void {
    for (const pipe of this.stock.splice(0)) closePipe(pipe);
    this.batch = firstBatch;
  }

  private refill(count: number): void {
    const directory = mkdtempSync(join(tmpdir(), 'disbatch-pipes-'));
    try {
      const paths = Array.from({ length: count }, (_, i) => join(directory, String(i)));
      const made = spawnSync('mkfifo', ['-m', '600', ...paths], { stdio: ['ignore', 'ignore', 'pipe'] });
      if (made.error !== undefined) throw made.error;
      if (made.status !== 0) throw new Error(`mkfifo: ${made.stderr.toString().trim()}`);
      for (const path of paths) this.stock.push(openPipe(path));
    } catch (error) {
      // Some were made: enough for now, and the next refill tells if it goes on.
      if (this.stock.length === 0) throw error;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

function openPipe(path: string): Pipe {
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return { readEnd, writeEnd: openSync(path, constants.O_WRONLY) };
  } catch (error) {
    closeSync(readEnd);
    throw error;
  }
}

export function closePipe(pipe: Pipe): void {
  closeSync(pipe.readEnd);
  closeSync(pipe.writeEnd);
}
