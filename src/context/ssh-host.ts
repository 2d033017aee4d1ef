/**
 * One engine on one host, over the system's ssh: start, retries, its words, its end. In the driver's process.
 *
 *   new ─start()─► waiting ─► starting ─up─► up ─► over
 *                     ▲           │                  ▲
 *                     └─ retry ───┴── no more tries ─┘        (close() and kill() end it from each state)
 *
 * waiting: for a place in the queue, or for the time of the next try. The engine is given its config only after engine.sh
 * has said that it runs. So a start that was given up never becomes an engine, and no host has two of one rank.
 */

import type { Logger } from '../base/log.ts';
import { visible } from '../base/terminal-text.ts';
import { startArguments, type EngineCommand, type SshSettings } from './ssh-command.ts';
import type { EngineWord } from './ssh-lines.ts';
import { SshSession, type SshEnd } from './ssh-session.ts';
import { readSshSettings } from './ssh-settings.ts';
import { lastWords, readFailure, type SshFailure } from './ssh-words.ts';
import type { StartPlace, StartQueue } from './start-queue.ts';

export interface SshHostOptions extends EngineCommand {
  /** The host as the user named it: ssh's destination. */
  readonly node: string;
  /** The command and its first arguments: `ssh`. */
  readonly ssh: readonly string[];
  /** Node here; it must be at the same path there. */
  readonly nodePath: string;
  /** Where the program is installed, here and there. */
  readonly folder: string;
  /** The folder that tasks run in; it must be there too. */
  readonly cwd: string;
  readonly runId: string;
  readonly engineRank: number;
  /** One line for the engine's standard input. It holds the run's key: it is never logged and never an argument. */
  readonly config: string;
  /** Shared by all hosts of the context. */
  readonly queue: StartQueue;
  /** Where goes what the engine's processes and ssh print; open until `ended`. */
  readonly wrapFd: number;
  readonly log: Logger;
}

export interface SshHostEvents {
  /** engine.sh runs there, and Node is being started. */
  up(): void;
  /**
   * Once, the last event. `problem` is a sentence that begins with the host; undefined when the engine left in good order,
   * and after a kill here or a close before it was up. `dead`: neither the engine nor any of its tasks lives.
   */
  ended(how: { readonly problem: string | undefined; readonly dead: boolean }): void;
}

/** How long a start may hold its place in the queue, in milliseconds: then it is through with what sshd bounds. */
const placeMs = 20_000;
/** How long a start may take at all, in milliseconds: a login may wait for a file server. */
const startMs = 60_000;

export class SshHost {
  private readonly options: SshHostOptions;
  private readonly events: SshHostEvents;
  private phase: 'new' | 'waiting' | 'starting' | 'up' | 'over' = 'new';
  private killed = false;
  private settings: SshSettings | undefined;
  private session: SshSession | undefined;
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

  constructor(options: SshHostOptions, events: SshHostEvents) {
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
    const settings = this.settings ?? (await readSshSettings(options.ssh, options.node));
    if (this.hasEnded()) return;
    this.settings = settings;
    options.log('DEBUG', `${options.node}: ssh, try ${this.tries}`);
    const command = [...options.ssh, ...startArguments(options.node, options, settings)];
    try {
      this.session = this.openSession(command, place, settings);
    } catch (error) {
      this.concludeStart({ status: undefined, how: (error as Error).message, started: false, errors: '', output: '' });
    }
  }

