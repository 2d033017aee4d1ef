/**
 * Brings the news of a run to somebody, one piece at a time. In the driver's process.
 *
 *   record() ─► gathering ─ due ─► gather a while ─► deliver ─► pause ─► …       end(): what is on its way, then the last
 *
 * Always true: what comes while a piece is on its way, or in the pause after it, is in the next one. A piece that could
 * not be delivered is told with the next. The run waits for nothing here but, a bounded time, for the last one.
 */

import type { StatusRecord } from '../task/status-record.ts';
import type { Batch, Due, Gathering } from './gathering.ts';

/** Milliseconds. */
export interface CourierTimes {
  /** From the moment when something is due until it goes out, so that what happens at the same time goes with it. */
  readonly gather: number;
  /** The same for the first failure. */
  readonly gatherUrgent: number;
  /** After each piece. It doubles while there is always more to tell at its end, or nothing can be delivered. */
  readonly pause: number;
  readonly longestPause: number;
  /** How long the delivery of one piece may take. */
  readonly delivery: number;
  /** How long the end of the run waits. */
  readonly end: number;
}

export const courierTimes: CourierTimes = {
  gather: 1000,
  gatherUrgent: 100,
  pause: 10_000,
  longestPause: 300_000,
  delivery: 60_000,
  end: 10_000,
};

export interface CourierParts<Farewell> {
  readonly gathering: Gathering;
  /** Brings a piece; the promise fails when it could not be brought, or when the signal says to give up. */
  readonly deliver: (batch: Batch, farewell: Farewell | undefined, signal: AbortSignal) => Promise<void>;
  /** Told of the first piece that could not be delivered; the message is a clause. */
  readonly failed: (reason: Error) => void;
  readonly times: CourierTimes;
}

export class Courier<Farewell> {
  private readonly parts: CourierParts<Farewell>;
  private timer: { readonly handle: NodeJS.Timeout; readonly due: Due } | undefined;
  /** What is on its way, and what gives it up. */
  private onItsWay: { readonly over: Promise<void>; readonly giveUp: (why: Error) => void } | undefined;
  private pauseMs: number;
  /** Until when there is nothing sent, of performance.now(). */
  private pausedUntil = 0;
  private ending = false;
  private hasFailed = false;

  constructor(parts: CourierParts<Farewell>) {
    this.parts = parts;
    this.pauseMs = parts.times.pause;
  }

  /** A record, as it is made. */
  record(record: StatusRecord): void {
    const due = this.parts.gathering.add(record);
    if (due !== 'no') this.plan(due);
  }

  /**
   * The run is over: brings what is still to tell, and the farewell.
   *
   * @param forced - resolves when nothing is to be waited for
   */
  async end(farewell: Farewell, forced: Promise<void>): Promise<void> {
    const { times } = this.parts;
    this.ending = true;
    clearTimeout(this.timer?.handle);
    let given: Error | undefined;
    const giveUp = (why: Error): void => {
      given = why;
      this.onItsWay?.giveUp(why);
    };
    const late = new Error('it takes too long, and the run is over');
    const timer = setTimeout(() => giveUp(late), times.end);
    // What hangs must not keep the last one from being tried.
    const half = setTimeout(() => this.onItsWay?.giveUp(late), times.end / 2);
    void forced.then(() => giveUp(new Error('the end was not waited for')));
    await this.onItsWay?.over;
    clearTimeout(half);
    if (given === undefined) await this.send(farewell, false);
    else this.fail(given);
    clearTimeout(timer);
  }

  private plan(due: Exclude<Due, 'no'>): void {
    if (this.ending || this.onItsWay !== undefined) return;
    if (this.timer !== undefined) {
      if (due === 'due' || this.timer.due === 'urgent') return;
      clearTimeout(this.timer.handle);
    }
    const { gather, gatherUrgent } = this.parts.times;
    const held = this.pausedUntil - performance.now();
    const wait = due === 'urgent' ? gatherUrgent : Math.max(gather, held);
    const isBusy = held > gather;
    const handle = setTimeout(() => {
      this.timer = undefined;
      void this.send(undefined, isBusy);
    }, wait).unref();
    this.timer = { handle, due };
  }

  /**
   * Never rejects.
   *
   * @param isBusy - whether it was due before the pause was over
   */
  private async send(farewell: Farewell | undefined, isBusy: boolean): Promise<void> {
    const { gathering, deliver, times } = this.parts;
    const longer = Math.min(2 * this.pauseMs, times.longestPause);
    const batch = gathering.take();
    const stop = new AbortController();
    const late = new Error(`it took more than ${times.delivery / 1000} s`);
    const timer = setTimeout(() => stop.abort(late), times.delivery).unref();
    let stopped = (): void => {};
    const given = new Promise<never>((_, reject) => {
      stopped = () => reject(stop.signal.reason as Error);
    });
    stop.signal.addEventListener('abort', () => stopped());
    const attempt = async (): Promise<void> => {
      try {
        await Promise.race([deliver(batch, farewell, stop.signal), given]);
        this.pauseMs = isBusy ? longer : times.pause;
      } catch (error) {
        gathering.giveBack(batch);
        this.fail(error as Error);
        this.pauseMs = longer;
      }
      clearTimeout(timer);
      this.onItsWay = undefined;
      this.pausedUntil = performance.now() + this.pauseMs;
      const { due } = gathering;
      // What has failed is not tried again at once, however urgent it is.
      if (due !== 'no') this.plan(due === 'urgent' && !batch.isFirstFailure ? 'urgent' : 'due');
    };
    const over = attempt();
    this.onItsWay = { over, giveUp: (why) => stop.abort(why) };
    await over;
  }

  private fail(reason: Error): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.parts.failed(reason);
  }
}
