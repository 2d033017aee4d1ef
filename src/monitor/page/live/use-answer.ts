/**
 * An answer of the server that a part of the page shows, kept fresh: asked for at once when the question is another, and
 * again when something has changed, with a pause between. Nothing is asked while nobody sees the page.
 */

import { useEffect, useRef, useState } from 'preact/hooks';
import { ask, NotAnswered } from './ask.ts';

export interface Answered<Answer> {
  /** The newest there is, perhaps of the question before this one. */
  readonly answer: Answer | undefined;
  /** Of the question that is asked now; undefined: none yet. */
  readonly path: string | undefined;
  readonly problem: string | undefined;
}

/** After an answer that took long, the pause is so many times longer. */
const restFactor = 4;

/**
 * @param path - undefined: nothing is asked
 * @param stamp - another one: the answer may have changed
 * @param pauseMs - between an answer and the next question of the same path
 */
export function useAnswer<Answer>(path: string | undefined, stamp: unknown, pauseMs: number): Answered<Answer> {
  const [shown, setShown] = useState<Answered<Answer>>({ answer: undefined, path: undefined, problem: undefined });
  const asker = useRef<Asker<Answer>>(null);
  asker.current ??= new Asker<Answer>(setShown);
  useEffect(() => asker.current?.want(path, pauseMs), [path, stamp, pauseMs]);
  useEffect(() => () => asker.current?.close(), []);
  return shown;
}

class Asker<Answer> {
  private readonly show: (answered: Answered<Answer>) => void;
  private path: string | undefined;
  private pauseMs = 0;
  private answer: Answer | undefined;
  private isWanted = false;
  private notBefore = 0;
  private abort: AbortController | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly onVisible = (): void => this.go();

  constructor(show: (answered: Answered<Answer>) => void) {
    this.show = show;
    document.addEventListener('visibilitychange', this.onVisible);
  }

  want(path: string | undefined, pauseMs: number): void {
    this.pauseMs = pauseMs;
    if (path !== this.path) {
      this.path = path;
      this.abort?.abort();
      this.abort = undefined;
      this.notBefore = 0;
    }
    this.isWanted = path !== undefined;
    this.go();
  }

  close(): void {
    this.path = undefined;
    this.abort?.abort();
    clearTimeout(this.timer);
    document.removeEventListener('visibilitychange', this.onVisible);
  }

  private go(): void {
    clearTimeout(this.timer);
    if (!this.isWanted || this.path === undefined || this.abort !== undefined || document.hidden) return;
    const wait = this.notBefore - performance.now();
    if (wait > 0) this.timer = setTimeout(() => this.go(), wait);
    else void this.ask(this.path);
  }

  private async ask(path: string): Promise<void> {
    this.isWanted = false;
    const abort = (this.abort = new AbortController());
    const begun = performance.now();
    let problem: string | undefined;
    try {
      const answer = await ask<Answer>(path, abort.signal);
      if (abort.signal.aborted) return;
      this.answer = answer;
    } catch (error) {
      if (abort.signal.aborted) return;
      problem = error instanceof NotAnswered ? error.message : 'The server of this page cannot be reached.';
    }
    this.abort = undefined;
    const ended = performance.now();
    this.notBefore = ended + Math.max(this.pauseMs, (ended - begun) * restFactor);
    this.show({ answer: this.answer, path, problem });
    this.go();
  }
}
