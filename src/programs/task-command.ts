/**
 * The program that gives the tasks, when disBatch starts it (`--taskcommand`). Runs in the driver's process, beside it in
 * a process group of its own.
 *
 *   start ─► runs ─► ended        stop(): TERM to its group ─► grace ─► KILL, until nobody is left in it
 *
 * Always true: while it runs, all that it has started and that has not left its group can be ended with it.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { shellQuoted } from '../base/terminal-text.ts';
import { CommandOutput } from './command-output.ts';

export interface TaskCommandParts {
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  /** HOST:PORT of the store. */
  readonly address: string;
  /** The soft limit on open files that it gets; undefined: that of this process. */
  readonly openFiles: number | undefined;
  readonly logPath: string;
  /** Tells the user a line that it has printed. */
  readonly say: (line: string) => void;
}

export interface CommandEnd {
  /** Exit status, 128+n after a signal. */
  readonly status: number;
  /** In words: "ended with exit status 3". */
  readonly how: string;
}

/** How long its outputs are read after its end, when something that it has left behind holds them. */
const lingerMs = 500;

/** How long a killed process is waited for. */
const killedMs = 2000;

/** How often it is looked whether somebody is left in its group: no event tells. */
const lookMs = 50;

export class TaskCommand {
  /** Resolves when it has ended. Does not fail. */
  readonly ended: Promise<CommandEnd>;
  /** As a user would write it. */
  readonly shown: string;
  private readonly process: ChildProcess;
  private end: CommandEnd | undefined;
  private readonly output: CommandOutput;
  private isLeftAlone = false;

  /** Starts it. @throws the system's error when its log cannot be made */
  constructor(parts: TaskCommandParts) {
    this.shown = shellQuoted(parts.command);
    this.output = new CommandOutput(parts.logPath, parts.say);
    const at = parts.address.lastIndexOf(':');
    this.process = spawn('/bin/bash', wordsFor(parts), {
      env: {
        ...parts.env,
        KVSSTCP_HOST: parts.address.slice(0, at).replace(/^\[(.*)\]$/, '$1'),
        KVSSTCP_PORT: parts.address.slice(at + 1),
        DISBATCH_KVSSTCP_HOST: parts.address,
      },
      stdio: ['inherit', 'pipe', 'pipe'],
      detached: true,
    });
    const { stdout, stderr } = this.process as ChildProcess & { stdout: Readable; stderr: Readable };
    this.output.follow(stdout, false);
    this.output.follow(stderr, true);
    this.ended = new Promise<CommandEnd>((resolve) => {
      const finish = (end: CommandEnd): void => {
        if (this.end !== undefined) return;
        this.end = end;
        stdout.destroy();
        stderr.destroy();
        this.output.close();
        resolve(end);
      };
      this.process.once('error', (error) => finish({ status: 1, how: `could not be started (${error.message})` }));
      this.process.once('exit', (code, signal) => {
        const end = endOf(code, signal, this.process);
        const timer = setTimeout(() => finish(end), lingerMs);
        this.process.once('close', () => {
          clearTimeout(timer);
          finish(end);
        });
      });
    });
  }

  /** Where its output is and how its error output ends, as sentences. */
  lastWords(): string {
    return this.output.lastWords();
  }

  /** Ends it and what it has started. What it has left behind when it ended by itself is left alone. */
  async stop(graceMs: number): Promise<void> {
    if (this.end !== undefined || this.isLeftAlone) return;
    this.signal('SIGTERM');
    const kill = performance.now() + graceMs;
    while (this.signal(0) && performance.now() < kill) await later(lookMs);
    if (this.signal('SIGKILL')) await Promise.race([this.ended, later(killedMs)]);
  }

  /** Waits for its end, though not longer than this. @returns whether it has ended */
  async wait(ms: number): Promise<boolean> {
    if (this.end === undefined) await Promise.race([this.ended, later(ms)]);
    return this.end !== undefined;
  }

  /** It goes on, and this process need not stay for it. */
  letGo(): void {
    this.isLeftAlone = true;
    this.process.unref();
    for (const stream of [this.process.stdout, this.process.stderr]) stream?.destroy();
  }

  /** @returns whether somebody is in its group */
  private signal(signal: NodeJS.Signals | 0): boolean {
    const { pid } = this.process;
    try {
      return pid !== undefined && process.kill(-pid, signal);
    } catch {
      return false;
    }
  }
}

function wordsFor({ command, openFiles }: TaskCommandParts): string[] {
  if (openFiles === undefined) return ['-c', command];
  // Node has raised the limit for itself.
  return ['-c', 'ulimit -Sn "$1" 2>/dev/null; exec /bin/bash -c "$2"', 'bash', String(openFiles), command];
}

function endOf(code: number | null, signal: NodeJS.Signals | null, { exitCode }: ChildProcess): CommandEnd {
  if (signal !== null) return { status: 128 + numberOf(signal), how: `was ended by ${signal}` };
  const status = code ?? exitCode ?? 1;
  return { status, how: `ended with exit status ${status}` };
}

function numberOf(signal: NodeJS.Signals): number {
  return constants.signals[signal];
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
