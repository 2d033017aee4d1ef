/**
 * A launcher that the engine starts itself: a child process that speaks on its standard input and output.
 *
 *   spawn ─► hello ─► (started, ended | failed)* ─► exit
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { LauncherFrames, type LauncherEvents, type LauncherLink } from './launcher-link.ts';
import type { ToLauncher } from './launcher-protocol.ts';

/** How to start a launcher. */
export interface LauncherCommand {
  readonly kind: 'native' | 'portable';
  readonly file: string;
  readonly args: readonly string[];
}

export class SpawnedLauncher implements LauncherLink {
  readonly closed: Promise<void>;
  private readonly child: ChildProcess;
  private readonly frames: LauncherFrames;

  /**
   * @param env - what the tasks' environment starts from
   * @param errorFd - where the launcher's standard error goes
   */
  constructor(command: LauncherCommand, env: NodeJS.ProcessEnv, errorFd: number, events: LauncherEvents) {
    const child = spawn(command.file, command.args, { env, stdio: ['pipe', 'pipe', errorFd] });
    const frames = new LauncherFrames(child.stdin, events, () => this.kill());
    this.child = child;
    this.closed = new Promise((resolve) => child.once('close', () => resolve()));
    this.frames = frames;
    child.on('error', (error) => frames.end(`${command.file} does not start: ${error.message}`));
    child.stdout?.on('data', (chunk: Buffer) => frames.read(chunk));
    child.stdout?.on('error', () => {});
    // A launcher that died reports it by its exit; the broken pipe says nothing more.
    child.stdin?.on('error', () => {});
    child.on('close', (code, signal) => {
      const asTold = frames.toldToLeave && code === 0;
      frames.end(asTold ? undefined : `the launcher ended with ${signal ?? `exit status ${code}`}`);
    });
  }

  send(message: ToLauncher): void {
    this.frames.send(message);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
