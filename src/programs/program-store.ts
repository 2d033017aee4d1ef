/**
 * The store in which programs and the run meet: the run's own, or somebody else's. What the run puts there never fails and
 * never waits; trouble with it is told apart.
 */

import type { ByteString } from '../base/byte-string.ts';

export interface ProgramStore {
  /** HOST:PORT, as programs on this host reach it. */
  readonly address: string;
  /** Adds a value to its key. */
  put(key: ByteString, encoding: string, value: Uint8Array): void;
  /** Takes the oldest value of a key, when there is one. @param signal - ends the wait: the promise fails with its reason */
  get(key: ByteString, signal: AbortSignal): Promise<Buffer>;
  /** Has one value under a key, in the place of the one that was put so before. */
  show(key: ByteString, encoding: string, value: Uint8Array): void;
  /** Waits until what was put is there, though not for long; and lets go of the store. */
  close(): Promise<void>;
}
