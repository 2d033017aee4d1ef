/**
 * The driver's loop: gives the pure core its hands. Runs in the process of the command.
 *
 *   feeder ─► items ──┐                      ┌─► status file
 *   engines ─ messages┼─► reactor (pure) ─►──┼─► engines
 *   user ── signals ──┘                      └─► feeder (pull), log
 *
 * Everything that happens goes through the reactor, one thing after another; nothing happens inside another thing's turn.
 */

import type { ByteString } from '../base/byte-string.ts';
import type { DisbatchError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { leaseTimes } from '../contract/lease-times.ts';
import type { FromContext, FromEngine, ToContext, ToEngine } from '../contract/messages.ts';
import type { RunOverview } from '../contract/overview.ts';
import type { RunningTasks } from '../contract/running.ts';
import type { RunSnapshot } from '../contract/snapshot.ts';
import type { Effects } from './effects.ts';
import type { Feeder } from './feeder.ts';
import { runOverview } from './overview.ts';
import * as reactor from './reactor.ts';
import { runningTasks } from './running-tasks.ts';
import { runState, type RunState } from './run-state.ts';
import { newState, type DriverOptions, type DriverState } from './state.ts';

/** The way to an engine. */
export interface EngineWay {
  send(message: ToEngine): void;
  /** It has not been heard of for too long. */
  drop(): void;
}

/** The way to a context. */
export type ContextWay = (message: ToContext) => void;

export interface DriverParts {
  readonly options: Omit<DriverOptions, 'lease' | 'leaseMargin' | 'patience'>;
  /** Seconds: see leaseTimes. */
  readonly heartbeat: number;
  readonly feeder: Feeder;
  /** Keeps a record. */
  readonly record: Effects['record'];
  readonly log: Logger;
  /** Tells the user. */
  readonly notice: (text: string) => void;
  /** Tells the user that no engine is there, and how one comes. */
  readonly awaitEngines: () => void;
  readonly putBarrierKey: (key: ByteString, taskId: number) => void;
  /** What the names of the run's files begin with, and the name of the task file. */
  readonly prefix: string;
  readonly taskName: string;
  /** Tasks in the whole stream, where that is known. */
  readonly total: number | undefined;
}

export class Driver {
  private readonly parts: DriverParts;
  private readonly state: DriverState;
  private readonly engineWays = new Map<number, EngineWay>();
  private readonly contextWays: ContextWay[] = [];
  private readonly effects: Effects;
  /** Seconds since 1970 at the beginning. From then on the clock that never jumps is what counts: leases hang on it. */
  private readonly start = Date.now() / 1000;
  private readonly startClock = performance.now() / 1000;
  private readonly tickMs: number;
  private pulling = false;
  private wanted = 0;
  private readonly over: Promise<void>;

  constructor(parts: DriverParts) {
    this.parts = parts;
    let finish = (): void => {};
    // It may be over before anybody waits for it.
    this.over = new Promise((resolve) => (finish = resolve));
    const times = leaseTimes(parts.heartbeat);
    this.tickMs = times.tickMs;
    this.state = newState({
      ...parts.options,
      lease: parts.heartbeat,
      leaseMargin: times.marginMs / 1000,
      patience: times.patienceMs / 1000,
    });
    this.effects = {
      toEngine: (rank, message) => this.engineWays.get(rank)?.send(message),
      toContext: (rank, message) => this.contextWays[rank]?.(message),
      dropEngine: (rank) => this.engineWays.get(rank)?.drop(),
      pull: (count) => this.pull(count),
      record: parts.record,
      putBarrierKey: parts.putBarrierKey,
      notice: (text) => {
        parts.log('WARNING', text);
        parts.notice(text);
      },
      log: parts.log,
      awaitEngines: parts.awaitEngines,
      over: finish,
    };
  }

  /** Runs until every engine has left; the snapshot says why. The status file is left open. */
  async run(): Promise<void> {
    const ticks = setInterval(() => reactor.onTick(this.state, this.now(), this.effects), this.tickMs);
    reactor.onStart(this.state, this.now(), this.effects);
    await this.over;
    clearInterval(ticks);
  }

  /** A context is there. Its messages come by `fromContext`, beginning with `joined`. @returns its rank */
  addContext(way: ContextWay): number {
    return this.contextWays.push(way) - 1;
  }

  fromContext(rank: number, message: FromContext): void {
    reactor.onContext(this.state, rank, message, this.now(), this.effects);
  }

  /** Whether an engine of this rank is awaited. */
  awaits(rank: number): boolean {
    return this.state.engines.has(rank) && !this.engineWays.has(rank);
  }

  /** Makes the way to an engine known. Its messages come by `fromEngine`, beginning with `joined`. */
  addEngine(rank: number, way: EngineWay): void {
    this.engineWays.set(rank, way);
  }

  fromEngine(rank: number, message: FromEngine): void {
    reactor.onEngine(this.state, rank, message, this.now(), this.effects);
  }

  /** The connection of an engine is gone, though it has not left. */
  engineBroken(rank: number, problem: string): void {
    reactor.onEngineBroken(this.state, rank, problem, this.now(), this.effects);
  }

  softStop(why: 'soft-stop' | 'time-limit'): void {
    reactor.onSoftStop(this.state, why, this.now(), this.effects);
  }

  /** Stops an engine softly. @returns why not, if it cannot be */
  stopEngine(rank: number): string | undefined {
    return reactor.onStopEngine(this.state, rank, this.now(), this.effects);
  }

  /** Stops the contexts with this label softly. @returns why not, if there is none */
  stopContexts(label: string): string | undefined {
    return reactor.onStopContexts(this.state, label, this.now(), this.effects);
  }

  signal(signal: NodeJS.Signals): void {
    reactor.onSignal(this.state, signal, this.now(), this.effects);
  }

  trouble(error: DisbatchError): void {
    reactor.onTrouble(this.state, error, this.now(), this.effects);
  }

  snapshot(): RunSnapshot {
    const { state } = this;
    return {
      counts: state.counts,
      total: this.parts.total,
      running: state.runningTasks,
      slots: state.slots,
      start: this.start,
      now: this.now(),
      end: state.end,
      failures: state.failures,
    };
  }

  /** The run with its contexts and engines. */
  overview(): RunOverview {
    const { prefix, taskName, total } = this.parts;
    return runOverview(this.state, { prefix, taskName, total, start: this.start, now: this.now() });
  }

  /** What slots run: see running-tasks. */
  running(engines: readonly number[] | undefined, limit: number): RunningTasks {
    return runningTasks(this.state, engines, limit, this.now());
  }

  /** The run as programs see it in the store. */
  runState(): RunState {
    return runState(this.state);
  }

  private now(): number {
    return this.start + performance.now() / 1000 - this.startClock;
  }

  private pull(count: number): void {
    this.wanted += count;
    if (!this.pulling) void this.feed();
  }

  /** Takes from the feeder what the core has asked for. What a source yields slowly is passed on as it comes. */
  private async feed(): Promise<void> {
    this.pulling = true;
    try {
      while (this.wanted > 0 && this.state.phase === 'running') {
        const items = await this.parts.feeder.next(this.wanted);
        if (items === undefined) {
          reactor.onStreamEnd(this.state, this.now(), this.effects);
          break;
        }
        this.wanted = Math.max(0, this.wanted - items.length);
        reactor.onItems(this.state, items, this.now(), this.effects);
      }
    } catch (error) {
      reactor.onTrouble(this.state, error as Error, this.now(), this.effects);
    }
    this.pulling = false;
  }
}
