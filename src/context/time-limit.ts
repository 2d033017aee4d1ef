/**
 * Watches the end of an allocation: says when it comes, and stops the run in time before it (`--stop-before`). Runs in the
 * driver's process.
 *
 *   ask ─► say ─► wait ─► ask again (just before the time, and every 5 minutes) ─► … ─► stop, once
 *
 * A limit can be extended or cut while the job runs, so an answer counts until the next. No timer here keeps the process.
 */

import { elapsedMs } from '../base/elapsed.ts';
import type { Logger } from '../base/log.ts';
import { visible } from '../base/terminal-text.ts';

export interface TimeLimitParts {
  /** Asks anew; undefined: no end is known. */
  readonly secondsLeft: () => Promise<number | undefined>;
  /** How many seconds before the end to stop; undefined: not at all. */
  readonly stopBefore: number | undefined;
  /** Tells the user, one sentence. */
  readonly say: (text: string) => void;
  readonly log: Logger;
  /** The time has come. Called once. @param left - seconds to the end */
  readonly stop: (left: number) => void;
}

/** Between two questions, at most. */
const longestWaitMs = 5 * 60_000;
/** So long before its time comes the last question is put: an answer may take a while. */
const lastQuestionMs = 5000;
/** A new end that is closer to the one that was told is not told: answers are in whole seconds, and take a while. */
const sameEndMs = 60_000;

/** An end that is farther away is nothing to tell of. */
const farMs = 100 * 86_400_000;

/** Begins to watch. @returns what ends the watch */
export function watchTimeLimit(parts: TimeLimitParts): () => void {
  const watch = new TimeLimitWatch(parts);
  void watch.begin();
  return () => watch.end();
}

class TimeLimitWatch {
  private readonly parts: TimeLimitParts;
  /** When the allocation ends, on the clock of elapsedMs, as the last answer has it. */
  private endMs: number | undefined;
  private toldMs: number | undefined;
  private asking = false;
  private timer: NodeJS.Timeout | undefined;
  private over = false;

  constructor(parts: TimeLimitParts) {
    this.parts = parts;
  }

  async begin(): Promise<void> {
    const problem = await this.ask();
    if (this.over) return;
    if (this.endMs !== undefined) {
      // A year is what Slurm says of a job without a limit.
      if (this.parts.stopBefore !== undefined || this.leftMs() < farMs) this.tellEnd('ends');
    } else if (this.parts.stopBefore !== undefined) {
      this.parts.say(
        problem === undefined
          ? '--stop-before has no effect, since the allocation has no end that is known.'
          : `--stop-before has no effect as long as the end of the allocation is not known: ${problem}.`,
      );
    }
    if (this.parts.stopBefore !== undefined) this.plan();
  }

  end(): void {
    this.over = true;
    clearTimeout(this.timer);
  }

  /** Looks at the time that is left: stops, or waits. */
  private plan(): void {
    clearTimeout(this.timer);
    const left = this.untilStopMs();
    if (left <= 0) {
      this.end();
      this.parts.stop(Math.max(0, Math.round(this.leftMs() / 1000)));
      return;
    }
    const question = left - lastQuestionMs;
    // Also for the size of it: a timer of more than 2^31 ms would fire at once.
    const wait = Math.min(longestWaitMs, question > 0 ? question : left);
    this.timer = setTimeout(() => this.look(), Math.ceil(wait)).unref();
  }

  /** The time does not wait for an answer: it comes by the last one. */
  private look(): void {
    if (this.untilStopMs() > 0 && !this.asking) void this.askAgain();
    this.plan();
  }

  private async askAgain(): Promise<void> {
    const hadEnd = this.endMs !== undefined;
    await this.ask();
    if (this.over) return;
    if (this.endMs !== undefined) {
      if (Math.abs(this.endMs - (this.toldMs ?? Infinity)) > sameEndMs) this.tellEnd('now ends');
    } else if (hadEnd) {
      this.toldMs = undefined;
      this.parts.say('The allocation has no known end any more, so --stop-before has no effect.');
    }
    this.plan();
  }

  /** @returns the reason when there was no answer; the last one holds then */
  private async ask(): Promise<string | undefined> {
    this.asking = true;
    const askedMs = elapsedMs();
    try {
      const seconds = await this.parts.secondsLeft();
      // Reckoned from the question: rather too early than too late.
      this.endMs = seconds === undefined ? undefined : askedMs + seconds * 1000;
      this.parts.log(
        'DEBUG',
        `time left of the allocation: ${seconds === undefined ? 'no end known' : `${seconds} s`}`,
      );
      return undefined;
    } catch (error) {
      // A failed command's own words are the last line.
      const message = error instanceof Error ? error.message : String(error);
      const reason = visible(message.trim().split('\n').at(-1) ?? '').replace(/\.$/, '');
      this.parts.log('WARNING', `the time left of the allocation is not known: ${reason}`);
      return reason;
    } finally {
      this.asking = false;
    }
  }

  private tellEnd(verb: string): void {
    this.toldMs = this.endMs;
    const left = this.leftMs();
    const now = Date.now();
    const end = `The allocation ${verb} at ${clockTime(now + left, now)} (in ${inWords(left / 1000)})`;
    const untilStop = this.untilStopMs();
    if (this.parts.stopBefore === undefined) this.parts.say(`${end}.`);
    else if (untilStop <= 0) this.parts.say(`${end}; no more tasks are started (--stop-before).`);
    else this.parts.say(`${end}; no task is started after ${clockTime(now + untilStop, now)} (--stop-before).`);
  }

  private leftMs(): number {
    return (this.endMs ?? Infinity) - elapsedMs();
  }

  private untilStopMs(): number {
    return this.leftMs() - (this.parts.stopBefore ?? 0) * 1000;
  }
}

/** 14:05, with the date when it is another day; local time. */
function clockTime(atMs: number, nowMs: number): string {
  const [at, now] = [new Date(atMs), new Date(nowMs)];
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === now.toDateString()) return time;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** 45 s, 5 min, 2 h 10 min, 3 d 4 h. */
function inWords(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return both(hours, 'h', minutes % 60, 'min');
  const rounded = Math.round(minutes / 60);
  return both(Math.floor(rounded / 24), 'd', rounded % 24, 'h');
}

function both(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}
