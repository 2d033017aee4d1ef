/**
 * Bytes held as a string: every character code is one byte, 0 to 255 ("latin1").
 *
 * A task file is bytes, not text, and a command must reach bash with the very bytes that the user wrote. V8 keeps such
 * strings at one byte a character, regular expressions work on them, and they compare and join faster than buffers do.
 * What is a `string` in this program is text; what is a `ByteString` is bytes. Only the functions here cross over.
 */

declare const bytes: unique symbol;

/** Bytes as a string whose character codes are all below 256. */
export type ByteString = string & { readonly [bytes]: true };

/** The empty byte string. */
export const noBytes = '' as ByteString;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const utf8 = new TextEncoder();
const asciiOnly = /^[\0-\x7f]*$/;

/** Takes a string for bytes, without a check: for strings that were decoded as latin1, or that are ASCII. */
export function asBytes(latin1: string): ByteString {
  return latin1 as ByteString;
}

/** Joins byte strings. */
export function joinBytes(...parts: readonly ByteString[]): ByteString {
  return parts.join('') as ByteString;
}

/** The UTF-8 bytes of a text. */
export function bytesOfText(text: string): ByteString {
  if (asciiOnly.test(text)) return text as ByteString;
  return ofArray(utf8.encode(text));
}

/** The text that the bytes are in UTF-8, or undefined when they are not valid UTF-8. */
export function textOfBytes(value: ByteString): string | undefined {
  if (asciiOnly.test(value)) return value;
  try {
    return strictUtf8.decode(toArray(value));
  } catch {
    return undefined;
  }
}

/** The bytes read as UTF-8, with U+FFFD for what is not valid. */
export function lenientTextOfBytes(value: ByteString): string {
  if (asciiOnly.test(value)) return value;
  return lenientUtf8.decode(toArray(value));
}

/** The bytes as an array. */
export function toArray(value: ByteString): Uint8Array {
  const array = new Uint8Array(value.length);
  for (let i = 0; i < value.length; i++) array[i] = value.charCodeAt(i);
  return array;
}

/** The byte string of an array. */
export function ofArray(array: Uint8Array): ByteString {
  let value = '';
  for (let i = 0; i < array.length; i += 4096) {
    value += String.fromCharCode(...array.subarray(i, i + 4096));
  }
  return value as ByteString;
}
