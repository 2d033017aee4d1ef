/**
 * The driver's loop: gives the pure core its hands. Runs in the process of the command.
 *
 *   feeder ─► items ──┐                      ┌─► status file
 *   engines ─ messages┼─► reactor (pure) ─►──┼─► engines
 *   user ── signals ──┘                      └─► feeder (pull), log
 *
 * Everything that happens goes through the reactor, one thing after another; nothing happens inside another thing's turn.
 */

import type { Logger } from '../base/log.ts';
import type { FromEngine, ToEngine } from '../contract/messages.ts';
import type { RunSnapshot } from '../contract/snapshot.ts';
import type { DisbatchError } from '../base/errors.ts';
import type { Effects } from './effects.ts';
import type { Feeder } from './feeder.ts';
import { onEngine, onItems, onSignal, onSoftStop, onStart, onStreamEnd, onTrouble } from './reactor.ts';
import { newState, type DriverOptions, type DriverState } from './state.ts';
import type { StatusFile } from './status-file.ts';

/** Where the driver sends what is meant for an engine. */
export type EngineLink = (message: ToEngine) => void;

export interface DriverParts {
  readonly options: DriverOptions;
  readonly feeder: Feeder;
  readonly status: StatusFile;
  readonly log: Logger;
  /** Tasks in the whole stream, where that is known. */
  readonly total: number | undefined;
}

export class Driver {
  private readonly parts: DriverParts;
  private readonly state: DriverState;
  private readonly links = new Map<number, EngineLink>();
  private readonly effects: Effects;
  private readonly start = Date.now() / 1000;
  private pulling = false;
  private wanted = 0;
  private finish: (() => void) | undefined;

  constructor(parts: DriverParts) {
    this.parts = parts;
    this.state = newState(parts.options);
    this.effects = {
      toEngine: (rank, message) => this.links.get(rank)?.(message),
      pull: (count) => this.pull(count),
      record: (record) => parts.status.append(record),
      log: parts.log,
      over: () => this.finish?.(),
    };
  }

  /** Runs until every engine has left; the snapshot says why. The status file is left open. */
  run(): Promise<void> {
    return new Promise((resolve) => {
      this.finish = resolve;
      onStart(this.state, this.now(), this.effects);
    });
  }

  /** Makes an engine known. Its messages come by `fromEngine`, beginning with `joined`. */
  link(rank: number, link: EngineLink): void {
    this.links.set(rank, link);
  }

  fromEngine(rank: number, message: FromEngine): void {
    onEngine(this.state, rank, message, this.now(), this.effects);
  }

  softStop(): void {
    onSoftStop(this.state, this.now(), this.effects);
  }

  signal(signal: NodeJS.Signals): void {
    onSignal(this.state, signal, this.now(), this.effects);
  }

  trouble(error: DisbatchError): void {
    onTrouble(this.state, error, this.now(), this.effects);
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

  private now(): number {
    return Date.now() / 1000;
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
          onStreamEnd(this.state, this.now(), this.effects);
          break;
        }
        this.wanted = Math.max(0, this.wanted - items.length);
        onItems(this.state, items, this.now(), this.effects);
      }
    } catch (error) {
      onTrouble(this.state, error as Error, this.now(), this.effects);
    }
    this.pulling = false;
  }
}
