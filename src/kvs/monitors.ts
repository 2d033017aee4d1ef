/**
 * Which monitor keys are to be told of which events on which keys. Pure.
 *
 * A request `mkey MONITOR KEY:EVENTS` has the monitor key MONITOR told of the events of KEY, of every key when KEY is
 * empty. EVENTS are letters: g a get was asked for, p a value was put, v a view was asked for, w a get or view has to wait.
 * An event whose letter is missing is switched off for that monitor and KEY. To tell is to put the Python literal of a
 * pair, `(b'put', b'KEY')`, under MONITOR with the encoding ASTR. Events on monitor keys are told to nobody.
 */

import { asBytes, type ByteString } from '../base/byte-string.ts';
import { StoreError } from './protocol.ts';

export const storeEvents = ['get', 'put', 'view', 'wait'] as const;

export type StoreEvent = (typeof storeEvents)[number];

const everyKey = '';
const nobody: ReadonlySet<ByteString> = new Set();

export class Monitors {
  private readonly limit: number;
  private readonly monitorKeys = new Set<ByteString>();
  /** By event and KEY. */
  private readonly watchers = new Map<StoreEvent, Map<string, Set<ByteString>>>(
    storeEvents.map((event) => [event, new Map()]),
  );
  /** How many (monitor, KEY, event) there are. */
  private watches = 0;

  /** @param limit - the largest number of monitor keys, and of what they watch together */
  constructor(limit: number) {
    this.limit = limit;
  }

  /**
   * Obeys a request. One whose `watch` has no colon means nothing and is passed over, as in the original.
   *
   * @throws StoreError when there are too many
   */
  set(monitorKey: ByteString, watch: ByteString): void {
    const colon = watch.lastIndexOf(':');
    if (colon < 0) return;
    const [key, letters] = [watch.slice(0, colon), watch.slice(colon + 1)];
    const added = storeEvents.filter((event) => letters.includes(event.charAt(0))).length;
    if (this.watches + added > this.limit || (!this.isMonitor(monitorKey) && this.monitorKeys.size >= this.limit)) {
      throw new StoreError('monitors', `more than ${this.limit} events of keys would be watched by monitor keys`);
    }
    this.monitorKeys.add(monitorKey);
    for (const event of storeEvents) this.switch(event, key, monitorKey, letters.includes(event.charAt(0)));
  }

  isMonitor(key: ByteString): boolean {
    return this.monitorKeys.has(key);
  }

  /** Makes it a key like others. */
  delete(monitorKey: ByteString): void {
    if (!this.monitorKeys.delete(monitorKey)) return;
    for (const [event, byKey] of this.watchers) {
      for (const key of [...byKey.keys()]) this.switch(event, key, monitorKey, false);
    }
  }

  /** The monitor keys to tell of an event: first those of every key, then those of this one. */
  *told(event: StoreEvent, key: ByteString): Generator<ByteString> {
    if (this.watches === 0 || this.isMonitor(key)) return;
    yield* this.of(event).get(everyKey) ?? nobody;
    // The watch of the empty key cannot be told from that of every key.
    if (key !== everyKey) yield* this.of(event).get(key) ?? nobody;
  }

  private switch(event: StoreEvent, key: string, monitorKey: ByteString, on: boolean): void {
    const byKey = this.of(event);
    const set = byKey.get(key) ?? new Set();
    const before = set.size;
    if (on) set.add(monitorKey);
    else set.delete(monitorKey);
    this.watches += set.size - before;
    if (set.size > 0) byKey.set(key, set);
    else byKey.delete(key);
  }

  private of(event: StoreEvent): Map<string, Set<ByteString>> {
    return this.watchers.get(event) as Map<string, Set<ByteString>>;
  }
}

/** What is put under a monitor key: `(b'put', b'KEY')`. */
export function noticeOf(event: StoreEvent, key: ByteString): ByteString {
  return asBytes(`(b'${event}', ${pythonBytes(key)})`);
}

const escapes: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\\': '\\\\' };

/** Bytes as Python writes them: `b'...'`. */
function pythonBytes(bytes: ByteString): string {
  const quote = bytes.includes("'") && !bytes.includes('"') ? '"' : "'";
  const text = bytes.replace(/[^ -~]|[\\']/g, (c) => {
    if (c === "'") return quote === "'" ? "\\'" : c;
    return escapes[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `b${quote}${text}${quote}`;
}
