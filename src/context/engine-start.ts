/**
 * One engine on one node, over a transport: start, retries, its words, its end. Runs where the context does.
 *
 *   new ─start()─► waiting ─► starting ─up─► up ─► over
 *                     ▲           │                  ▲
 *                     └─ retry ───┴── no more tries ─┘        (close() and kill() end it from each state)
 *
 * waiting: for a place in the queue, or for the time of the next try. The engine is given its config only after engine.sh
 * has said that it runs. So a start that was given up never becomes an engine, and no node has two of one rank.
 */

import type { Logger } from '../base/log.ts';
import { visible } from '../base/terminal-text.ts';
import type { NodePlan, SessionEnd, StartCommand, StartTrouble, Transport } from './context.ts';
import type { EngineCommand } from './engine-command.ts';
import type { EngineWord } from './engine-lines.ts';
import { EngineSession } from './engine-session.ts';
import type { StartPlace, StartQueue } from './start-queue.ts';

export interface EngineStartOptions {
  readonly node: NodePlan;
  readonly transport: Transport;
  readonly command: EngineCommand;
  /** One line for the engine's standard input. It holds the run's key: it is never logged and never an argument. */
  readonly config: string;
  /** Shared by all nodes of the context. */
  readonly queue: StartQueue;
  /** Where goes what the engine's processes and the transport print; open until `ended`. */
  readonly wrapFd: number;
  readonly log: Logger;
}

/** How an engine's process, or the way to it, ended. */
export interface EngineEnd {
  readonly problem: string | undefined;
  /** Neither the engine nor a task of it runs any more. */
  readonly dead: boolean;
  /** The engine's exit status, or that of what led to it; 0 when it left in good order. */
  readonly status: number;
}

export interface EngineStartEvents {
  /** engine.sh runs there, and Node is being started. */
  up(): void;
  /**
   * Once, the last event. `problem` is a sentence that begins with the node; undefined when the engine left in good order,
   * and after a kill here or a close before it was up. `dead`: neither the engine nor any of its tasks lives.
   */
  ended(how: EngineEnd): void;
}

/** How long a start may hold its place in the queue, in milliseconds: then it is through with what sshd bounds. */
const placeMs = 20_000;

export class EngineStart {
  private readonly options: EngineStartOptions;
  private readonly events: EngineStartEvents;
  private phase: 'new' | 'waiting' | 'starting' | 'up' | 'over' = 'new';
  private killed = false;
  private session: EngineSession | undefined;
  private place: StartPlace | undefined;
  private stopWaiting: () => void = () => {};
  private stopTimers: () => void = () => {};
  private tries = 0;
  private spentMs = 0;
  private triedAtMs = 0;
  /** Why there is no engine, as the other side said. */
  private saidProblem: string | undefined;
  /** How the engine ended, as the other side said. */
  private saidEnd: Extract<EngineWord, { readonly status: number }> | undefined;
  private tookTooLong = false;

  constructor(options: EngineStartOptions, events: EngineStartEvents) {
    this.options = options;
    this.events = events;
  }

  start(): void {
    if (this.phase !== 'new') return;
    this.waitForPlace();
  }

  /** The context has nothing more to say: ends the engine's standard input, and a start that is under way. */
  close(): void {
    if (this.phase === 'up') this.session?.endInput();
    else this.giveUp();
  }

  /** Ends the connection at once. What becomes of the engine there is not known then. */
  kill(): void {
    this.killed = true;
    if (this.phase === 'up') this.session?.kill();
    else this.giveUp();
  }

  private waitForPlace(): void {
    this.phase = 'waiting';
    this.stopWaiting = this.options.queue.enter((place) => void this.attempt(place));
  }

  private async attempt(place: StartPlace): Promise<void> {
    const { options } = this;
    this.phase = 'starting';
    this.place = place;
    this.tries += 1;
    this.triedAtMs = performance.now();
    options.log('DEBUG', `${this.name}: ${options.transport.name}, try ${this.tries}`);
    try {
      const command = await options.transport.command(options.node, options.command);
      if (this.hasEnded()) return;
      this.session = this.openSession(command, place);
    } catch (error) {
      this.concludeStart({ status: undefined, how: (error as Error).message, started: false, errors: '', output: '' });
    }
  }

  private openSession(command: StartCommand, place: StartPlace): EngineSession {
    const timers = [setTimeout(() => place.leave('failed'), placeMs)];
    if (command.limitMs !== undefined) {
      const expire = (): void => {
        this.tookTooLong = true;
        this.session?.kill();
      };
      timers.push(setTimeout(expire, command.limitMs));
    }
    this.stopTimers = () => timers.forEach((timer) => clearTimeout(timer));
    return new EngineSession(command, this.options.wrapFd, {
      word: (word) => this.hear(word),
      ended: (end) => {
        this.session = undefined;
        if (this.phase === 'up') this.concludeEngine(end);
        else this.concludeStart(end);
      },
    });
  }

