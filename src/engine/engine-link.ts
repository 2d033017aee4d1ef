/**
 * What stands between an engine and its connection to the driver: pulses, and the lease. Pure: the time is a parameter, in
 * milliseconds.
 *
 *   linked ── the lease ends ─► ending ── no task runs ─► idle ── the driver wants it again ─► linked
 *      ├───── the connection breaks ─► broken ── no task runs ─► over
 *      └───── ended from outside ─► interrupted ── no task runs ─► over
 *
 * Always true: when the lease has ended, or the connection is gone, no task is started; and what the driver sent before it
 * knew of the end of the lease is void.
 */

import type { FromEngine, ToEngine } from '../contract/messages.ts';
import type { LeaseTimes } from '../contract/lease-times.ts';
import { Lease } from './lease.ts';

export interface LinkEnds {
  toDriver(message: FromEngine): void;
  toEngine(message: ToEngine): void;
  /** Its launcher is to end all tasks unless this is called again within so many milliseconds; undefined: no more. */
  prolong(ms: number | undefined): void;
  /** The engine has left; or nobody needs it any more, for the reason that is given. Called once. */
  over(problem: string | undefined): void;
}

export class EngineLink {
  private readonly times: LeaseTimes;
  private readonly ends: LinkEnds;
  private readonly lease: Lease;
  private stage: 'linked' | 'ending' | 'idle' | 'interrupted' | 'broken' | 'over' = 'linked';
  private nextPulse: number;
  /** When the driver was last told that the lease has ended, and since when it is idle. */
  private told = 0;
  private idleSince = 0;
  private leave: ToEngine | undefined;
  private problem: string | undefined;

  constructor(times: LeaseTimes, now: number, ends: LinkEnds) {
    this.times = times;
    this.ends = ends;
    this.lease = new Lease(times.leaseMs, now);
    this.nextPulse = now;
  }

  /** Whether the engine has left. */
  get isOver(): boolean {
    return this.stage === 'over';
  }

  fromDriver(message: ToEngine, now: number): void {
    switch (message.type) {
      case 'heard':
        this.lease.heard(message.pulse);
        if (this.stage === 'linked' || this.stage === 'interrupted') this.prolong(now);
        return;
      case 'work-again':
        if (this.stage === 'idle') this.onWorkAgain(now);
        return;
      case 'leave':
        // An engine that still ends its tasks leaves when it has.
        if (this.stage === 'ending') this.leave = message;
        else if (this.stage === 'linked' || this.stage === 'idle') this.ends.toEngine(message);
        return;
      case 'run':
        // The lease may have ended since the last look at the time.
        this.tick(now);
        if (this.isLinked()) this.ends.toEngine(message);
        return;
      case 'end-tasks':
        if (this.stage === 'linked') this.ends.toEngine(message);
        return;
    }
  }

  fromEngine(message: FromEngine, now: number): void {
    if (this.stage === 'over') return;
    switch (message.type) {
      case 'joined':
        if (this.stage === 'linked') this.prolong(now);
        break;
      case 'left':
        if (this.stage !== 'broken') this.ends.toDriver({ ...message, problem: message.problem ?? this.problem });
        this.stage = 'over';
        this.ends.over(message.problem ?? this.problem);
        return;
      case 'ended':
        // What was ended for want of a lease is not the task's doing.
        if (this.stage === 'ending' && message.outcome.exitCode !== 0) return;
        break;
      case 'tasks-ended':
        if (this.stage === 'ending') {
          this.onIdle(now);
          return;
        }
        if (this.stage === 'broken' || this.stage === 'interrupted') {
          this.ends.toEngine({ type: 'leave', endBackground: true });
          return;
        }
        break;
      default:
        break;
    }
    if (this.stage !== 'broken') this.ends.toDriver(message);
  }

  /** To be called at least every tickMs. */
  tick(now: number): void {
    if (this.stage === 'linked') {
      if (this.lease.hasEnded(now)) {
        this.stage = 'ending';
        this.ends.toEngine({ type: 'end-tasks', graceMs: this.times.graceMs });
      } else if (now >= this.nextPulse) {
        this.sendPulse(now);
      }
    } else if (this.stage === 'interrupted') {
      // Its tasks are being ended; the driver is to know that it is still there.
      if (now >= this.nextPulse) this.sendPulse(now);
    } else if (this.stage === 'idle' && now - this.idleSince > this.times.patienceMs) {
      this.giveUp(`the driver has not been heard of for ${Math.round((now - this.idleSince) / 1000)} s`);
    }
  }

  /** Somebody ends the engine from outside: it ends its tasks and leaves, and the driver hears of it first. */
  interrupt(why: string, now: number): void {
    // A second signal must not keep its last words from the driver.
    if (this.stage === 'interrupted') return;
    this.tick(now);
    if (this.isLinked()) {
      this.stage = 'interrupted';
      this.problem = why;
      this.ends.toDriver({ type: 'ending', why });
      this.ends.toEngine({ type: 'end-tasks', graceMs: this.times.graceMs });
    } else {
      this.broken(why);
    }
  }

  /** The connection to the driver is gone. */
  broken(problem: string): void {
    if (this.stage === 'over' || this.stage === 'broken') return;
    this.giveUp(problem);
  }

  private giveUp(problem: string): void {
    this.problem = problem;
    const { stage } = this;
    this.stage = 'broken';
    // One that is interrupted ends its tasks already.
    if (stage === 'idle') this.ends.toEngine({ type: 'leave', endBackground: true });
    else if (stage === 'linked') this.ends.toEngine({ type: 'end-tasks', graceMs: this.times.graceMs });
  }

  private onIdle(now: number): void {
    this.stage = 'idle';
    this.idleSince = now;
    this.ends.prolong(undefined);
    if (this.leave !== undefined) this.ends.toEngine(this.leave);
    else this.tellDriver(now);
  }

  private onWorkAgain(now: number): void {
    this.lease.renew(this.told);
    if (this.lease.hasEnded(now)) {
      // The answer was too long under way to prolong anything.
      this.tellDriver(now);
    } else {
      this.stage = 'linked';
      this.prolong(now);
      this.sendPulse(now);
    }
  }

  /** The engine ends its tasks in time; the launcher is there for when the engine cannot. */
  private prolong(now: number): void {
    this.ends.prolong(this.lease.left(now) + this.times.launcherMs);
  }

  private tellDriver(now: number): void {
    this.told = now;
    this.ends.toDriver({ type: 'lease-ended' });
  }

  private sendPulse(now: number): void {
    this.nextPulse = now + this.times.pulseMs;
    this.ends.toDriver({ type: 'pulse', pulse: this.lease.pulse(now) });
  }

  /** Asked again after a look at the time. */
  private isLinked(): boolean {
    return this.stage === 'linked';
  }
}
