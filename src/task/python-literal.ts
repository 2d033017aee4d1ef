/**
 * Python's string and bytes literals, written as Python 3.11's repr writes them and read as its parser reads them.
 *
 * Pure. The status file holds such literals: the snippets of outputs, and commands that are not UTF-8.
 */

import { asBytes, type ByteString } from '../base/byte-string.ts';
import { isPrintable } from './printable.ts';

/** What a literal stands for. */
export type PythonLiteral =
  { readonly kind: 'text'; readonly value: string } | { readonly kind: 'bytes'; readonly value: ByteString };

const needsNoEscape = /^[ -&(-[\]-~]*$/;
const nameOfControl: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\\': '\\\\' };

/** The repr of a str. Lone surrogates are escaped, as Python does. */
export function pythonRepr(text: string): string {
  if (needsNoEscape.test(text)) return `'${text}'`;
  const quote = quoteFor(text);
  let body = '';
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (character === quote) body += `\\${quote}`;
    else body += nameOfControl[character] ?? (isPrintable(code) ? character : hexEscape(code));
  }
  return quote + body + quote;
}

/** The repr of bytes. */
export function pythonBytesRepr(bytes: ByteString): string {
  if (needsNoEscape.test(bytes)) return `b'${bytes}'`;
  const quote = quoteFor(bytes);
  const body = bytes.replace(/[^ -&(-[\]-~]/g, (byte) => {
    if (byte === quote) return `\\${quote}`;
    if (byte === "'") return byte;
    return nameOfControl[byte] ?? hexEscape(byte.charCodeAt(0));
  });
  return `b${quote}${body}${quote}`;
}

/** Python takes single quotes unless these alone would need an escape. */
function quoteFor(text: string): string {
  return text.includes("'") && !text.includes('"') ? '"' : "'";
}

function hexEscape(code: number): string {
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

const escapes = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([^]))/g;
const controlOfName: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

/**
 * What a literal with one pair of quotes stands for, or undefined when Python would refuse it. Named characters (`\N{}`),
 * raw and triple-quoted literals, which repr never writes, are refused too.
 */
export function parsePythonLiteral(source: string): PythonLiteral | undefined {
  const isBytes = source.startsWith('b') || source.startsWith('B');
  const quote = source.charAt(isBytes ? 1 : 0);
  const body = source.slice(isBytes ? 2 : 1, -1);
  if ((quote !== "'" && quote !== '"') || source.length < body.length + (isBytes ? 3 : 2)) return undefined;
  const bare = body.replace(/\\[^]/g, '');
  if (!source.endsWith(quote) || bare.includes(quote) || /[\\\n\r]/.test(bare)) return undefined;
  // Bytes beyond ASCII need an escape in a bytes literal.
  if (isBytes && !/^[\0-\x7f]*$/.test(body)) return undefined;
  const value = body.includes('\\') ? unescape(body, isBytes) : body;
  if (value === undefined) return undefined;
  return isBytes ? { kind: 'bytes', value: asBytes(value) } : { kind: 'text', value };
}

function unescape(body: string, isBytes: boolean): string | undefined {
  let refused = false;
  const value = body.replace(
    escapes,
    (whole, x?: string, u?: string, longU?: string, octal?: string, other?: string): string => {
      if (x !== undefined) return String.fromCharCode(Number.parseInt(x, 16));
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & (isBytes ? 0xff : 0x1ff));
      const named = other === undefined ? undefined : controlOfName[other];
      if (named !== undefined) return named;
      // In bytes \u and \N are no escapes: Python keeps what it does not know, with its backslash.
      if (isBytes && other !== 'x') return whole;
      const code = Number.parseInt(u ?? longU ?? 'none', 16);
      if (code <= 0x10ffff) return String.fromCodePoint(code);
      if (other === undefined || 'xuUN'.includes(other)) refused = true;
      return whole;
    },
  );
  return refused ? undefined : value;
}
