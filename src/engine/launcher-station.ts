/**
 * The place of one launcher in an engine: one is started, or comes by itself; when it dies another takes its place.
 *
 *   start() ─► awaited ── hello ─► up ── told to leave, exits ─► left
 *                 ▲                │
 *                 └── seen to ◄── died           (no hello in time, or none that could be tried: failed)
 *
 * Always true: what was asked for while no launcher was up is done in order when one is; and another is up only after the
 * engine has seen to what the dead one ran.
 */

import type { Socket } from 'node:net';
import { elapsedMs } from '../base/elapsed.ts';
import type { Logger } from '../base/log.ts';
import { ConnectedLauncher } from './connected-launcher.ts';
import type { LauncherLink } from './launcher-link.ts';
import { protocolVersion, type FromLauncher } from './launcher-protocol.ts';
import { SpawnedLauncher, type LauncherCommand } from './spawned-launcher.ts';

export type Hello = Extract<FromLauncher, { type: 'hello' }>;

export interface StationParts {
  /** For the log: which launcher it is. */
  readonly name: string;
  /** Launchers to start, in the order of preference; none for a place that a launcher comes to by itself. */
  readonly commands: readonly LauncherCommand[] | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Open file for what a launcher prints that is started here. */
  readonly errorFd: number;
  readonly log: Logger;
  /** How long a launcher may take to its hello, in milliseconds. */
  readonly helloMs: number;
}

export interface StationEvents {
  up(hello: Hello): void;
  message(message: Exclude<FromLauncher, { type: 'hello' }>): void;
  /** It is gone, though nobody told it to. Resolves when what it ran is seen to; undefined: no other is wanted. */
  died(problem: string): Promise<'go on' | 'stop'>;
  left(): void;
  /** None comes any more. */
  failed(problem: string): void;
}

export class LauncherStation {
  private readonly parts: StationParts;
  private readonly events: StationEvents;
  private link: LauncherLink | undefined;
  private stage: 'awaited' | 'up' | 'dying' | 'over' = 'awaited';
  private leaving = false;
  private choice = 0;
  private helloTimer: NodeJS.Timeout | undefined;
  private waiting: ((link: LauncherLink) => void)[] = [];
  /** It came before the one before it was seen to. */
  private next: { readonly link: LauncherLink; readonly hello: Hello } | undefined;
  private leaseUntil: number | undefined;

  constructor(parts: StationParts, events: StationEvents) {
    this.parts = parts;
    this.events = events;
  }

  /** Whether launchers come to it by themselves. */
  get isOpen(): boolean {
    return this.parts.commands === undefined;
  }

  /** When nothing is left here of a launcher that was killed. */
  async closed(): Promise<void> {
    await this.link?.closed;
  }

  start(): void {
    this.stage = 'awaited';
    if (this.isOpen) this.awaitHello(() => this.fail(`${this.parts.name} did not come`));
    else this.spawn();
  }

  /** Does something with the launcher: at once, or when one is up. */
  do(action: (link: LauncherLink) => void): void {
    if (this.stage === 'up' && this.link !== undefined) action(this.link);
    else this.waiting.push(action);
  }

  /** Has the launcher leave; `action` tells it how. */
  leave(action: (link: LauncherLink) => void): void {
    this.leaving = true;
    // Who has not come is not waited for: it finds nobody.
    if (this.isOpen && this.stage !== 'up') this.finish();
    else this.do(action);
  }

  /** @param until - of elapsedMs; undefined: no bound */
  prolong(until: number | undefined): void {
    this.leaseUntil = until;
    if (this.stage === 'up') this.sendLease();
  }

  /** Kills at once, without a word. */
  kill(): void {
    this.stage = 'over';
    clearTimeout(this.helloTimer);
    this.link?.kill();
    this.next?.link.kill();
  }

  /** A launcher has come by itself. */
  adopt(link: LauncherLink, hello: Hello): void {
    if (this.stage === 'over' || this.leaving) {
      link.kill();
      return;
    }
    this.next?.link.kill();
    this.next = { link, hello };
    // The end of the one before may not have been noticed yet.
    if (this.link !== undefined && this.stage === 'up') this.gone(this.link, 'another has taken its place');
    else if (this.stage === 'awaited') this.takeNext();
  }

