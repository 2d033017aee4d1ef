/** Lines of a task file from its bytes, however these are cut. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBytes, type ByteString } from '../../src/base/byte-string.ts';
import { LineSplitter, maxLineBytes, type StreamLine } from '../../src/task/line-splitter.ts';

function linesOf(...chunks: readonly string[]): (readonly [number, string])[] {
  return split(chunks.map(asBytes)).map((line) => [line.lineNumber, line.text]);
}

function split(chunks: readonly ByteString[]): StreamLine[] {
  const splitter = new LineSplitter();
  return [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()];
}

describe('lines', () => {
  test('end at a newline, which is not part of them, and count from 1', () => {
    expect(linesOf('a\n b \n')).toEqual([
      [1, 'a'],
      [2, ' b '],
    ]);
  });

  test('need no newline at the end of the file', () => {
    expect(linesOf('a\nb')).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });

  test('may be empty, but an empty rest is no line', () => {
    expect(linesOf('\n\n')).toEqual([
      [1, ''],
      [2, ''],
    ]);
    expect(linesOf('')).toEqual([]);
  });

  test('end at a carriage return with a newline as at a newline', () => {
    expect(linesOf('a\r\nb\r\n\r\nc')).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, ''],
      [4, 'c'],
    ]);
  });

  test('share their number when only a lone carriage return parts them', () => {
    expect(linesOf('a\rb\r\rc\nd\r')).toEqual([
      [1, 'a'],
      [1, 'b'],
      [1, ''],
      [1, 'c'],
      [2, 'd'],
    ]);
  });

  test('are not cut twice where a chunk ends between carriage return and newline', () => {
    expect(linesOf('a\r', '\nb\r', 'c')).toEqual([
      [1, 'a'],
      [2, 'b'],
      [2, 'c'],
    ]);
  });

  test('keep every byte but their ends', () => {
    const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))
      .join('')
      .replace(/[\r\n]/g, '');
    expect(linesOf(`${all}\n`)).toEqual([[1, all]]);
  });
});

test('any chunking of the bytes gives the same lines', () => {
  const piece = fc.oneof(
    fc.constantFrom('\n', '\r', '\r\n', 'x', 'ab'),
    fc.string({ unit: 'binary-ascii', maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(piece), fc.array(fc.nat(40)), (pieces, cuts) => {
      const whole = pieces.join('');
      const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)), whole.length].sort((a, b) => a - b);
      const chunks = at.slice(1).map((end, i) => asBytes(whole.slice(at[i], end)));
      expect(split(chunks)).toEqual(split([asBytes(whole)]));
    }),
  );
});

describe('a line that is too long', () => {
  const half = asBytes('x'.repeat(maxLineBytes / 2));

  test('is taken up to the limit', () => {
    expect(split([half, half, asBytes('\ny')]).map((line) => line.text.length)).toEqual([maxLineBytes, 1]);
  });

  test.each([
    ['in one chunk', [asBytes(`a\n${half}${half}x\n`)]],
    ['in several', [asBytes('a\n'), half, half, asBytes('x')]],
  ])('is refused with its number as soon as it passes the limit, %s', (_, chunks) => {
    const splitter = new LineSplitter();
    const all = () => chunks.flatMap((chunk) => [...splitter.push(chunk)]);
    const mistake: unknown = expect.objectContaining({
      lineNumber: 2,
      problem: 'is longer than 16 MiB',
      canGoOn: false,
    });
    expect(all).toThrow(expect.objectContaining({ name: 'TaskFileMistake', mistakes: [mistake] }));
  });
});
