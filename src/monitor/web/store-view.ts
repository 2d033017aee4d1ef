/**
 * The run's key-value store as the page shows it, and what is typed into its input boxes. In the process of the web server.
 *
 *   dump ─► keys, waiters, short values;  view ─► longer ones, when they seem to have changed
 *
 * Keys that begin with a dot are nobody's business, and the state of the run is all over the page as it is. Always true: nothing is unpickled but the dump itself, which holds no
 * objects; values stay bytes; no answer is made more than once a second, nor asks for more than
 * a few megabytes, so looking does not keep the store from its work; and no answer is waited for without end.
 */

import { bytesOfText, ofArray, lenientTextOfBytes, textOfBytes, type ByteString } from '../../base/byte-string.ts';
import { parseHostPort } from '../../base/host-port.ts';
import { connectStore } from '../../channel/connect.ts';
import { reasonOf } from '../../channel/reasons.ts';
import type { RunInfo } from '../../contract/run-info.ts';
import { StoreClient } from '../../kvs/client.ts';
import type { Dump } from '../../kvs/dump.ts';
import type { StoreAnswer, StoreKey } from './answers.ts';
import { KeptAnswer } from './kept.ts';
import { pythonFormat } from './python-format.ts';
import { Refusal } from './refusal.ts';

/** The page is told of so many keys at most. */
const mostKeys = 1000;

/** Of a value so much is told; pages that were put for a reader are of use only when they are whole. */
const mostValueBytes = 4096;
const mostPageBytes = 64 * 1024;
/** Longer values are not even asked for, nor are more than these together for one answer. */
const mostViewedBytes = 1024 * 1024;
const mostViewedTogether = 4 * 1024 * 1024;

/** How long the value is kept of a key that does not show whether it has changed. */
const viewKeptMs = 3000;

const connectMs = 5000;
const viewMs = 1000;
/** A store that takes longer does not answer any more: the connection may lead to nothing. */
const answerMs = 10_000;

type DumpedKey = Dump['keys'][number];

interface Viewed {
  readonly count: number;
  readonly length: number;
  readonly excerpt: string | undefined;
  readonly at: number;
  /** As much as is shown of it. */
  readonly value: Buffer;
}

export class StoreView {
  /** The run, while it goes on. */
  private readonly run: () => RunInfo | undefined;
  private readonly answerMs: number;
  /** One for all who ask. */
  private client: Promise<StoreClient> | undefined;
  private readonly kept = new KeptAnswer(() => this.speak((client, info) => this.ask(client, info)));
  private readonly viewed = new Map<string, Viewed>();
  /** What may still be asked for, for this answer, in bytes. */
  private room = 0;

  /** @param patienceMs - how long the store may take to answer */
  constructor(run: () => RunInfo | undefined, patienceMs = answerMs) {
    this.run = run;
    this.answerMs = patienceMs;
  }

  /** @throws (rejects with) Refusal when there is no store now */
  async look(): Promise<StoreAnswer> {
    return this.kept.get();
  }

  /**
   * Puts a text under a key, as typed.
   *
   * @returns why it cannot be
   * @throws (rejects with) Refusal when there is no store now
   */
  async put(key: string, typed: string): Promise<string | null> {
    if (isHidden(bytesOfText(key))) return 'That cannot be put: the key is one that is not shown here.';
    let value = typed;
    const format = inputOf(key)?.format ?? '';
    try {
      if (format !== '') value = pythonFormat(format, typed);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return `That cannot be put: ${error.message}.`;
    }
    await this.speak(async (client) => {
      await client.put(key, value);
      await client.obeyed();
    });
    this.kept.forget();
    return null;
  }

  close(): void {
    this.client?.then(
      (client) => client.close(),
      () => {},
    );
    this.client = undefined;
  }

  private async ask(client: StoreClient, info: RunInfo): Promise<StoreAnswer> {
    const { keys, waits } = await client.dump();
    this.room = mostViewedTogether;
    const waiters = new Map(waits.filter(isShown).map(({ key, count }) => [ofArray(key), count]));
    const shown: StoreKey[] = [];
    const filled = keys.filter(isShown);
    for (const each of filled.slice(0, mostKeys)) {
      const name = ofArray(each.key);
      const value = await this.valueOf(client, each);
      shown.push({
        ...keyed(each.key, waiters.get(name) ?? 0, each.count),
        ...{ encoding: each.encoding, bytes: each.length, ...shownValue(each, value) },
      });
      waiters.delete(name);
    }
    const only = [...waiters].slice(0, mostKeys).map(([name, count]) => ({
      ...keyed(Buffer.from(name, 'latin1'), count, 0),
      ...{ encoding: null, bytes: 0, value: null, cut: false },
    }));
    const there = new Set(filled.map(({ key }) => ofArray(key) as string));
    for (const name of this.viewed.keys()) if (!there.has(name)) this.viewed.delete(name);
    const [address] = info.addresses;
    return {
      address: info.openStore ?? (address === undefined ? '' : `${address.host}:${address.port}`),
      keys: [...only, ...shown].sort((a, b) => Number(b.input !== null) - Number(a.input !== null)),
      total: filled.length + waiters.size,
    };
  }