  take(link: LauncherLink, message: FromLauncher): void {
    if (link !== this.link) return;
    if (message.type === 'hello') this.greet(link, message);
    else this.events.message(message);
  }

  gone(link: LauncherLink, problem: string | undefined): void {
    if (this.next?.link === link) this.next = undefined;
    if (link !== this.link || this.stage === 'over') return;
    this.link = undefined;
    clearTimeout(this.helloTimer);
    if (this.leaving) {
      this.finish();
      return;
    }
    const { log, name } = this.parts;
    const said = problem ?? 'it left by itself';
    log('ERROR', `${name}: ${said}`);
    if (this.stage !== 'up') this.choice++;
    this.stage = 'dying';
    link.kill();
    void this.events.died(said).then((verdict) => {
      if (this.stage !== 'dying') return;
      if (verdict === 'stop') this.stage = 'over';
      else if (this.leaving && this.isOpen) this.finish();
      else if (this.next === undefined) this.start();
      else this.takeNext();
    });
  }

  private spawn(): void {
    const { commands, env, errorFd, helloMs, log } = this.parts;
    const command = commands?.[this.choice];
    if (command === undefined) {
      this.fail('no launcher starts on this node');
      return;
    }
    log('INFO', `starting the ${command.kind} launcher`);
    const link: LauncherLink = new SpawnedLauncher(command, env, errorFd, {
      message: (message) => this.take(link, message),
      exit: (problem) => this.gone(link, problem),
    });
    this.link = link;
    this.awaitHello(() => {
      log('ERROR', `the launcher did not say hello within ${helloMs / 1000} s`);
      link.kill();
    });
  }

  private takeNext(): void {
    const { next } = this;
    if (next === undefined) return;
    this.next = undefined;
    this.link = next.link;
    this.stage = 'awaited';
    this.greet(next.link, next.hello);
  }

  private greet(link: LauncherLink, hello: Hello): void {
    const { log, name } = this.parts;
    if (hello.version !== protocolVersion) {
      log('ERROR', `${name} speaks version ${hello.version}, this engine ${protocolVersion}`);
      link.kill();
      return;
    }
    clearTimeout(this.helloTimer);
    this.stage = 'up';
    log('INFO', `${name} is up with PID ${hello.pid}`);
    if (this.leaseUntil !== undefined) this.sendLease();
    this.events.up(hello);
    for (const action of this.waiting.splice(0)) this.do(action);
  }

  private sendLease(): void {
    const { leaseUntil } = this;
    const ms = leaseUntil === undefined ? 0 : Math.max(1, Math.round(leaseUntil - elapsedMs()));
    this.link?.send({ type: 'lease', ms });
  }

  private awaitHello(late: () => void): void {
    clearTimeout(this.helloTimer);
    this.helloTimer = setTimeout(late, this.parts.helloMs);
  }

  private finish(): void {
    if (this.stage === 'over') return;
    this.stage = 'over';
    clearTimeout(this.helloTimer);
    this.events.left();
  }

  private fail(problem: string): void {
    this.stage = 'over';
    clearTimeout(this.helloTimer);
    this.events.failed(problem);
  }
}

/** Has a launcher that has connected say which slot it is of, and hands it to the station of that slot. */
export function receiveLauncher(
  socket: Socket,
  stationOf: (slot: number) => LauncherStation | undefined,
  helloMs: number,
): void {
  let station: LauncherStation | undefined;
  const late = setTimeout(() => link.kill(), helloMs);
  const link: LauncherLink = new ConnectedLauncher(socket, {
    message: (message) => {
      clearTimeout(late);
      if (station !== undefined) {
        station.take(link, message);
        return;
      }
      station = message.type === 'hello' ? stationOf(message.slot) : undefined;
      if (station !== undefined && message.type === 'hello') station.adopt(link, message);
      else link.kill();
    },
    exit: (problem) => {
      clearTimeout(late);
      station?.gone(link, problem);
    },
  });
}
