/** Python's literals: written as repr writes them, read as Python reads them. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBytes, type ByteString } from '../../src/base/byte-string.ts';
import { parsePythonLiteral, pythonBytesRepr, pythonRepr } from '../../src/task/python-literal.ts';
import { askPython, noPython } from './python.ts';

const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom("'", '"', '\\', '\n', 'a'), fc.string({ unit: 'binary', maxLength: 1 })),
});
const anyBytes = fc
  .array(fc.oneof(fc.nat(255), fc.constantFrom(39, 34, 92, 10)))
  .map((codes) => asBytes(String.fromCharCode(...codes)));

describe('a text is written', () => {
  test.each([
    ['', `''`],
    ['it', `'it'`],
    ["it's", `"it's"`],
    ['"x"', `'"x"'`],
    [`it's "x"`, `'it\\'s "x"'`],
    ['a\\b', `'a\\\\b'`],
    ['\t\n\r', `'\\t\\n\\r'`],
    ['\0\x07\x1b\x7f', `'\\x00\\x07\\x1b\\x7f'`],
    ['\x80\xa0\xad\xe9', `'\\x80\\xa0\\xadé'`],
    ['\u2028\u200b\ufeff\u3000', `'\\u2028\\u200b\\ufeff\\u3000'`],
    ['漢\ufffd😀', `'漢\ufffd😀'`],
    ['\u{e0001}\u{10ffff}', `'\\U000e0001\\U0010ffff'`],
    // Unassigned in Unicode 14, though newer ones know it.
    ['\u{1fae8}', `'\\U0001fae8'`],
    ['\ud83d', `'\\ud83d'`],
  ])('%j as %s', (text, literal) => {
    expect(pythonRepr(text)).toBe(literal);
    expect(parsePythonLiteral(literal)).toEqual({ kind: 'text', value: text });
  });
});

describe('bytes are written', () => {
  test.each([
    ['', `b''`],
    ['it', `b'it'`],
    ["it's", `b"it's"`],
    [`it's "x"`, `b'it\\'s "x"'`],
    ['\t\n\r\\', `b'\\t\\n\\r\\\\'`],
    ['\0\x7f\x80\xe9\xff', `b'\\x00\\x7f\\x80\\xe9\\xff'`],
  ])('%j as %s', (bytes, literal) => {
    expect(pythonBytesRepr(asBytes(bytes))).toBe(literal);
    expect(parsePythonLiteral(literal)).toEqual({ kind: 'bytes', value: bytes });
  });
});

describe('a literal is read', () => {
  test.each([
    [`"x"`, 'x'],
    [`'\\a\\b\\f\\v\\n\\r\\t\\\\\\'\\"'`, `\x07\b\f\v\n\r\t\\'"`],
    [`'\\0\\12\\101\\777'`, '\0\nA\u01ff'],
    [`'\\x41\\u00e9\\U0001f600'`, 'Aé😀'],
    [`'\\d\\8'`, '\\d\\8'],
    [`'a\\\nb'`, 'ab'],
    [`'é'`, 'é'],
  ])('%j', (literal, value) => {
    expect(parsePythonLiteral(literal)).toEqual({ kind: 'text', value });
  });

  test('as bytes, where \\u is no escape and octal numbers wrap', () => {
    expect(parsePythonLiteral(`b'\\u00e9\\N\\777\\x41'`)).toEqual({ kind: 'bytes', value: '\\u00e9\\N\xffA' });
    expect(parsePythonLiteral(`B"x"`)).toEqual({ kind: 'bytes', value: 'x' });
  });

  test.each([
    '',
    'x',
    `'`,
    `b'`,
    `'x`,
    `x'`,
    `'x"`,
    `'a'b'`,
    `'a' 'b'`,
    `'''x'''`,
    `'a\nb'`,
    `'a\\'`,
    `'\\x4'`,
    `'\\u00e'`,
    `'\\U00110000'`,
    `'\\N{DASH}'`,
    `b'é'`,
    `b'\\x4'`,
    `r'x'`,
    ` 'x'`,
    `0`,
  ])('not %j', (literal) => {
    expect(parsePythonLiteral(literal)).toBeUndefined();
  });
});

test('what is written is read back, and has no control character that could end its field or line', () => {
  fc.assert(
    fc.property(anyText, anyBytes, (text, bytes) => {
      expect(parsePythonLiteral(pythonRepr(text))).toEqual({ kind: 'text', value: text });
      expect(parsePythonLiteral(pythonBytesRepr(bytes))).toEqual({ kind: 'bytes', value: bytes });
      expect(pythonRepr(text) + pythonBytesRepr(bytes)).not.toMatch(/\p{Cc}/u);
    }),
  );
});

describe('Python itself', () => {
  const texts = fc.sample(anyText, { numRuns: 300, seed: 1 });
  const values: readonly ByteString[] = fc.sample(anyBytes, { numRuns: 300, seed: 2 });

  test(
    'reads the same texts and bytes from what is written, and writes bytes the same',
    { timeout: 120_000 },
    (ctx) => {
      if (noPython !== undefined) ctx.skip(noPython);
      const script = `
texts, literals, values = input
read = [ast.literal_eval(s) for s in texts], [ast.literal_eval(s).decode('latin1') for s in literals]
print(json.dumps([*read, [repr(s.encode('latin1')) for s in values]]))`;
      const literals = values.map(pythonBytesRepr);
      expect(askPython(script, [texts.map(pythonRepr), literals, values])).toEqual([texts, values, literals]);
    },
  );
});