  /** The newest value; undefined when it is too much to be asked for, or has gone. */
  private async valueOf(client: StoreClient, dumped: DumpedKey): Promise<Uint8Array | undefined> {
    const { key, count, length, shown } = dumped;
    if (shown?.length === length) return shown;
    if (!isText(dumped.encoding) || length > mostViewedBytes) return undefined;
    const name = ofArray(key);
    const excerpt = shown === undefined ? undefined : ofArray(shown);
    const before = this.viewed.get(name);
    const isSame = before?.count === count && before.length === length && before.excerpt === excerpt;
    if (before !== undefined && isSame && performance.now() - before.at < viewKeptMs) return before.value;
    if (length > this.room) return isSame ? before?.value : undefined;
    this.room -= length;
    try {
      const whole = await client.view(key, AbortSignal.timeout(viewMs));
      // A part of it would keep all of it in memory.
      const value = Buffer.from(whole.value.subarray(0, mostPageBytes));
      this.viewed.set(name, { count, length, excerpt, at: performance.now(), value });
      return value;
    } catch (error) {
      // Somebody took it in between.
      if ((error as Error).name === 'TimeoutError') return undefined;
      throw error;
    }
  }

  private async speak<T>(what: (client: StoreClient, info: RunInfo) => Promise<T>): Promise<T> {
    const info = this.run();
    if (info === undefined) {
      this.close();
      throw new Refusal(503, 'The store cannot be reached now, or has ended with the run.');
    }
    this.client ??= connected(info);
    const connecting = this.client;
    let client: StoreClient | undefined;
    try {
      client = await connecting;
      return await inTime(client, this.answerMs, what(client, info));
    } catch (error) {
      client?.destroy();
      if (this.client === connecting) this.client = undefined;
      throw new Refusal(503, `The store does not answer (${reasonOf(error)}).`);
    }
  }
}

/** A connection may lead to nothing, and never end by itself: then it is closed. */
async function inTime<T>(client: StoreClient, patienceMs: number, answer: Promise<T>): Promise<T> {
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    client.destroy();
  }, patienceMs);
  try {
    return await answer;
  } catch (error) {
    throw isLate ? new Error('no answer in time') : error;
  } finally {
    clearTimeout(late);
  }
}

/** The key under which the run puts its state for programs. */
const runStateKey = 'DisBatch status';

function isShown({ key }: { readonly key: Uint8Array }): boolean {
  return !isHidden(ofArray(key));
}

function isHidden(key: ByteString): boolean {
  return key.startsWith('.') || key === runStateKey;
}

/** Somebody else's store, or one that is open to all, is spoken to as programs do; the run's own with its key. */
async function connected({ openStore, addresses, key }: RunInfo): Promise<StoreClient> {
  const open = openStore === undefined ? undefined : parseHostPort(openStore);
  if (open !== undefined) {
    const client = await StoreClient.connect(open.host, open.port, AbortSignal.timeout(connectMs));
    await inTime(client, connectMs, client.obeyed());
    return client;
  }
  return new StoreClient(await connectStore(addresses, Buffer.from(key, 'hex'), connectMs));
}

function keyed(
  key: Uint8Array,
  waiters: number,
  values: number,
): Pick<StoreKey, 'key' | 'waiters' | 'values' | 'input'> {
  const text = textOfBytes(ofArray(key));
  return {
    key: text ?? lenientTextOfBytes(ofArray(key)),
    ...{ waiters, values },
    input: waiters > 0 && text !== undefined ? inputOf(text) : null,
  };
}

/** The parts of a key that asks for input. Source: the original's page. */
export function inputOf(key: string): { readonly name: string; readonly format: string } | null {
  const at = key.indexOf('?');
  return at < 0 ? null : { name: key.slice(0, at), format: key.slice(at + 1) };
}

function isText(encoding: string): boolean {
  return encoding === 'ASTR' || encoding === 'JSON' || encoding === 'HTML';
}

function shownValue(
  { shown, encoding, length }: DumpedKey,
  value: Uint8Array | undefined,
): Pick<StoreKey, 'value' | 'cut'> {
  if (value === undefined) return { value: shown === undefined ? null : lenientTextOfBytes(ofArray(shown)), cut: true };
  const isPage = encoding === 'HTML' || /^<html>/i.test(ofArray(value.subarray(0, 6)));
  const most = isPage ? mostPageBytes : encoding === 'JSON' ? mostPageBytes : mostValueBytes;
  return { value: lenientTextOfBytes(ofArray(value.subarray(0, most))), cut: length > most };
}
