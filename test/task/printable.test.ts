/** The table of printable characters against what Node knows of Unicode. */

import { expect, test } from 'vitest';
import { isPrintable } from '../../src/task/printable.ts';
import { askPython, isPython311, noPython } from './python.ts';

const codes = Array.from({ length: 0x110000 }, (_, code) => code);

test('no control, format, surrogate, private, unassigned or separating character is printable, but for the blank', () => {
  const other = /^[\p{C}\p{Z}]$/u;
  const wrong = codes.filter((code) => isPrintable(code) && other.test(String.fromCodePoint(code)));
  expect(wrong).toEqual([0x20]);
});

test('whole blocks that Unicode 14 knows are printable', () => {
  const blocks = [
    [0x20, 0x7e],
    [0xa1, 0xac],
    [0xae, 0x377],
    [0x4e00, 0x9fff],
    [0xac00, 0xd7a3],
    [0x1f600, 0x1f64f],
  ] as const;
  for (const [first, last] of blocks) {
    expect(codes.slice(first, last + 1).filter((code) => !isPrintable(code))).toEqual([]);
  }
});

test('characters that came with Unicode 15, 15.1 and 16 are not printable, whatever Node knows of them', () => {
  expect([0x1fae8, 0x2ebf0, 0x1c89].map(isPrintable)).toEqual([false, false, false]);
});

test('the ends of the range are not printable', () => {
  expect([0, 0xd800, 0xdfff, 0xe000, 0x10ffff].map(isPrintable)).toEqual([false, false, false, false, false]);
});

const noPython311 = noPython ?? (isPython311 ? undefined : 'python3 is not 3.11: the table was not compared with it');
test('every character is printable where Python 3.11 says so', { timeout: 120_000 }, (ctx) => {
  if (noPython311 !== undefined) ctx.skip(noPython311);
  const script = `
starts, last = [], None
for code in range(0x110000):
    printable = chr(code).isprintable()
    if printable != last:
        starts.append(code)
        last = printable
print(json.dumps(starts))`;
  const ours = codes.filter((code) => code === 0 || isPrintable(code) !== isPrintable(code - 1));
  expect(ours).toEqual(askPython(script, null));
});
