/**
 * Keeps the state of the run in the store, for programs that look at it. A few times a second at most, and only when it
 * has changed.
 */

import { bytesOfText } from '../base/byte-string.ts';
import type { ProgramStore } from './program-store.ts';

/** The key of the state. Source: the original. */
const runStateKey = 'DisBatch status';

/** Between two looks. With thousands of engines the state is long, and looks are rarer. */
const lookMs = 250;
const longLookMs = 2000;
const longBytes = 100_000;

/**
 * Begins.
 *
 * @param look - the state as it is now
 * @returns what ends it, with a last look: somebody else's store keeps that longer than the run
 */
export function postRunState(look: () => object, store: ProgramStore): () => void {
  let posted = '';
  let timer: NodeJS.Timeout | undefined;
  const post = (): void => {
    const text = JSON.stringify(look());
    if (text !== posted) store.show(bytesOfText(runStateKey), 'JSON', Buffer.from(text));
    posted = text;
    timer = setTimeout(post, text.length > longBytes ? longLookMs : lookMs);
  };
  post();
  return () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    post();
    clearTimeout(timer);
    timer = undefined;
  };
}
