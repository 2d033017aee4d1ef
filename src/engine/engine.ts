/**
 * An engine: runs the tasks it is given in its slots, through a launcher, and reports what became of them.
 *
 *   start() ─► launcher says hello ─► joined ─► run … started … ended ─► end-tasks ─► tasks-ended ─► leave ─► left
 *
 * Always true: each `run` is answered by exactly one `ended`, also when the task could not be started or the launcher died.
 * When the launcher dies, what it ran is killed, reported as lost, and another launcher takes over the same slots.
 */

import { constants } from 'node:os';
import { asBytes, bytesOfText } from '../base/byte-string.ts';
import { elapsedMs } from '../base/elapsed.ts';
import type { Logger } from '../base/log.ts';
import {
  nothingWritten,
  type FromEngine,
  type Outcome,
  type RunnableTask,
  type ToEngine,
} from '../contract/messages.ts';
import { lostExitCode, noPid } from '../task/status-record.ts';
import { LauncherProcess, type LauncherCommand } from './launcher-process.ts';
import { orphanGraceMs, protocolVersion, sampleHead, sampleTail, type FromLauncher } from './launcher-protocol.ts';
import { killStrays, signalProcess, taskMark } from './stray-processes.ts';
import { engineVariables, laneOfSlot, slotOfLane, taskVariables, type EngineFacts } from './task-env.ts';

/** What an engine needs to know. */
export interface EngineOptions {
  readonly node: string;
  readonly slots: number;
  readonly facts: EngineFacts;
  /** The environment that tasks inherit. */
  readonly env: NodeJS.ProcessEnv;
  /** Launchers in the order of preference: the next is tried when one does not start. */
  readonly launchers: readonly LauncherCommand[];
  /** Open file for what the launcher prints. */
  readonly errorFd: number;
  readonly log: Logger;
  /** How long a launcher may take to its hello: on a busy machine with a slow disk, long. */
  readonly helloMs: number;
}

/** How long a launcher usually gets to its hello. */
export const usualHelloMs = 60_000;

interface BusySlot {
  readonly task: RunnableTask;
  /** Milliseconds since 1970 when it was given to the launcher, for a task that is lost before it started. */
  readonly given: number;
  started: { readonly pid: number; readonly start: number } | undefined;
  /** How often it could not be started for want of something that may come back. */
  refusals: number;
  /** What the last refusal was, while it waits to be tried again. */
  refused: Outcome | undefined;
}

/** Too many processes, too little memory, too many open files: what is missing now may be there in a moment. */
const passingErrors = new Set([
  constants.errno.EAGAIN,
  constants.errno.ENOMEM,
  constants.errno.EMFILE,
  constants.errno.ENFILE,
]);

/** How often a start is tried again after such an error: with waits from 0.1 s, doubled each time, half a minute in all. */
const maxRefusals = 8;
const firstWaitMs = 100;

/**
 * How often a launcher may die in a row without one task ended between, before the engine gives up. More than a task that
 * kills its launcher is run, a few times over: the tasks after it may be well.
 */
const maxDeathsInARow = 10;

/** How long to look for the end of processes that were sent KILL: one that hangs in the kernel never ends. */
const killPatienceMs = 3000;

/** The exit code for a task that could not be started for a reason that has no errno. Source: the original. */
const notStartedCode = 200;

export class Engine {
  private readonly options: EngineOptions;
  private readonly send: (message: FromEngine) => void;
  private readonly busy = new Map<number, BusySlot>();
  private readonly launcherEnv: NodeJS.ProcessEnv;
  private launcher: LauncherProcess | undefined;
  private choice = 0;
  private helloSeen = false;
  private helloTimer: NodeJS.Timeout | undefined;
  private joined = false;
  private deathsInARow = 0;
  private stage: 'up' | 'ending' | 'leaving' | 'left' = 'up';
  private waiting: ToEngine[] = [];
  private leaseUntil: number | undefined;

  constructor(options: EngineOptions, send: (message: FromEngine) => void) {
    this.options = options;
    this.send = send;
    this.launcherEnv = { ...options.env, ...engineVariables(options.facts) };
  }

  start(): void {
    this.startLauncher();
  }

