/**
 * What a store tells of itself, as JSON that any program reads. Pure.
 *
 * Keys and values are bytes. One that is valid UTF-8 stands there as text, under its name (`key`); another in base64, under
 * its name with `Base64` at the end (`keyBase64`).
 */

import { ofArray, textOfBytes } from '../base/byte-string.ts';
import type { Dump } from './dump.ts';

/** A dump as JSON of several lines. */
export function dumpJson({ counts, waits, keys }: Dump): string {
  const value = {
    counts,
    keys: keys.map(({ key, count, encoding, length, shown }) => ({
      ...bytesField('key', key),
      values: count,
      encoding,
      bytes: length,
      // Of a long text only the ends are told.
      ...(shown === undefined ? {} : bytesField(shown.length === length ? 'newest' : 'excerpt', shown)),
    })),
    waits: waits.map(({ key, count }) => ({ ...bytesField('key', key), waiting: count })),
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** A field that holds bytes. */
export function bytesField(name: string, bytes: Uint8Array): Record<string, string> {
  const text = textOfBytes(ofArray(bytes));
  return text === undefined ? { [`${name}Base64`]: Buffer.from(bytes).toString('base64') } : { [name]: text };
}
