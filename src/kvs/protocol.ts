/**
 * The wire protocol of the key-value store, as the original disBatch speaks it. Pure: words, lengths, both directions.
 *
 * A connection carries requests one after the other; each begins with four bytes that name the operation.
 *
 *   put_  key, encoding, value   adds the value to those of the key; no reply
 *   get_  key                    takes the oldest value;   reply: encoding, value. Waits while there is none
 *   view  key                    shows the newest value;   reply: encoding, value. Waits while there is none
 *   mkey  monitor key, watch     the monitor key tells of events; no reply (monitors.ts)
 *   dump                         reply: value, a Python pickle of what is in the store (dump.ts)
 *   clos                         the client is done; the store closes the connection
 *   down                         the client asks for the end of the store, and is done
 *
 *   key, monitor key, watch, value   ten characters, the number of bytes in decimal, blanks before it; then the bytes
 *   encoding                         four bytes that say what the value is (ASTR bytes, PYPK a Python pickle, JSON, HTML);
 *                                    the store passes them on and does not look into values
 *
 * A reply that waits does not stop the connection: further requests are obeyed. A further get or view takes the place of
 * the one that waits, which then takes nothing. There is no reply that tells of an error: the store closes the connection.
 * A request counts when its last byte has come; a connection that ends before has not made it.
 */

import { asBytes, type ByteString } from '../base/byte-string.ts';

/** Bytes of an operation, and of an encoding. */
export const wordBytes = 4;

/** Bytes of a length. */
export const lengthBytes = 10;

/**
 * What the names of monitor keys begin with that are one connection's own: such a key, what it watches and what it has been
 * told go when the connection that made it ends. The original has none.
 */
export const ownKeyPrefix = '.disbatch client ';

/** What a request may be at most, in bytes. */
export interface RequestLimits {
  readonly key: number;
  readonly value: number;
}

export const defaultRequestLimits: RequestLimits = { key: 64 * 1024, value: 1024 ** 3 };

/** What a client did that no client may do, or what the store cannot do for it: the connection ends with it. */
export class StoreError extends Error {
  /** One word for all sentences of the kind, by which a log can tell that it has told of it before. */
  readonly kind: string;

  constructor(kind: string, sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
    this.kind = kind;
  }
}

/** A length as it stands on the wire. */
export function formatLength(bytes: number): string {
  return String(bytes).padStart(lengthBytes);
}

/** The number of bytes that ten characters say, or undefined when they are no length. Blanks may follow it too. */
export function parseLength(text: string): number | undefined {
  return /^ *[0-9]+ *$/.test(text) ? Number(text) : undefined;
}

/** What goes before a value in the reply to get and view. */
export function replyHeader(encoding: ByteString, bytes: number): Buffer {
  return Buffer.from(encoding + formatLength(bytes), 'latin1');
}

/** A request without a value: get, view, or an operation alone. */
export function encodeRequest(operation: 'get_' | 'view', key: ByteString): Buffer;
export function encodeRequest(operation: 'dump' | 'clos' | 'down'): Buffer;
export function encodeRequest(operation: string, key?: ByteString): Buffer {
  return Buffer.from(operation + (key === undefined ? '' : counted(key)), 'latin1');
}

/** What goes before the value in a put. */
export function encodePutHeader(key: ByteString, encoding: ByteString, bytes: number): Buffer {
  return Buffer.from(`put_${counted(key)}${encoding}${formatLength(bytes)}`, 'latin1');
}

export function encodeMonitor(monitorKey: ByteString, watch: ByteString): Buffer {
  return Buffer.from(`mkey${counted(monitorKey)}${counted(watch)}`, 'latin1');
}

/**
 * The four bytes of an encoding.
 *
 * @throws RangeError when the text is not four bytes
 */
export function encodingOf(text: string): ByteString {
  if (!/^[\0-\xff]{4}$/s.test(text)) throw new RangeError(`an encoding has four bytes, "${text}" has not`);
  return asBytes(text);
}

function counted(bytes: ByteString): string {
  return formatLength(bytes.length) + bytes;
}