  receive(message: ToEngine): void {
    if (this.stage === 'left') return;
    // While there is no launcher, or not for sure, what comes waits: a launcher that dies before its hello never worked.
    if (this.launcher === undefined || !this.helloSeen) {
      this.waiting.push(message);
      return;
    }
    switch (message.type) {
      case 'run':
        this.run(message.slot, message.task);
        break;
      case 'end-tasks':
        this.stage = 'ending';
        // Those that wait to be tried again are not known to the launcher.
        for (const [slot, { refused }] of this.busy) if (refused !== undefined) this.end(slot, refused);
        this.launcher.send({ type: 'end', graceMs: message.graceMs });
        break;
      case 'heard':
      case 'work-again':
        throw new Error(`${message.type} is for an engine with a lease`);
      case 'leave':
        this.stage = 'leaving';
        // A launcher that is still ending things must not be told to leave: it leaves at its `done`.
        if (message.endBackground) this.launcher.send({ type: 'end', graceMs: orphanGraceMs });
        else this.launcher.send({ type: 'leave' });
        break;
    }
  }

  /**
   * Unless this is called again within so many milliseconds, the launcher ends all tasks, whatever this process does or
   * cannot do. undefined: there is no such bound.
   */
  prolongLease(ms: number | undefined): void {
    this.leaseUntil = ms === undefined ? undefined : elapsedMs() + ms;
    if (this.helloSeen) this.sendLease();
  }

  /** Kills everything at once, without a word to the driver. */
  kill(): void {
    this.stage = 'left';
    this.launcher?.kill();
    this.killBusyGroups();
  }

  private sendLease(): void {
    const ms = this.leaseUntil === undefined ? 0 : Math.max(1, Math.round(this.leaseUntil - elapsedMs()));
    this.launcher?.send({ type: 'lease', ms });
  }

  private run(slot: number, task: RunnableTask): void {
    const given = Date.now();
    if (task.command.includes('\0')) {
      const reason = 'the command holds a NUL byte, and no program can be given one';
      this.send({ type: 'ended', slot, outcome: notStarted(given / 1000, notStartedCode, reason) });
      return;
    }
    this.busy.set(slot, { task, given, started: undefined, refusals: 0, refused: undefined });
    this.startTask(slot, task);
  }

  private startTask(slot: number, task: RunnableTask): void {
    const env = taskVariables(task, slot);
    this.launcher?.send({ type: 'start', lane: laneOfSlot(slot), command: task.command, env });
  }

  private onRefusal(slot: number, { errno, time, reason }: Extract<FromLauncher, { type: 'failed' }>): void {
    const busy = this.busy.get(slot);
    const outcome = notStarted(time, errno, reason);
    if (busy === undefined || !passingErrors.has(errno) || busy.refusals === maxRefusals || this.stage !== 'up') {
      this.end(slot, outcome);
      return;
    }
    busy.refused = outcome;
    const waitMs = firstWaitMs * 2 ** busy.refusals++;
    this.options.log(
      'WARNING',
      `task ${busy.task.taskId} could not be started (${reason}); trying again in ${waitMs} ms`,
    );
    setTimeout(() => {
      // By then the launcher may have died, and the slot been given to another task.
      if (this.busy.get(slot) !== busy) return;
      busy.refused = undefined;
      this.startTask(slot, busy.task);
    }, waitMs);
  }

  private startLauncher(): void {
    const command = this.options.launchers[this.choice];
    if (command === undefined) {
      this.leave('no launcher starts on this node');
      return;
    }
    this.options.log('INFO', `starting the ${command.kind} launcher`);
    const launcher = new LauncherProcess(command, this.launcherEnv, this.options.errorFd, {
      message: (message) => this.onLauncher(message),
      exit: (problem) => void this.onLauncherExit(problem),
    });
    this.launcher = launcher;
    this.helloTimer = setTimeout(() => {
      this.options.log('ERROR', `the launcher did not say hello within ${this.options.helloMs / 1000} s`);
      launcher.kill();
    }, this.options.helloMs);
  }

