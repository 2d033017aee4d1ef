/**
 * One process that leads to an engine (ssh, srun …): its start, what engine.sh says through it, its end. Runs where the
 * context does.
 *
 *   spawn ─► word* ─► end          (end comes once, also when it cannot be started; nothing comes after it)
 *
 * What the other side prints, and what the command itself prints, is written to the wrap log as it comes. It gets a session
 * of its own: Ctrl-C at the terminal is for the driver, which ends the engines in good order.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { writeSync } from 'node:fs';
import type { SessionEnd, StartCommand } from './context.ts';
import { EngineLines, type EngineWord } from './engine-lines.ts';

export interface EngineSessionEvents {
  word(word: EngineWord): void;
  ended(end: SessionEnd): void;
}

/** How long a command that was told to end may take before it is killed, in milliseconds. */
const graceMs = 2000;
/** How long the outputs may stay open after the command's exit, in milliseconds: a connection that others share holds them. */
const drainMs = 1000;
const keptLength = 8192;

export class EngineSession {
  private readonly child: ChildProcess;
  private readonly events: EngineSessionEvents;
  private readonly wrapFd: number;
  private errors = '';
  private output = '';
  private ended = false;

  /** @param wrapFd - open until `ended` */
  constructor(command: StartCommand, wrapFd: number, events: EngineSessionEvents) {
    this.events = events;
    this.wrapFd = wrapFd;
    const [file, ...args] = command.words as [string, ...string[]];
    const env = { ...process.env, ...command.env };
    this.child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env });
    const lines = new EngineLines({
      word: (word) => {
        // What was said up to here has been overcome.
        if (word.type === 'up') this.errors = '';
        if (!this.ended) this.events.word(word);
      },
      other: (bytes) => {
        this.output = kept(this.output, bytes);
        this.wrap(bytes);
      },
    });
    this.child.stdin?.on('error', () => {});
    this.child.stdout?.on('data', (chunk: Buffer) => lines.push(chunk));
    this.child.stdout?.on('error', () => {});
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.errors = kept(this.errors, chunk);
      this.wrap(chunk);
    });
    this.child.stderr?.on('error', () => {});
    this.child.on('error', (error) => {
      // Also said when a signal could not be sent; then there is a process, and its exit is still to come.
      if (this.child.pid === undefined) this.end(undefined, error.message, false);
    });
    this.child.on('exit', (status, signal) => {
      const finish = (): void => {
        lines.end();
        this.end(status ?? undefined, signal ?? `exit status ${status}`, true);
      };
      const drained = setTimeout(finish, drainMs);
      this.child.on('close', () => {
        clearTimeout(drained);
        finish();
      });
    });
  }

  /** Writes to the engine's standard input. */
  write(text: string): void {
    this.child.stdin?.write(text);
  }

  /** Ends the engine's standard input. */
  endInput(): void {
    this.child.stdin?.end();
  }

  /** Ends the command, and says nothing more: neither here nor in the wrap log. */
  abandon(): void {
    this.ended = true;
    this.kill();
  }

  /** Ends the command, and by that the engine's standard input. */
  kill(): void {
    this.endInput();
    this.child.kill('SIGTERM');
    setTimeout(() => this.child.kill('SIGKILL'), graceMs).unref();
  }

  private wrap(bytes: Buffer): void {
    if (this.ended || bytes.length === 0) return;
    try {
      writeSync(this.wrapFd, bytes);
    } catch {
      // A log that cannot be written must not harm the run.
    }
  }

  private end(status: number | undefined, how: string, started: boolean): void {
    if (this.ended) return;
    this.ended = true;
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
    this.events.ended({ status, how, started, errors: this.errors, output: this.output });
  }
}

/** The end of a text with more at its end. */
function kept(text: string, more: Buffer): string {
  return (text + more.toString()).slice(-keptLength);
}
