/**
 * The portable launcher: starts, watches and ends the tasks of one engine with nothing but Node.
 *
 * The program of a process of its own, with the engine at the other end of its standard input and output, or of a connection
 * that it makes itself. The protocol is told in launcher-protocol.ts; native/launcher.c is the other implementation. This
 * one knows memory and processor time by looks only, does not find what left a task's process group, and its tasks outlive a
 * SIGKILL of it.
 *
 *                 START, SIGNAL
 *                     ┌──┐         END, or the engine is gone
 *   HELLO ──► running ◄──┘ ──► ending: TERM sent, KILL after the grace; until all tasks are reported and their groups gone
 *                ▲                │
 *                └──── DONE ◄─────┘──► exit, if the engine is gone
 */

import { fstatSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { type ByteString, bytesOfText } from '../base/byte-string.ts';
import type { TaskUsage } from '../contract/messages.ts';
import { elapsedMs } from '../base/elapsed.ts';
import { decodeToLauncher, encodeFromLauncher, FrameReader, ProtocolError } from './launcher-frames.ts';
import {
  leaseEndedStatus,
  type FromLauncher,
  noEngineStatus,
  orphanGraceMs,
  protocolVersion,
  type ToLauncher,
} from './launcher-protocol.ts';
import { type LauncherArguments, readArguments } from './portable-arguments.ts';
import { bashArguments, type Preparation } from './portable-command.ts';
import { connectToEngine } from './portable-connection.ts';
import { Ending } from './portable-ending.ts';
import { argumentsFit, failureOf } from './portable-failure.ts';
import { closeInherited, NofileLimit, ownRawEnv, ownVariables } from './portable-limits.ts';
import { filesUnderWay } from './portable-file.ts';
import { closePipe, type Pipe, PipeSupply } from './portable-pipes.ts';
import { RunningTask, type TaskEnd } from './portable-task.ts';
import type { CpuTimes } from './portable-stat.ts';
import { UsageWatch } from './portable-usage.ts';

const { SIGKILL } = constants.signals;
const { ECANCELED, EINVAL, E2BIG, EMFILE, ETIMEDOUT } = constants.errno;

/** From how much unread output on nothing new is taken from the engine. */
const pendingLimit = 4 * 1024 * 1024;

const lanesMost = 2 ** 20;

/** How long after the KILL of an END files are waited for. */
const filesPatienceMs = 5000;

/** How long an exit waits for Node's threads, which it cannot end. */
const exitPatienceMs = 1000;

class PortableLauncher {
  private readonly lanes = new Map<number, RunningTask | 'starting'>();
  private readonly pipes = new PipeSupply();
  private pipesFail = false;
  private readonly usage = process.platform === 'linux' ? new UsageWatch() : undefined;
  private readonly usages = new Map<RunningTask, TaskUsage>();
  private readonly frames = new FrameReader();
  private readonly input: Readable;
  private readonly output: Socket;
  private queue: Buffer[] = [];
  private ending: Ending | undefined;
  private isAdvancing = false;
  private engineGone = false;
  private leaseUntil = Infinity;
  private leaseTimer: NodeJS.Timeout | undefined;
  private exitStatus = 0;
  private readonly nofile: NofileLimit;
  private readonly ignoredSignals: readonly number[];
  private readonly ownEnv: NodeJS.ProcessEnv = copyOfEnv(process.env);
  private readonly rawEnv: readonly (readonly [string, ByteString])[];

  /** @param connection - to the engine; undefined: standard input and output serve */
  constructor({ nofile, ignoredSignals, slot, tell }: LauncherArguments, connection: Socket | undefined) {
    this.nofile = new NofileLimit(nofile);
    this.ignoredSignals = ignoredSignals;
    this.rawEnv = ownRawEnv(connection === undefined);
    this.input = connection ?? process.stdin;
    this.output = connection ?? openOutput();
    const variables = ownVariables(tell, this.rawEnv);
    this.send({ type: 'hello', version: protocolVersion, pid: process.pid, features: 0, slot, variables });
    this.input.on('data', (chunk: Buffer) => this.take(chunk));
    this.input.on('end', () => this.loseEngine(0));
    this.input.on('error', () => this.loseEngine(0));
    this.output.on('error', () => this.loseEngine(0));
    this.output.on('end', () => this.loseEngine(0));
    this.output.on('close', () => this.loseEngine(0));
    this.output.on('drain', () => this.input.resume());
    if (this.output.readable) this.output.resume();
  }

  private take(chunk: Buffer): void {
    // What arrived while this process was stopped must not prolong a lease that has ended.
    if (elapsedMs() >= this.leaseUntil) this.endLease();
    try {
      for (const body of this.frames.read(chunk)) {
        if (this.engineGone) return;
        this.handle(decodeToLauncher(body));
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      complain(`not a frame of the protocol: ${error.message}`);
      this.loseEngine(2);
    }
  }

  private handle(message: ToLauncher): void {
    switch (message.type) {
      case 'start':
        this.start(message);
        return;
      case 'signal': {
        const task = this.lanes.get(message.lane);
        if (task instanceof RunningTask) task.signal(message.signal);
        return;
      }
      case 'end':
        this.beginEnd(message.graceMs);
        return;
      case 'leave':
        this.leave();
        return;
      case 'lease':
        this.prolongLease(message.ms);
    }
  }

  private prolongLease(ms: number): void {
    clearTimeout(this.leaseTimer);
    this.leaseUntil = ms === 0 ? Infinity : elapsedMs() + ms;
    if (ms > 0) this.leaseTimer = setTimeout(() => this.endLease(), ms);
  }

  /** The engine has not prolonged the lease: the same tasks may soon be started elsewhere. */
  private endLease(): void {
    if (this.engineGone) return;
    complain('the lease has ended');
    this.loseEngine(leaseEndedStatus);
    this.beginEnd(0);
  }

  private start(message: Extract<ToLauncher, { type: 'start' }>): void {
    const { lane, command, followMemory, env } = message;
    const files = message.files ?? { output: '', error: '' };
    if (lane >= lanesMost) throw new ProtocolError('START on a lane past the last');
    if (this.lanes.has(lane)) throw new ProtocolError('START on a lane that is busy');
    if (env.some(([name]) => name === '')) throw new ProtocolError('START with an environment that is none');
    if (this.ending !== undefined) return this.failed(lane, ECANCELED, 'the tasks are being ended');
    if (command.includes('\0')) return this.failed(lane, EINVAL, 'the command holds a NUL byte');
    this.nofile.suffice(this.lanes.size + 1);
    const taskEnv = copyOfEnv(this.ownEnv);
    for (const [name, value] of env) taskEnv[name] = value;
    const given = new Set(this.rawEnv.length > 0 ? env.map(([name]) => name) : []);
    const preparation: Preparation = {
      nofile: this.nofile.forBash,
      ignoredSignals: this.ignoredSignals,
      env: this.rawEnv.filter(([name]) => !given.has(name)),
    };
    const { args, prepared } = prepareArguments(command, preparation, taskEnv);
    // The first bash of a prepared start would be the one to be told, too late for a FAILED.
    if (prepared && !argumentsFit(command.length, taskEnv))
      return this.startFailed(lane, command.length, { errno: -E2BIG });
    let pipes: readonly [Pipe, Pipe] | undefined;
    try {
      pipes = this.takePipes();
    } catch (error) {
      return this.startFailed(lane, command.length, error);
    }
    this.lanes.set(lane, 'starting');
    RunningTask.start(
      { args, env: taskEnv, pipes, files },
      {
        started: (task) => {
          this.lanes.set(lane, task);
          if (followMemory) this.usage?.follow(task.pid);
          this.send({ type: 'started', lane, pid: task.pid, start: task.start });
        },
        failed: (error) => {
          this.lanes.delete(lane);
          if (isOutOfDescriptors(error) && this.findDescriptors()) this.start(message);
          else this.startFailed(lane, command.length, error);
        },
        exited: (task, cpu) => this.exited(task, cpu),
        ended: (task, end) => this.ended(lane, task, end),
      },
    );
  }

  /** Two pipes, or undefined where none can be made and Node's sockets must do. */
  private takePipes(): readonly [Pipe, Pipe] | undefined {
    if (this.pipesFail) return undefined;
    for (;;) {
      let first: Pipe | undefined;
      try {
        first = this.pipes.take();
        return [first, this.pipes.take()];
      } catch (error) {
        if (first !== undefined) closePipe(first);
        if (isOutOfDescriptors(error)) {
          if (this.findDescriptors()) continue;
          throw error;
        }
        this.pipesFail = true;
        complain(
          `tasks get sockets instead of pipes, writing to /dev/stdout or /dev/stderr fails in them: ${String(error)}`,
        );
        return undefined;
      }
    }
  }

  /** Whether there may be descriptors now, where there were none. */
  private findDescriptors(): boolean {
    this.pipes.drop();
    return this.nofile.raise();
  }

  private startFailed(lane: number, commandLength: number, error: unknown): void {
    const { errno, reason } = failureOf(error, commandLength);
    this.failed(lane, errno, reason);
  }

  private failed(lane: number, errno: number, reason: string): void {
    this.lanes.delete(lane);
    this.send({ type: 'failed', lane, errno, time: Date.now() / 1000, reason });
    this.advanceEnd();
  }

  private exited(task: RunningTask, cpu: CpuTimes | undefined): void {
    const usage = this.usage?.end(task.pid, cpu);
    if (usage !== undefined) this.usages.set(task, usage);
  }

  private ended(lane: number, task: RunningTask, end: TaskEnd): void {
    this.lanes.delete(lane);
    this.send({ type: 'ended', lane, ...end, usage: this.usages.get(task) });
    this.usages.delete(task);
    this.advanceEnd();
  }

  private *runningTasks(): Generator<RunningTask> {
    for (const task of this.lanes.values()) if (task instanceof RunningTask && task.running) yield task;
  }

  private beginEnd(graceMs: number): void {
    if (this.ending === undefined) this.ending = new Ending([...this.runningTasks()], graceMs, () => this.advanceEnd());
    else this.ending.shorten(graceMs);
    this.advanceEnd();
  }

  private advanceEnd(): void {
    const { ending } = this;
    // Within this, reports of tasks lead here again.
    if (ending === undefined || this.isAdvancing) return;
    this.isAdvancing = true;
    const isOver = ending.isOver(this.lanes.size);
    // Nobody is left to be told what a file holds; and one that hangs must not keep an engine that is there for ever.
    if (!isOver && ending.isPastKill(this.engineGone ? 0 : filesPatienceMs)) {
      for (const task of this.lanes.values()) if (task instanceof RunningTask) task.giveUpFiles(ETIMEDOUT);
    }
    this.isAdvancing = false;
    if (!isOver && !ending.isOver(this.lanes.size)) return;
    ending.close();
    this.ending = undefined;
    this.send({ type: 'done', swept: 0 });
    if (this.engineGone) {
      this.flush(); // nobody may be reading: one try
      exit(this.exitStatus);
    }
  }

  private loseEngine(status: number): void {
    if (this.engineGone) return;
    this.engineGone = true;
    this.exitStatus = status;
    this.input.pause();
    this.beginEnd(orphanGraceMs);
  }

  private leave(): void {
    this.engineGone = true;
    for (const task of this.runningTasks()) task.signal(SIGKILL);
    this.flush();
    this.output.end(() => exit(0));
    setTimeout(() => exit(0), orphanGraceMs);
  }

  /** Frames are collected and written once a turn of the loop. */
  private send(message: FromLauncher): void {
    if (this.queue.length === 0) setImmediate(() => this.flush());
    this.queue.push(encodeFromLauncher(message));
  }

  private flush(): void {
    const frames = this.queue;
    this.queue = [];
    if (frames.length === 0 || this.output.destroyed || this.output.writableEnded) return;
    this.output.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
    // An engine that does not read gets nothing new started, so that what waits for it stays small.
    if (this.output.writableLength > pendingLimit) this.input.pause();
  }
}

/** A first bash would read the file that BASH_ENV names, so it must not see that name. */
function prepareArguments(
  command: ByteString,
  preparation: Preparation,
  env: NodeJS.ProcessEnv,
): ReturnType<typeof bashArguments> {
  const direct = bashArguments(command, preparation);
  const bashEnv = env['BASH_ENV'];
  if (!direct.prepared || bashEnv === undefined) return direct;
  delete env['BASH_ENV'];
  return bashArguments(command, { ...preparation, env: [...preparation.env, ['BASH_ENV', bytesOfText(bashEnv)]] });
}

/** A copy without a prototype, in which every name is only a name. */
function copyOfEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.assign(Object.create(null) as NodeJS.ProcessEnv, env);
}

/** Standard output as a stream that never blocks; process.stdout does block on pipes and sockets. */
function openOutput(): Socket {
  const kind = fstatSync(1);
  // Reading from a socket tells when the engine has closed it.
  if (kind.isSocket() || kind.isFIFO()) return new Socket({ fd: 1, readable: kind.isSocket(), writable: true });
  return process.stdout;
}

function isOutOfDescriptors(error: unknown): boolean {
  const { errno } = error as NodeJS.ErrnoException;
  return errno === -EMFILE;
}

/** Ends the process, files or no files. */
function exit(status: number): void {
  if (!filesUnderWay()) process.exit(status);
  // Node would wait for its threads, however long a file system takes.
  const until = performance.now() + exitPatienceMs;
  setInterval(() => {
    if (!filesUnderWay()) process.exit(status);
    if (performance.now() >= until) process.kill(process.pid, 'SIGKILL');
  }, 20);
}

function complain(sentence: string): void {
  writeSync(2, `disBatch launcher: ${sentence.replaceAll('\n', ' ')}\n`);
}

/** Says in one line why it cannot go on, and ends. */
function giveUp(status: number, error: unknown): never {
  complain((error as Error).message);
  process.exit(status);
}

async function main(): Promise<void> {
  // The engine decides. USR1 would make Node open a port for a debugger; a task may send it, and the next two, by mistake.
  // With XFSZ handled, a write to a file that is over the limit fails.
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGXFSZ'] as const)
    process.on(signal, () => {});
  closeInherited();
  let args: LauncherArguments;
  try {
    args = readArguments(process.argv.slice(2));
  } catch (error) {
    giveUp(2, error);
  }
  let connection: Socket | undefined;
  try {
    if (args.connect.length > 0) connection = await connectToEngine(args.connect, args.patienceMs);
  } catch (error) {
    giveUp(noEngineStatus, error);
  }
  new PortableLauncher(args, connection);
}

void main();
