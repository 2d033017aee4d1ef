/**
 * A link to a run that is going on, for whoever looks at it for long: asks for its overview again and again, passes
 * questions on, and connects anew when the connection is gone. In the process of the monitor.
 *
 *   connecting ──► live ──► over
 *       ▲  ▲        │        ▲
 *       │  └─ pause ┴► away ─┘ the key file has gone with the run
 *       └──────────────┘
 *
 * Always true: at most one connection; questions are answered in the order in which they were asked, or fail.
 */

import { DisbatchError } from '../base/errors.ts';
import type { Connection } from '../channel/connection.ts';
import type { FromControl, ToControl } from '../contract/messages.ts';
import type { RunOverview } from '../contract/overview.ts';
import type { RunInfo } from '../contract/run-info.ts';
import type { RunningTasks } from '../contract/running.ts';
import { decodeToControl, encodeMessage, type Message } from '../contract/wire.ts';
import { findRun, reachRun } from './find-run.ts';

/** How the link is. */
export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** The run cannot be reached; it is tried again. `since` in seconds since 1970. */
  | { readonly kind: 'away'; readonly problem: string; readonly since: number }
  /** The exit status is undefined when the link missed the end. */
  | { readonly kind: 'over'; readonly exitStatus: number | undefined };

export interface LinkOptions {
  /** What the names of the run's files begin with. */
  readonly prefix: string;
  /** Of this program: that of the run must be the same. */
  readonly version: string;
  /** The state or the overview is another. */
  readonly onChange: () => void;
  readonly times?: Partial<LinkTimes>;
}

/** Milliseconds. */
export interface LinkTimes {
  /** Between an answer and the next look. With thousands of engines looks are rarer: see rest. */
  readonly lookMs: number;
  /** An answer that takes longer is not waited for, whatever others took: the connection is given up. */
  readonly answerMs: number;
  /** An answer is waited for so long at least, however soon others came. */
  readonly leastAnswerMs: number;
  /** Before a connection is tried again: the first pause, and the longest. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

const usualTimes: LinkTimes = {
  ...{ lookMs: 1000, answerMs: 20_000, leastAnswerMs: 6000, firstPauseMs: 500, longestPauseMs: 10_000 },
};

/**
 * A look that took long is followed by a rest that is so many times longer: looking must not slow the run. And the next answer
 * is late when it takes so many times longer.
 */
const rest = 10;

interface Question {
  readonly answered: (answer: ToControl) => void;
  readonly failed: (error: DisbatchError) => void;
}

export class RunLink {
  /** The last that was heard. */
  overview: RunOverview | undefined;
  /** How to take part in the run, as of the last connection. */
  info: RunInfo | undefined;
  private readonly options: LinkOptions;
  private readonly times: LinkTimes;
  private current: LinkState = { kind: 'connecting' };
  private connection: Connection | undefined;
  private questions: Question[] = [];
  private timer: NodeJS.Timeout | undefined;
  private failures = 0;
  /** How long the last answer took, of this connection. */
  private tookMs: number | undefined;
  private closed = false;

  constructor(options: LinkOptions) {
    this.options = options;
    this.times = { ...usualTimes, ...options.times };
    // Not at once: whoever makes a link has it before it is told anything.
    queueMicrotask(() => void this.connect());
  }

  get state(): LinkState {
    return this.current;
  }

  /**
   * What is running: see FromControl.
   *
   * @throws (rejects with) DisbatchError no-run when the run cannot be reached now
   */
  async running(engines: readonly number[] | undefined, limit: number): Promise<RunningTasks> {
    const answer = await this.ask({ type: 'running', engines, limit });
    if (answer.type !== 'running') throw new Error('the run answers what was not asked');
    return answer.running;
  }

  /**
   * Stops something softly.
   *
   * @returns why not, if it cannot be
   * @throws (rejects with) DisbatchError no-run when the run cannot be reached now
   */
  async stop(
    what: Extract<FromControl, { type: 'stop-engine' | 'stop-context' | 'stop-run' }>,
  ): Promise<string | undefined> {
    const answer = await this.ask(what);
    if (answer.type !== 'answer') throw new Error('the run answers what was not asked');
    this.lookNow();
    return answer.problem;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.connection?.end();
    this.failQuestions('the monitor is closed');
  }

  private async connect(): Promise<void> {
    if (this.closed) return;
    try {
      const info = findRun(this.options.prefix, this.options.version);
      if (info === undefined) {
        this.become({ kind: 'over', exitStatus: undefined });
        return;
      }
      this.info = info;
      const connection = await reachRun(info);
      if (this.closed) connection.end();
      else this.listen(connection);
    } catch (error) {
      if (!(error instanceof DisbatchError)) throw error;
      this.away(error.message);
    }
  }

