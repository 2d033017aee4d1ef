/**
 * Keeps the state of the run in the store, for programs that look at it. A few times a second at most, and only when it
 * has changed.
 */

import { asBytes, bytesOfText } from '../base/byte-string.ts';
import type { Driver } from '../driver/driver.ts';
import { runStateKey } from '../driver/run-state.ts';
import type { StoreServer } from '../kvs/server.ts';

/** Between two looks. With thousands of engines the state is long, and looks are rarer. */
const lookMs = 250;
const longLookMs = 2000;
const longBytes = 100_000;

/** Begins. @returns what ends it */
export function postRunState(driver: Driver, store: StoreServer): () => void {
  let posted = '';
  let timer: NodeJS.Timeout;
  const post = (): void => {
    const text = JSON.stringify(driver.runState());
    if (text !== posted) store.replace(bytesOfText(runStateKey), asBytes('JSON'), Buffer.from(text));
    posted = text;
    timer = setTimeout(post, text.length > longBytes ? longLookMs : lookMs);
  };
  post();
  return () => clearTimeout(timer);
}
