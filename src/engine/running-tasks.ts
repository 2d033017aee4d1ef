/**
 * What runs in the slots of an engine, and the starts that are tried again. Runs in the engine's process.
 *
 *   begin ─► started ─► end
 *     └─► refused ─ for want of what may come back ─► tried again … ─► end
 *
 * Always true: each task that has begun ends once, by `end` or, with its launcher, by `lose`.
 */

import { constants } from 'node:os';
import { asBytes, bytesOfText } from '../base/byte-string.ts';
import type { Logger } from '../base/log.ts';
import { nothingWritten, type Outcome, type RunnableTask } from '../contract/messages.ts';
import { lostExitCode, noPid } from '../task/status-record.ts';
import { sampleHead, sampleTail, type FromLauncher } from './launcher-protocol.ts';
import { killStrays, signalProcess, taskMark } from './stray-processes.ts';
import type { EngineFacts } from './task-env.ts';

interface RunningTask {
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

/** How long to look for the end of processes that were sent KILL: one that hangs in the kernel never ends. */
const killPatienceMs = 3000;

/** The exit code for a task that could not be started for a reason that has no errno. Source: the original. */
const notStartedCode = 200;

export interface RunningTasksParts {
  readonly facts: EngineFacts;
  readonly log: Logger;
  /** Has the launcher of a slot start a task. */
  readonly start: (slot: number, task: RunnableTask) => void;
  /** Tells how a task ended. */
  readonly ended: (slot: number, outcome: Outcome) => void;
}

export class RunningTasks {
  private readonly parts: RunningTasksParts;
  private readonly running = new Map<number, RunningTask>();

  constructor(parts: RunningTasksParts) {
    this.parts = parts;
  }

  /** Begins a task. The launcher of its slot is there. */
  begin(slot: number, task: RunnableTask): void {
    const given = Date.now();
    if (task.command.includes('\0')) {
      const reason = 'the command holds a NUL byte, and no program can be given one';
      this.parts.ended(slot, notStarted(given / 1000, notStartedCode, reason));
      return;
    }
    this.running.set(slot, { task, given, started: undefined, refusals: 0, refused: undefined });
    this.parts.start(slot, task);
  }

  /** @returns whether a task runs there */
  started(slot: number, pid: number, start: number): boolean {
    const running = this.running.get(slot);
    if (running === undefined) return false;
    running.started = { pid, start };
    return true;
  }

  /** @returns whether a task ran there: what is said of an idle slot is a mistake, and must not become a record */
  end(slot: number, outcome: Outcome): boolean {
    if (!this.running.delete(slot)) {
      this.parts.log('ERROR', `the launcher reports the end of nothing in slot ${slot}`);
      return false;
    }
    this.parts.ended(slot, outcome);
    return true;
  }

  /** The launcher could not start a task. @returns whether that is its end */
  refuse(
    slot: number,
    { errno, time, reason }: Extract<FromLauncher, { type: 'failed' }>,
    mayTryAgain: boolean,
  ): boolean {
    const running = this.running.get(slot);
    const outcome = notStarted(time, errno, reason);
    if (running === undefined || !passingErrors.has(errno) || running.refusals === maxRefusals || !mayTryAgain) {
      return this.end(slot, outcome);
    }
    running.refused = outcome;
    const waitMs = firstWaitMs * 2 ** running.refusals++;
    this.parts.log(
      'WARNING',
      `task ${running.task.taskId} could not be started (${reason}); trying again in ${waitMs} ms`,
    );
    setTimeout(() => {
      // By then the launcher may have died, and the slot been given to another task.
      if (this.running.get(slot) !== running) return;
      running.refused = undefined;
      this.parts.start(slot, running.task);
    }, waitMs);
    return false;
  }

  /** Ends those that wait to be tried again: the launcher does not know of them. */
  endRefused(): void {
    for (const [slot, { refused }] of [...this.running]) if (refused !== undefined) this.end(slot, refused);
  }

  /** Kills what runs in these slots, and waits until it is dead: for tasks whose launcher cannot do it any more. */
  async kill(isMeant: (slot: number) => boolean): Promise<void> {
    const { facts, log } = this.parts;
    const tasks = [...this.running].filter(([slot]) => isMeant(slot));
    if (tasks.length === 0) return;
    const marks = tasks.map(([slot, { task }]) => taskMark(facts.runId, facts.engineRank, task.taskId, slot));
    const meant = tasks.map(([, running]) => running);
    const left = await killStrays(marks, killPatienceMs, () => killGroups(meant));
    if (left.length > 0) log('ERROR', `could not see the end of the processes ${left.join(', ')} of lost tasks`);
  }

  /** Kills all process groups that are known, without looking what becomes of them. */
  killGroups(): void {
    killGroups(this.running.values());
  }

  /** Reports what ran in these slots as lost. It is dead. */
  lose(isMeant: (slot: number) => boolean): void {
    const now = Date.now() / 1000;
    for (const [slot, { started, given }] of [...this.running]) {
      if (!isMeant(slot)) continue;
      this.running.delete(slot);
      const outcome = { ...notStarted(started?.start ?? given / 1000, lostExitCode, ''), finish: now };
      this.parts.ended(slot, outcome);
    }
  }
}

function killGroups(tasks: Iterable<RunningTask>): void {
  for (const { started } of tasks) {
    if (started !== undefined) signalProcess(-started.pid, 'SIGKILL');
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
    error: { bytes: text.length, head: asBytes(head), tail: asBytes(rest.slice(-sampleTail)), fileError: 0 },
    usage: undefined,
  };
}
