/**
 * One task of the portable launcher: its start, its outputs and its exit, as told in launcher-protocol.ts.
 *
 * Always true: a task is reported once, when bash has exited and both outputs are at their end, or `lingerMs` after the
 * exit; outputs that still come then are read and dropped.
 *
 * Node gives no number for a signal that has no name (32 to 64 on Linux): such a death looks like exit code 0. On Linux
 * the kernel is asked at the end of the outputs, when bash is dying but has not been waited for. What stays unknown is a
 * death by such a signal while a background process holds an output, after the task has closed both, or in the very moment
 * in which another task ended too.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Outcome } from '../contract/messages.ts';
import { lingerMs } from './launcher-protocol.ts';
import { OutputSampler } from './output-sample.ts';
import { closePipe, type Pipe } from './portable-pipes.ts';

/** What is known of a task when it has ended. */
export type TaskEnd = Omit<Outcome, 'usage'>;

/** Everything a start needs. Without pipes, Node's sockets serve. */
export interface TaskStart {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly pipes: readonly [Pipe, Pipe] | undefined;
}

/** What a task tells its launcher: one of `failed` or `started`, and after `started` once `ended`. */
export interface TaskEvents {
  started(task: RunningTask): void;
  failed(error: unknown): void;
  ended(task: RunningTask, end: TaskEnd): void;
}

/** The kernel's flag of a process that is exiting. Source: PF_EXITING in include/linux/sched.h. */
const exitingFlag = 4;

/** Every read goes through this one buffer: what comes is counted and sampled before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(128 * 1024);
const statBuffer = Buffer.allocUnsafeSlow(2048);

export class RunningTask {
  readonly pid: number;
  readonly start: number;
  private readonly samplers = [new OutputSampler(), new OutputSampler()] as const;
  private openOutputs = 2;
  private exit: { readonly code: number; readonly finish: number } | undefined;
  private namelessSignal = 0;
  private lingerTimer: NodeJS.Timeout | undefined;
  private reported = false;
  private readonly events: TaskEvents;

  private constructor(pid: number, start: number, events: TaskEvents) {
    this.pid = pid;
    this.start = start;
    this.events = events;
  }

  /** Starts a task. Takes over the pipes. Never throws: what goes wrong comes as `failed`. */
  static start({ args, env, pipes }: TaskStart, events: TaskEvents): void {
    const start = Date.now() / 1000;
    const outputs = pipes === undefined ? (['pipe', 'pipe'] as const) : pipes.map((pipe) => pipe.writeEnd);
    let child: ChildProcess;
    try {
      child = spawn('/bin/bash', args, { detached: true, env, stdio: ['ignore', ...outputs] });
    } catch (error) {
      pipes?.forEach(closePipe);
      events.failed(error);
      return;
    }
    if (child.pid === undefined) {
      pipes?.forEach(closePipe);
      child.on('error', (error) => events.failed(error));
      return;
    }
    const task = new RunningTask(child.pid, start, events);
    child.on('exit', (code, signal) => task.exited(signal === null ? (code ?? 0) : -constants.signals[signal]));
    pipes?.forEach((pipe, i) => {
      closeSync(pipe.writeEnd);
      task.readPipe(pipe.readEnd, i as 0 | 1);
    });
    if (pipes === undefined)
      [child.stdout!, child.stderr!].forEach((stream, i) => task.readSocket(stream as Socket, i as 0 | 1));
    events.started(task);
  }

  /** Whether bash still runs. */
  get running(): boolean {
    return this.exit === undefined;
  }

  /** Sends a signal to the process group, unless bash has exited. */
  signal(signal: number): void {
    if (this.running) signalGroup(this.pid, signal);
  }

  private readPipe(fd: number, output: 0 | 1): void {
    const take = (length: number): boolean => {
      if (!this.reported) this.samplers[output].add(readBuffer.subarray(0, length));
      return true;
    };
    const options = { fd, readable: true, writable: false, onread: { buffer: readBuffer, callback: take } };
    this.watchEnd(new Socket(options));
  }

  private readSocket(socket: Socket, output: 0 | 1): void {
    socket.on('data', (chunk: Buffer) => {
      if (!this.reported) this.samplers[output].add(chunk);
    });
    this.watchEnd(socket);
  }

  private watchEnd(socket: Socket): void {
    let open = true;
    const ended = (): void => {
      if (!open) return;
      open = false;
      this.outputEnded();
    };
    socket.on('end', ended);
    // A read error, too, is the end of what can be read.
    socket.on('error', () => socket.destroy());
    socket.on('close', ended);
  }

  private outputEnded(): void {
    this.openOutputs--;
    if (this.openOutputs > 0) return;
    if (this.running) this.namelessSignal = signalOfDying(this.pid);
    else this.report();
  }

  private exited(code: number): void {
    this.exit = { code: code === 0 ? -this.namelessSignal : code, finish: Date.now() / 1000 };
    if (this.openOutputs === 0) this.report();
    else this.lingerTimer = setTimeout(() => this.report(), lingerMs);
  }

  private report(): void {
    if (this.reported || this.exit === undefined) return;
    this.reported = true;
    clearTimeout(this.lingerTimer);
    this.events.ended(this, {
      pid: this.pid,
      exitCode: this.exit.code,
      start: this.start,
      finish: this.exit.finish,
      output: this.samplers[0].sample(),
      error: this.samplers[1].sample(),
    });
  }
}

/** Sends a signal to a process group; returns whether there is one. Signal 0 only asks. */
export function signalGroup(pid: number, signal: number): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The signal that a child is dying of, 0 when it is not dying, or not of a signal, or the system cannot tell. */
function signalOfDying(pid: number): number {
  if (process.platform !== 'linux') return 0;
  try {
    const fd = openSync(`/proc/${pid}/stat`, 'r');
    const length = readSync(fd, statBuffer, 0, statBuffer.length, 0);
    closeSync(fd);
    const stat = statBuffer.toString('latin1', 0, length);
    // Fields from the third on; the second, the name, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const exiting = (Number(fields[9 - 3]) & exitingFlag) !== 0;
    return exiting ? Number(fields[52 - 3]) & 0x7f : 0;
  } catch {
    return 0;
  }
}
