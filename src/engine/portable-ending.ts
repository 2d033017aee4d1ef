/**
 * One END in the portable launcher: TERM to the groups of all running tasks, and KILL to those left after the grace.
 *
 * Over when all tasks are reported and nothing of their process groups is left, or the KILL was sent. Nothing tells when
 * a group has become empty, so it is looked at every now and then.
 */

import { constants } from 'node:os';
import { type RunningTask, signalGroup } from './portable-task.ts';

const { SIGTERM, SIGCONT, SIGKILL } = constants.signals;

const lookAgainMs = 20;

export class Ending {
  private graceUntil: number;
  private killSent: number | undefined;
  private groups: readonly number[];
  private readonly timer: NodeJS.Timeout;

  /**
   * Sends TERM, and CONT so that a stopped task gets it.
   *
   * @param tasks - those that run
   * @param graceMs - from now to the KILL
   * @param look - called now and then until `close`; is to call `isOver`
   */
  constructor(tasks: readonly RunningTask[], graceMs: number, look: () => void) {
    this.graceUntil = performance.now() + graceMs;
    this.groups = tasks.map((task) => task.pid);
    for (const task of tasks) task.signal(SIGTERM);
    for (const task of tasks) task.signal(SIGCONT);
    this.timer = setInterval(look, lookAgainMs);
  }

  /** A second END, or the end of the engine, can only shorten the grace of the first. */
  shorten(graceMs: number): void {
    this.graceUntil = Math.min(this.graceUntil, performance.now() + graceMs);
  }

  /** Sends the KILL when it is due. Whether there is nothing more to wait for, given how many tasks are not reported yet. */
  isOver(unreported: number): boolean {
    this.groups = this.groups.filter((pid) => signalGroup(pid, 0));
    if (this.killSent === undefined && performance.now() >= this.graceUntil) {
      this.killSent = performance.now();
      for (const pid of this.groups) signalGroup(pid, SIGKILL);
    }
    return unreported === 0 && (this.killSent !== undefined || this.groups.length === 0);
  }

  /** Whether the KILL was sent so long ago. */
  isPastKill(ms: number): boolean {
    return this.killSent !== undefined && performance.now() >= this.killSent + ms;
  }

  close(): void {
    clearInterval(this.timer);
  }
}
