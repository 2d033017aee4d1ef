/**
 * The end of a run's own store waits for a program that is taking its last results. In the driver's process.
 *
 * A program that takes none, or no more, is not waited for: a moment without anything taken is the end.
 */

import { setTimeout } from 'node:timers/promises';
import { joinBytes, asBytes, type ByteString } from '../base/byte-string.ts';
import type { StoreServer } from '../kvs/server.ts';

const lookMs = 20;
const quietMs = 300;

/** Waits until the program has its results, or takes no more of them. */
export async function resultsTaken(server: StoreServer, resultKey: ByteString): Promise<void> {
  const begin = joinBytes(resultKey, asBytes(' '));
  let quiet = 0;
  for (let taken = server.taken; quiet < quietMs && server.hasKeyFrom(begin);) {
    await setTimeout(lookMs);
    quiet = server.taken === taken ? quiet + lookMs : 0;
    taken = server.taken;
  }
}