  private listen(connection: Connection): void {
    this.connection = connection;
    this.tookMs = undefined;
    let refusal: string | undefined;
    connection.listen({
      message: (payload) => {
        const answer = decodeToControl(payload.toString());
        if (answer.type === 'refused') {
          refusal = answer.why;
          connection.end();
        } else if (answer.type === 'over') {
          this.overview = answer.overview;
          this.become({ kind: 'over', exitStatus: answer.exitStatus });
          connection.end();
        } else {
          this.questions.shift()?.answered(answer);
        }
      },
      close: (problem) => {
        // It may have been given up.
        if (this.connection !== connection) return;
        const why = refusal ?? problem ?? 'it hung up';
        this.lost(
          why,
          refusal === undefined ? `The connection to the run is gone (${why}).` : `The run does not answer: ${why}.`,
        );
      },
    });
    this.send(connection, { type: 'control', version: this.options.version });
    this.send(connection, { type: 'wait' });
    void this.look();
  }

  private lookNow(): void {
    if (this.connection === undefined || this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    void this.look();
  }

  private async look(): Promise<void> {
    const { lookMs, answerMs, leastAnswerMs } = this.times;
    const { connection, tookMs } = this;
    const begun = performance.now();
    const askedAt = Date.now() / 1000;
    const patienceMs = tookMs === undefined ? answerMs : Math.min(answerMs, Math.max(leastAnswerMs, tookMs * rest));
    const giveUp = (): void => {
      const why = `no answer for ${Math.round(patienceMs / 1000)} s`;
      this.lost(why, `The run does not answer (${why}).`, askedAt);
      connection?.destroy();
    };
    // A process that was suspended reads first what has come in the meantime.
    let lastChance: NodeJS.Immediate | undefined;
    const late = setTimeout(() => (lastChance = setImmediate(giveUp)), patienceMs);
    try {
      const answer = await this.ask({ type: 'status' });
      if (answer.type !== 'overview') throw new Error('the run answers what was not asked');
      // What was asked before the end was told.
      if (this.current.kind === 'over') return;
      this.overview = answer.overview;
      this.failures = 0;
      this.become({ kind: 'live' });
    } catch (error) {
      if (!(error instanceof DisbatchError)) throw error;
      return;
    } finally {
      clearTimeout(late);
      clearImmediate(lastChance);
    }
    if (this.closed || this.connection !== connection) return;
    const took = performance.now() - begun;
    this.tookMs = took;
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        void this.look();
      },
      Math.max(lookMs, took * rest),
    );
  }

  private ask(message: FromControl): Promise<ToControl> {
    return new Promise((resolve, reject) => {
      const { connection } = this;
      if (connection === undefined) {
        reject(new DisbatchError('no-run', `The run cannot be reached now (${wordOf(this.current)}).`));
        return;
      }
      this.questions.push({ answered: resolve, failed: reject });
      this.send(connection, message);
    });
  }

  private send(connection: Connection, message: Message): void {
    connection.send(Buffer.from(encodeMessage(message)));
  }

  private failQuestions(why: string): void {
    const error = new DisbatchError('no-run', `The run has not answered (${why}).`);
    for (const { failed } of this.questions.splice(0)) failed(error);
  }

  /** @param since - in seconds since 1970 */
  private lost(why: string, problem: string, since?: number): void {
    this.connection = undefined;
    this.failQuestions(why);
    this.away(problem, since);
  }

  private away(problem: string, from: number = Date.now() / 1000): void {
    if (this.closed || this.current.kind === 'over') return;
    const { firstPauseMs, longestPauseMs } = this.times;
    const since = this.current.kind === 'away' ? this.current.since : from;
    this.become({ kind: 'away', problem, since });
    clearTimeout(this.timer);
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        void this.connect();
      },
      Math.min(longestPauseMs, firstPauseMs * 2 ** this.failures++),
    );
  }

  private become(state: LinkState): void {
    if (this.current.kind === 'over') return;
    this.current = state;
    if (state.kind === 'over') clearTimeout(this.timer);
    this.options.onChange();
  }
}

function wordOf(state: LinkState): string {
  switch (state.kind) {
    case 'over':
      return 'it is over';
    case 'away':
      return state.problem;
    case 'connecting':
    case 'live':
      return 'it is being connected to';
  }
}