  private onLauncher(message: FromLauncher): void {
    if (this.stage === 'left') return;
    switch (message.type) {
      case 'hello':
        if (message.version !== protocolVersion) {
          this.options.log('ERROR', `the launcher speaks version ${message.version}, this engine ${protocolVersion}`);
          this.launcher?.kill();
          return;
        }
        this.helloSeen = true;
        clearTimeout(this.helloTimer);
        this.options.log('INFO', `the launcher is up with PID ${message.pid}`);
        if (this.leaseUntil !== undefined) this.sendLease();
        if (!this.joined) {
          this.joined = true;
          this.send({ type: 'joined', node: this.options.node, pid: process.pid, slots: this.options.slots });
        }
        for (const waiting of this.waiting.splice(0)) this.receive(waiting);
        return;
      case 'started': {
        const slot = slotOfLane(message.lane);
        const busy = this.busy.get(slot);
        if (busy === undefined) return;
        busy.started = { pid: message.pid, start: message.start };
        this.send({ type: 'started', slot, pid: message.pid, start: message.start });
        return;
      }
      case 'ended': {
        const { type: _, lane, ...outcome } = message;
        this.end(slotOfLane(lane), outcome);
        return;
      }
      case 'failed':
        this.onRefusal(slotOfLane(message.lane), message);
        return;
      case 'done':
        if (message.swept > 0) this.options.log('INFO', `ended ${message.swept} processes that tasks had left behind`);
        if (this.stage === 'leaving') this.launcher?.send({ type: 'leave' });
        if (this.stage !== 'ending') return;
        this.stage = 'up';
        this.send({ type: 'tasks-ended' });
        return;
    }
  }

  private end(slot: number, outcome: Outcome): void {
    // A frame about an idle lane can only be a mistake of the launcher: it must not become a record.
    if (!this.busy.delete(slot)) {
      this.options.log('ERROR', `the launcher reports the end of nothing in slot ${slot}`);
      return;
    }
    this.deathsInARow = 0;
    this.send({ type: 'ended', slot, outcome });
  }

  private async onLauncherExit(problem: string | undefined): Promise<void> {
    this.launcher = undefined;
    clearTimeout(this.helloTimer);
    if (this.stage === 'left') return;
    if (this.stage === 'leaving') {
      this.leave(undefined);
      return;
    }
    this.options.log('ERROR', problem ?? 'the launcher left by itself');
    if (!this.helloSeen) this.choice++;
    else this.deathsInARow++;
    this.helloSeen = false;
    await this.killBusyTasks();
    if (this.wasKilled()) return;
    if (this.deathsInARow >= maxDeathsInARow) {
      // The driver takes what ran here for lost; to report it first would only bring the next tasks.
      this.leave(`the launcher died ${this.deathsInARow} times in a row (${problem ?? 'it left by itself'})`);
      return;
    }
    this.reportLost();
    if (this.stage === 'ending') {
      this.stage = 'up';
      this.send({ type: 'tasks-ended' });
    }
    this.startLauncher();
  }

  /** Kills what the dead launcher ran, and waits until it is dead. */
  private async killBusyTasks(): Promise<void> {
    const { runId, engineRank } = this.options.facts;
    const marks = [...this.busy].map(([slot, { task }]) => taskMark(runId, engineRank, task.taskId, slot));
    const left = await killStrays(marks, killPatienceMs, () => this.killBusyGroups());
    if (left.length > 0) {
      this.options.log('ERROR', `could not see the end of the processes ${left.join(', ')} of lost tasks`);
    }
  }

  private reportLost(): void {
    const now = Date.now() / 1000;
    for (const [slot, { started, given }] of [...this.busy]) {
      this.busy.delete(slot);
      const outcome = { ...notStarted(started?.start ?? given / 1000, lostExitCode, ''), finish: now };
      this.send({ type: 'ended', slot, outcome });
    }
  }

  private killBusyGroups(): void {
    for (const { started } of this.busy.values()) {
      if (started !== undefined) signalProcess(-started.pid, 'SIGKILL');
    }
  }

  /** Asked again after a wait: kill() may have come in between. */
  private wasKilled(): boolean {
    return this.stage === 'left';
  }

  private leave(problem: string | undefined): void {
    this.stage = 'left';
    this.send({ type: 'left', problem });
  }
}

function notStarted(time: number, exitCode: number, reason: string): Outcome {
  const text = bytesOfText(reason);
  const [head, rest] = [text.slice(0, sampleHead), text.slice(sampleHead)];
  return {
    pid: noPid,
    exitCode,
    start: time,
    finish: time,
    output: nothingWritten,
    error: { bytes: text.length, head: asBytes(head), tail: asBytes(rest.slice(-sampleTail)) },
    usage: undefined,
  };
}
