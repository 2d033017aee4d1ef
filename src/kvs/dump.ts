/**
 * The answer to `dump`: what is in the store, as a Python pickle of
 *
 *   ([gets, puts, views, waits, waits begun, waits ended],
 *    [(key, how many wait for it), …],
 *    [(key, number of values, about the newest one), …])
 *
 * About a value: (encoding, value) for text of up to 50 bytes and for HTML; (encoding, first 24 bytes + b'...' + last 23
 * bytes, length) for longer text; (encoding, None, length) for all else, and for what is not in memory or too much. Pure.
 */

import { ofArray, toArray, type ByteString } from '../base/byte-string.ts';
import { pickle, type PickleTuple, type PickleValue } from './pickle.ts';
import type { Store, StoreCounts } from './store.ts';
import { unpickle } from './unpickle.ts';

/** Text up to this length is shown whole. Source: the original. */
const wholeText = 50;
const textHead = 24;
const textTail = 23;

/** HTML up to this length, bytes, is shown whole. */
const wholeHtml = 64 * 1024;

/** A dump tells of so many keys with values at most, those that have had values for longest, and of so many waits. */
export const dumpKeys = 100_000;

/** Whole values in one dump together, bytes. */
const wholeTogether = 16 * 1024 * 1024;

/** As much of a value as a dump needs. */
export interface DumpedValue {
  readonly encoding: ByteString;
  readonly length: number;
  /** Undefined when it is not in memory. */
  readonly bytes: Uint8Array | undefined;
}

/** The counts in the order in which a dump has them. */
const countNames = ['get', 'put', 'view', 'wait', 'waitsBegun', 'waitsEnded'] as const;

export function dumpOf(store: Store<DumpedValue>): Buffer {
  let room = wholeTogether;
  const keys: PickleTuple[] = [];
  for (const { key, count, newest } of store.keys()) {
    if (keys.length === dumpKeys) break;
    const { shown, whole } = shownOf(newest, room);
    room -= shown?.length ?? 0;
    const about = [toArray(newest.encoding), shown, ...(whole ? [] : [newest.length])];
    keys.push({ tuple: [toArray(key), count, { tuple: about }] });
  }
  const waits: PickleTuple[] = [];
  for (const { key, count } of store.waits()) {
    if (waits.length === dumpKeys) break;
    waits.push({ tuple: [toArray(key), count] });
  }
  return pickle({ tuple: [countNames.map((name) => store.counts[name]), waits, keys] });
}

interface Shown {
  readonly shown: Uint8Array | null;
  /** Otherwise the length is told too. */
  readonly whole: boolean;
}

function shownOf({ encoding, length, bytes }: DumpedValue, room: number): Shown {
  const unseen: Shown = { shown: null, whole: false };
  if (bytes === undefined) return unseen;
  const isText = encoding === 'ASTR';
  // Pages were put as text before there was an encoding for them.
  if (encoding === 'HTML' || (isText && /^<html>/i.test(ofArray(bytes.subarray(0, 6))))) {
    return length <= Math.min(wholeHtml, room) ? { shown: bytes, whole: true } : unseen;
  }
  if (!isText) return unseen;
  if (length <= wholeText) return { shown: bytes, whole: true };
  const excerpt = [bytes.subarray(0, textHead), Buffer.from('...'), bytes.subarray(-textTail)];
  return { shown: Buffer.concat(excerpt), whole: false };
}

/** A dump that was read. */
export interface Dump {
  readonly counts: StoreCounts;
  readonly waits: readonly { readonly key: Uint8Array; readonly count: number }[];
  readonly keys: readonly {
    readonly key: Uint8Array;
    readonly count: number;
    readonly encoding: string;
    /** The newest value or what is shown of it; undefined when it is not shown. */
    readonly shown: Uint8Array | undefined;
    /** Bytes of the newest value. */
    readonly length: number;
  }[];
}

/** @throws RangeError when it is none */
export function parseDump(data: Buffer): Dump {
  const [counts, waits, keys] = tupleOf(unpickle(data));
  const numbers = listOf(counts).map(numberOf);
  const named = countNames.map((name, i) => [name, numbers[i] ?? 0] as const);
  return {
    counts: Object.fromEntries(named) as unknown as StoreCounts,
    waits: listOf(waits).map((wait) => {
      const [key, count] = tupleOf(wait);
      return { key: bytesOf(key), count: numberOf(count) };
    }),
    keys: listOf(keys).map((entry) => {
      const [key, count, about] = tupleOf(entry);
      const [encoding, value, length] = tupleOf(about);
      const shown = value === null ? undefined : bytesOf(value);
      return {
        key: bytesOf(key),
        count: numberOf(count),
        encoding: ofArray(bytesOf(encoding)),
        shown,
        length: length === undefined ? (shown?.length ?? 0) : numberOf(length),
      };
    }),
  };
}

function tupleOf(value: PickleValue | undefined): readonly PickleValue[] {
  if (value !== undefined && value !== null && typeof value === 'object' && 'tuple' in value) return value.tuple;
  throw new RangeError('a dump without a tuple where one belongs');
}

function listOf(value: PickleValue | undefined): readonly PickleValue[] {
  if (Array.isArray(value)) return value as readonly PickleValue[];
  throw new RangeError('a dump without a list where one belongs');
}

function numberOf(value: PickleValue | undefined): number {
  if (typeof value === 'number') return value;
  throw new RangeError('a dump without a number where one belongs');
}

function bytesOf(value: PickleValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new RangeError('a dump without bytes where they belong');
}
