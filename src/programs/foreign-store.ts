/**
 * A store of somebody else's (`--kvsserver`), for programs: one that another run, `disbatch kvs serve` or the original
 * serves. In the driver's process, with a connection for each of what must not wait for the others:
 *
 *   puts ─► connection          takes (one waits) ─► connection          the value that is shown ─► connection
 *
 * Always true: when one of them breaks, `lost` is told once.
 */

import { getSystemErrorMap } from 'node:util';
import type { ByteString } from '../base/byte-string.ts';
import { addressText, type HostPort } from '../base/host-port.ts';
import { DisbatchError, systemReason } from '../base/errors.ts';
import { StoreClient } from '../kvs/client.ts';
import type { ProgramStore } from './program-store.ts';

/** How long the store may take to let us in, and at the end to take what was put. */
const patienceMs = 10_000;
const endMs = 2000;

/** Bytes of what the store has not taken; more is a store that hangs. */
const waitingLimit = 256 * 1024 * 1024;

/** How long the value that was shown before is waited for, in case that somebody has taken it. */
const shownMs = 1000;

/**
 * @param lost - told when the store is gone
 * @throws (rejects with) DisbatchError no-store
 */
export async function openForeignStore(at: HostPort, lost: (error: DisbatchError) => void): Promise<ProgramStore> {
  const address = addressText(at);
  const clients: StoreClient[] = [];
  try {
    const signal = AbortSignal.timeout(patienceMs);
    // One after the other: those that are there can then be closed when the next does not come.
    while (clients.length < 3) clients.push(await StoreClient.connect(at.host, at.port, signal));
    await Promise.all(clients.map((client) => within(client.obeyed(), patienceMs)));
  } catch (error) {
    for (const client of clients) client.destroy();
    throw gone(`There is no store at ${address} that answers (${reasonOf(error)}). Is the address right?`, error);
  }
  return new ForeignStore(address, clients as unknown as [StoreClient, StoreClient, StoreClient], lost);
}

class ForeignStore implements ProgramStore {
  readonly address: string;
  private readonly puts: StoreClient;
  private readonly takes: StoreClient;
  private readonly shows: StoreClient;
  private readonly lost: (error: DisbatchError) => void;
  private waiting = 0;
  private over = false;
  /** Whether a value of ours is under the key that is shown; what is to be shown next, while another is on its way. */
  private shown = false;
  private showing: Promise<void> | undefined;
  private next: (() => Promise<void>) | undefined;

  constructor(
    address: string,
    [puts, takes, shows]: readonly [StoreClient, StoreClient, StoreClient],
    lost: (error: DisbatchError) => void,
  ) {
    this.address = address;
    this.puts = puts;
    this.takes = takes;
    this.shows = shows;
    this.lost = lost;
  }

  put(key: ByteString, encoding: string, value: Uint8Array): void {
    if (this.over) return;
    this.waiting += value.length;
    if (this.waiting > waitingLimit) {
      this.lose(new Error('it does not take what is put'));
      return;
    }
    this.puts.put(Buffer.from(key, 'latin1'), value, encoding).then(
      () => (this.waiting -= value.length),
      (error: unknown) => this.lose(error),
    );
  }

  async get(key: ByteString, signal: AbortSignal): Promise<Buffer> {
    try {
      return (await this.takes.get(Buffer.from(key, 'latin1'), signal)).value;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw this.lose(error);
    }
  }

  show(key: ByteString, encoding: string, value: Uint8Array): void {
    const name = Buffer.from(key, 'latin1');
    this.next = async () => {
      // The value before stays until there is a new one; somebody may have taken it.
      if (this.shown) await this.shows.get(name, AbortSignal.timeout(shownMs)).catch(() => {});
      await this.shows.put(name, value, encoding);
      this.shown = true;
    };
    this.showing ??= this.showAll();
  }

  async close(): Promise<void> {
    if (!this.over) {
      const all = Promise.all([this.puts.obeyed(), this.showing]);
      await within(all, endMs).catch(() => {});
    }
    this.over = true;
    this.next = undefined;
    for (const client of [this.puts, this.takes, this.shows]) {
      client.close();
      client.destroy();
    }
  }

  /** Shows what is to be shown until nothing more is; does not fail. */
  private async showAll(): Promise<void> {
    try {
      for (let next = this.next; next !== undefined && !this.over; next = this.next) {
        this.next = undefined;
        await next();
        await this.shows.obeyed();
      }
    } catch (error) {
      this.lose(error);
    }
    this.showing = undefined;
  }

  private lose(error: unknown): DisbatchError {
    const told = gone(
      `The store at ${this.address} is gone (${reasonOf(error)}), and with it what gives the tasks and takes their results. ` +
        'The status file has what became of the tasks so far; resume when the store is there again.',
      error,
    );
    if (!this.over) this.lost(told);
    this.over = true;
    return told;
  }
}

/** Of a name with several addresses, what the first one said. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  const { errno } = error as NodeJS.ErrnoException;
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? systemReason(error);
}

function gone(sentence: string, cause: unknown): DisbatchError {
  return new DisbatchError('no-store', sentence, cause);
}

/** @throws (rejects with) Error when it takes longer */
async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
