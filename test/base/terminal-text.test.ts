import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clipped, clock, duration, grouped, shellQuoted, visible } from '../../src/base/terminal-text.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });

describe('visible text', () => {
  test('has no character in it that a terminal obeys', () => {
    const obeyed = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|\p{Bidi_Control}|[\u200b\u2060-\u2064\ufeff]/u;
    const hostile = fc.constantFrom(
      ...Array.from(
        '\0\x07\x08\n\r\t\x1b\x7f\x80\x9b\x9d\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\u2060\ufeff\ud800',
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(anyText, hostile), { maxLength: 8 }), (parts) => {
        expect(visible(parts.join(''))).not.toMatch(obeyed);
      }),
      { numRuns: 500 },
    );
  });

  test('leaves letters, blanks and symbols of every language as they are', () => {
    const harmless = 'a b~ ä ß ñ 日本語 العربية 😀 e\u0301 ½ \\ "\'$`';
    expect(visible(harmless)).toBe(harmless);
  });

  test.each([
    ['a\nb\tc\rd', 'a\\nb\\tc\\rd'],
    ['\x1b]0;title\x07', '\\x1b]0;title\\x07'],
    ['\x9b31m', '\\x9b31m'],
    ['rm \u202ecod.exe', 'rm \\u202ecod.exe'],
    ['\ud83d alone', '\\ud83d alone'],
  ])('shows %j as %s', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test('made visible once more is the same', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(visible(visible(text))).toBe(visible(text));
      }),
    );
  });
});

describe('clipped text', () => {
  test('is never longer than asked, whole where it fits, and its beginning with an ellipsis where not', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 70 }), (text, width) => {
        const cut = clipped(text, width);
        const [all, shown] = [[...text], [...cut]];
        expect(shown.length).toBeLessThanOrEqual(width);
        if (all.length <= width) expect(cut).toBe(text);
        else expect(shown).toEqual([...all.slice(0, width - 1), '…']);
      }),
    );
  });
});

test('whole numbers are grouped by three digits', () => {
  expect([0, 7, 999, 1000, 12345, 999999, 1234567, 10000000, 999.6].map(grouped)).toEqual(
    '0 7 999 1,000 12,345 999,999 1,234,567 10,000,000 1,000'.split(' '),
  );
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      expect(grouped(value)).toMatch(/^\d{1,3}(,\d{3})*$/);
      expect(Number(grouped(value).replaceAll(',', ''))).toBe(value);
    }),
  );
});

test.each([
  [0, '0:00'],
  [7.4, '0:07'],
  [59.6, '1:00'],
  [245, '4:05'],
  [3599.5, '1:00:00'],
  [11045, '3:04:05'],
  [86399.5, '1d 00:00:00'],
  [183845, '2d 03:04:05'],
])('%d seconds are %s on a clock', (seconds, text) => {
  expect(clock(seconds)).toBe(text);
});

test('a time on a clock can be read back to the second', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * 86400 }), (seconds) => {
      const [, days = '0', hours = '0', minutes, rest] =
        /^(?:(\d+)d )?(?:(\d{1,2}):)?(\d{1,2}):(\d\d)$/.exec(clock(seconds)) ?? [];
      expect(((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(rest)).toBe(seconds);
      expect([Number(hours) < 24, Number(minutes) < 60, Number(rest) < 60]).toEqual([true, true, true]);
    }),
  );
});

test.each([
  [0, '0.00 s'],
  [0.424, '0.42 s'],
  [12.34, '12.3 s'],
  [245, '4:05'],
  [11045, '3:04:05'],
])('%d seconds last %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test('quoted words come out of a real bash as they went in', () => {
  const word = fc
    .string({ unit: 'binary', maxLength: 20 })
    .filter((text) => !text.includes('\0') && !/\p{Cs}/u.test(text));
  const special = fc.constantFrom(
    ...['', ' ', "'", "''\\''", '"', '$HOME', '`id`', '*', '~', '!', '#', '-n', 'a=b', '\n', '\\'],
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(word, special), { minLength: 1, maxLength: 40 }), (words) => {
      const script = `printf '%s\\0' ${words.map(shellQuoted).join(' ')}`;
      expect(execFileSync('/bin/bash', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(words);
    }),
    { numRuns: 25 },
  );
});

test('words that need no quotes have none', () => {
  for (const word of ['localhost:4', '-r', './Tasks', 'a@b', '1,2', '--x=y', '50%'])
    expect(shellQuoted(word)).toBe(word);
});