  private openSession(command: readonly string[], place: StartPlace, settings: SshSettings): SshSession {
    const limitMs = Math.max(startMs, (settings.connectTimeout + 30) * 1000);
    const timers = [
      setTimeout(() => place.leave('failed'), placeMs),
      setTimeout(() => {
        this.tookTooLong = true;
        this.session?.kill();
      }, limitMs),
    ];
    this.stopTimers = () => timers.forEach((timer) => clearTimeout(timer));
    return new SshSession(command, this.options.wrapFd, {
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
    this.options.log('INFO', `${this.options.node}: ssh is through, and the engine is being started`);
    this.session?.write(`${this.options.config}\n`);
    this.events.up();
  }

  /** An ssh ended before engine.sh had said that it runs. */
  private concludeStart(end: SshEnd): void {
    const { node, queue, log } = this.options;
    const { failure, reason } = this.failureOf(end);
    const place = this.place;
    this.stopTimers();
    this.spentMs += performance.now() - this.triedAtMs;
    const waitMs = queue.retryAfterMs(failure, this.tries, this.spentMs);
    const sentence = `${node}: ${reason}`;
    if (waitMs === undefined) {
      this.end(`${sentence}.`, true);
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

  private failureOf(end: SshEnd): SshFailure & { readonly reason: string } {
    if (this.saidProblem !== undefined) return { failure: 'final', reason: this.saidProblem };
    if (this.tookTooLong) {
      const words = lastWords(end.errors);
      return { failure: 'final', reason: `ssh did not get through in time${words === undefined ? '' : `: ${words}`}` };
    }
    if (!end.started) {
      // Want of processes, memory or open files may pass.
      const passing = /\b(EAGAIN|EMFILE|ENFILE|ENOMEM)\b/.test(end.how);
      return { failure: passing ? 'unreachable' : 'final', reason: `ssh cannot be started (${end.how})` };
    }
    if (end.status === 255) {
      const { failure, reason } = readFailure(end.errors);
      return { failure, reason: reason ?? 'ssh ended with exit status 255 and gave no reason' };
    }
    // A signal that somebody sent to ssh here may not come a second time.
    if (end.status === undefined) return { failure: 'unreachable', reason: `ssh was ended by ${end.how}` };
    const words = lastWords(end.errors) ?? lastWords(end.output);
    return {
      failure: 'final',
      reason: `the login there ended with ${end.how} before anything was started${words === undefined ? '' : `: ${words}`}`,
    };
  }

  /** An ssh ended through which an engine had been started. */
  private concludeEngine(end: SshEnd): void {
    const said = this.saidEnd;
    const problem = this.saidProblem ?? engineProblem(said, end);
    this.end(
      problem === undefined || this.killed ? undefined : `${this.options.node}: ${problem}.`,
      said?.type === 'gone',
    );
  }

  /** Ends a start, or what waits for one: no engine has been given its config. */
  private giveUp(): void {
    if (this.phase === 'over') return;
    const { session, place } = this;
    this.stopWaiting();
    this.stopTimers();
    session?.abandon();
    this.end(undefined, true);
    place?.leave('failed');
  }

  private hasEnded(): boolean {
    return this.phase === 'over';
  }

  private end(problem: string | undefined, dead: boolean): void {
    this.phase = 'over';
    const { node, log } = this.options;
    if (problem !== undefined) log('ERROR', problem);
    else log('INFO', `${node}: the engine's ssh has ended`);
    this.events.ended({ problem, dead });
  }
}

/** Why an engine or the connection with it ended, for a sentence; undefined when it left in good order. */
function engineProblem(
  said: { readonly type: 'gone' | 'left'; readonly status: number } | undefined,
  end: SshEnd,
): string | undefined {
  if (said?.type === 'left') {
    return `the engine ended with ${statusInWords(said.status)}, and some of its tasks may still run`;
  }
  if (said?.type === 'gone') {
    return said.status === 0
      ? undefined
      : `the engine ended with ${statusInWords(said.status)}; all its tasks have ended`;
  }
  if (end.status === undefined) return `ssh was ended by ${end.how}`;
  return lastWords(end.errors) ?? `the connection ended without a word (ssh: ${end.how})`;
}

/** An exit status as a shell counts it. */
function statusInWords(status: number): string {
  return status > 128 && status < 193 ? `signal ${status - 128}` : `exit status ${status}`;
}

/** A sentence of the other side's, safe to show and without its full stop. */
function spoken(sentence: string): string {
  return visible(sentence).replace(/\.$/, '').slice(0, 1000);
}