  private hear(word: EngineWord): void {
    switch (word.type) {
      case 'up':
        if (this.phase === 'starting') this.comeUp();
        return;
      case 'problem':
        this.saidProblem = spoken(word.sentence);
        return;
      case 'gone':
      case 'left':
        this.saidEnd = word;
        return;
    }
  }

  private comeUp(): void {
    this.phase = 'up';
    this.stopTimers();
    this.place?.leave('through');
    this.options.log(
      'INFO',
      `${this.name}: ${this.options.transport.name} is through, and the engine is being started`,
    );
    this.session?.write(`${this.options.config}\n`);
    this.events.up();
  }

  /** A command ended before engine.sh had said that it runs. */
  private concludeStart(end: SessionEnd): void {
    const { queue, log } = this.options;
    const { failure, reason } = this.failureOf(end);
    const place = this.place;
    this.stopTimers();
    this.spentMs += performance.now() - this.triedAtMs;
    const waitMs = queue.retryAfterMs(failure, this.tries, this.spentMs);
    const sentence = `${this.name}: ${reason}`;
    if (waitMs === undefined) {
      this.end(`${sentence}.`, true, end.status ?? 1);
    } else {
      log('INFO', `${sentence}; tried again in ${(waitMs / 1000).toFixed(1)} s`);
      this.phase = 'waiting';
      const timer = setTimeout(() => this.waitForPlace(), waitMs);
      this.stopWaiting = () => clearTimeout(timer);
      this.spentMs += waitMs;
    }
    // Others may start within this call, so it is the last thing done.
    place?.leave(failure === 'dropped' ? 'dropped' : 'failed');
  }

  private failureOf(end: SessionEnd): StartTrouble {
    const { transport } = this.options;
    if (this.saidProblem !== undefined) return { failure: 'final', reason: this.saidProblem };
    if (this.tookTooLong) {
      const words = transport.lastWords(end.errors);
      const why = words === undefined ? '' : `: ${words}`;
      return { failure: 'final', reason: `${transport.name} did not get through in time${why}` };
    }
    if (!end.started) {
      // Want of processes, memory or open files may pass.
      const passing = /\b(EAGAIN|EMFILE|ENFILE|ENOMEM)\b/.test(end.how);
      const reason = `${transport.name} cannot be started (${end.how})`;
      return { failure: passing ? 'unreachable' : 'final', reason };
    }
    // A signal that somebody sent to it here may not come a second time.
    if (end.status === undefined) {
      return { failure: 'unreachable', reason: `${transport.name} was ended by ${end.how}` };
    }
    return transport.readFailure(end);
  }

  /** A command ended through which an engine had been started. */
  private concludeEngine(end: SessionEnd): void {
    const said = this.saidEnd;
    const problem = this.saidProblem ?? engineProblem(said, end, this.options.transport);
    const sentence = problem === undefined || this.killed ? undefined : `${this.name}: ${problem}.`;
    this.end(sentence, said?.type === 'gone', said?.status ?? (problem === undefined ? 0 : end.status || 1));
  }

  /** Ends a start, or what waits for one: no engine has been given its config. */
  private giveUp(): void {
    if (this.phase === 'over') return;
    const { session, place } = this;
    this.stopWaiting();
    this.stopTimers();
    session?.abandon();
    this.end(undefined, true, 0);
    place?.leave('failed');
  }

  private hasEnded(): boolean {
    return this.phase === 'over';
  }

  private end(problem: string | undefined, dead: boolean, status: number): void {
    this.phase = 'over';
    if (problem !== undefined) this.options.log('ERROR', problem);
    else this.options.log('INFO', `${this.name}: the engine's ${this.options.transport.name} has ended`);
    this.events.ended({ problem, dead, status });
  }

  private get name(): string {
    return this.options.node.name;
  }
}

/** Why an engine or the connection with it ended, for a sentence; undefined when it left in good order. */
function engineProblem(
  said: { readonly type: 'gone' | 'left'; readonly status: number } | undefined,
  end: SessionEnd,
  transport: Transport,
): string | undefined {
  if (said?.type === 'left') {
    return `the engine ended with ${statusInWords(said.status)}, and some of its tasks may still run`;
  }
  if (said?.type === 'gone') {
    return said.status === 0
      ? undefined
      : `the engine ended with ${statusInWords(said.status)}; all its tasks have ended`;
  }
  if (end.status === undefined) return `${transport.name} was ended by ${end.how}`;
  return transport.lastWords(end.errors) ?? `the connection ended without a word (${transport.name}: ${end.how})`;
}

/** An exit status as a shell counts it. */
function statusInWords(status: number): string {
  return status > 128 && status < 193 ? `signal ${status - 128}` : `exit status ${status}`;
}

/** A sentence of the other side's, safe to show and without its full stop. */
function spoken(sentence: string): string {
  return visible(sentence).replace(/\.$/, '').slice(0, 1000);
}
