/**
 * One launcher seen from its engine: the child process, its frames, its death.
 *
 *   spawn ─► hello ─► (started, ended | failed)* ─► exit
 *
 * Frames that are sent within one turn of the event loop go out as one write. After `exit` nothing more is reported.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import {
  decodeFromLauncher,
  encodeToLauncher,
  FrameReader,
  type FromLauncher,
  type ToLauncher,
} from './launcher-protocol.ts';

/** How to start a launcher. */
export interface LauncherCommand {
  readonly kind: 'native' | 'portable';
  readonly file: string;
  readonly args: readonly string[];
}

export interface LauncherEvents {
  message(message: FromLauncher): void;
  /** It is gone. `problem` says why, unless it left as it was told to. */
  exit(problem: string | undefined): void;
}

export class LauncherProcess {
  private readonly child: ChildProcess;
  private readonly events: LauncherEvents;
  private readonly frames = new FrameReader();
  private corked = false;
  private leaving = false;
  private exited = false;
  private problem: string | undefined;

  /**
   * @param env - what the tasks' environment starts from
   * @param errorFd - where the launcher's standard error goes
   */
  constructor(command: LauncherCommand, env: NodeJS.ProcessEnv, errorFd: number, events: LauncherEvents) {
    this.events = events;
    this.child = spawn(command.file, command.args, { env, stdio: ['pipe', 'pipe', errorFd] });
    this.child.on('error', (error) => this.end(`${command.file} does not start: ${error.message}`));
    this.child.stdout?.on('data', (chunk: Buffer) => this.read(chunk));
    this.child.stdout?.on('error', () => {});
    // A launcher that died reports it by its exit; the broken pipe says nothing more.
    this.child.stdin?.on('error', () => {});
    this.child.on('close', (code, signal) => {
      this.end(this.leaving && code === 0 ? undefined : `the launcher ended with ${signal ?? `exit status ${code}`}`);
    });
  }

  send(message: ToLauncher): void {
    const stdin = this.child.stdin;
    if (stdin === null || this.exited) return;
    if (message.type === 'leave') this.leaving = true;
    if (!this.corked) {
      this.corked = true;
      stdin.cork();
      setImmediate(() => {
        this.corked = false;
        stdin.uncork();
      });
    }
    stdin.write(encodeToLauncher(message));
  }

  /** Ends the launcher at once; its tasks die with it where the system can do that. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  private read(chunk: Buffer): void {
    try {
      for (const frame of this.frames.read(chunk)) {
        if (this.exited) return;
        this.events.message(decodeFromLauncher(frame));
      }
    } catch (error) {
      this.problem ??= `the launcher sent garbage: ${(error as Error).message}`;
      this.kill();
    }
  }

  private end(problem: string | undefined): void {
    if (this.exited) return;
    this.exited = true;
    this.events.exit(problem === undefined ? undefined : (this.problem ?? problem));
  }
}
