/**
 * One task of the portable launcher: its start, its outputs and its exit, as told in launcher-protocol.ts.
 *
 * Always true: a task is reported once, when bash has exited and both outputs are at their end, or `lingerMs` after the
 * exit; outputs that still come then are read and dropped. What is to be kept of it is in its files by then.
 *
 * Node gives no number for a signal that has no name (32 to 64 on Linux): such a death looks like exit code 0. On Linux
 * the kernel is asked at the end of the outputs, when bash is dying but has not been waited for. What stays unknown is a
 * death by such a signal while a background process holds an output, after the task has closed both, or in the very moment
 * in which another task ended too.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Outcome } from '../contract/messages.ts';
import type { OutputFiles } from '../contract/result-files.ts';
import { lingerMs } from './launcher-protocol.ts';
import { ResultFile } from './portable-file.ts';
import { TaskOutput } from './portable-output.ts';
import { closePipe, type Pipe } from './portable-pipes.ts';
import { readProcessStat, type CpuTimes } from './portable-stat.ts';

/** What is known of a task when it has ended. */
export type TaskEnd = Omit<Outcome, 'usage'>;

/** Everything a start needs. Without pipes, Node's sockets serve. An empty path is of an output that is not kept. */
export interface TaskStart {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly pipes: readonly [Pipe, Pipe] | undefined;
  readonly files: OutputFiles;
}

/** What a task tells its launcher: one of `failed` or `started`, and after `started` once `exited`, then `ended`. */
export interface TaskEvents {
  started(task: RunningTask): void;
  failed(error: unknown): void;
  /** With the processor time of bash and what it has waited for, when that could be read. */
  exited(task: RunningTask, cpu: CpuTimes | undefined): void;
  ended(task: RunningTask, end: TaskEnd): void;
}

/** The kernel's flag of a process that is exiting. Source: PF_EXITING in include/linux/sched.h. */
const exitingFlag = 4;

export class RunningTask {
  readonly pid: number;
  readonly start: number;
  private readonly outputs: readonly [TaskOutput, TaskOutput];
  private exit: { readonly code: number; readonly finish: number } | undefined;
  private dying: ReturnType<typeof statOfDying>;
  private lingerTimer: NodeJS.Timeout | undefined;
  private reported = false;
  private readonly events: TaskEvents;

  private constructor(pid: number, start: number, files: OutputFiles, events: TaskEvents) {
    this.pid = pid;
    this.start = start;
    const changed = (): void => this.outputChanged();
    this.outputs = [new TaskOutput(files.output, changed), new TaskOutput(files.error, changed)];
    this.events = events;
  }

  /** Starts a task. Takes over the pipes. Never throws: what goes wrong comes as `failed`. */
  static start({ args, env, pipes, files }: TaskStart, events: TaskEvents): void {
    const start = Date.now() / 1000;
    const ends = pipes === undefined ? (['pipe', 'pipe'] as const) : pipes.map((pipe) => pipe.writeEnd);
    let child: ChildProcess;
    try {
      child = spawn('/bin/bash', args, { detached: true, env, stdio: ['ignore', ...ends] });
    } catch (error) {
      pipes?.forEach(closePipe);
      removeOldFiles(files);
      events.failed(error);
      return;
    }
    if (child.pid === undefined) {
      pipes?.forEach(closePipe);
      removeOldFiles(files);
      child.on('error', (error) => events.failed(error));
      return;
    }
    const task = new RunningTask(child.pid, start, files, events);
    child.on('exit', (code, signal) => task.exited(signal === null ? (code ?? 0) : -constants.signals[signal]));
    task.outputs.forEach((output, i) => {
      const pipe = pipes?.[i];
      if (pipe !== undefined) {
        closeSync(pipe.writeEnd);
        output.readPipe(pipe.readEnd);
      } else {
        output.readSocket((i === 0 ? child.stdout : child.stderr) as Socket);
      }
    });
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

  /** Waits no more for the files of its outputs. */
  giveUpFiles(error: number): void {
    for (const output of this.outputs) output.giveUp(error);
  }

  private outputChanged(): void {
    if (this.running && this.dying === undefined && this.outputs.every((output) => output.hasEnded))
      this.dying = statOfDying(this.pid);
    this.report();
  }

  private exited(code: number): void {
    this.exit = { code: code === 0 ? -(this.dying?.signal ?? 0) : code, finish: Date.now() / 1000 };
    this.events.exited(this, this.dying?.cpu);
    if (this.outputs.some((output) => !output.hasEnded)) {
      this.lingerTimer = setTimeout(() => this.outputs.forEach((output) => output.cut()), lingerMs);
    }
    this.report();
  }

  private report(): void {
    if (this.reported || this.exit === undefined || this.outputs.some((output) => !output.isSettled)) return;
    this.reported = true;
    clearTimeout(this.lingerTimer);
    this.events.ended(this, {
      pid: this.pid,
      exitCode: this.exit.code,
      start: this.start,
      finish: this.exit.finish,
      output: this.outputs[0].sample(),
      error: this.outputs[1].sample(),
    });
  }
}

/** What an earlier run has kept must not be taken for what this one has, though it never started. */
function removeOldFiles({ output, error }: OutputFiles): void {
  for (const path of [output, error]) if (path !== '') void new ResultFile(path).finish();
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

/** What the kernel says of a child that is dying; undefined when it is not, or the system cannot tell. */
function statOfDying(pid: number): { readonly signal: number; readonly cpu: CpuTimes } | undefined {
  const stat = process.platform === 'linux' ? readProcessStat(pid) : undefined;
  if (stat === undefined || (stat.flags & exitingFlag) === 0) return undefined;
  return { signal: stat.exitStatus & 0x7f, cpu: stat };
}
