import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clip, clipStart, columnsOf, safe, wrapped } from '../../src/base/text-width.ts';
import { anyText } from '../monitor/terminal/sights.ts';

describe('columns of a terminal', () => {
  test.each([
    ['plain', 5],
    ['', 0],
    ['é', 1],
    ['e\u0301', 1],
    ['中文', 4],
    ['ｆｕｌｌ', 8],
    ['한국', 4],
    ['🚀', 2],
    ['█▉─│▶…', 6],
  ])('%s takes %d', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  test('a text is cut where it must be, and never in the middle of a wide character', () => {
    expect(clip('abcdef', 6, '…')).toBe('abcdef');
    expect(clip('abcdefg', 6, '…')).toBe('abcde…');
    expect(clip('中文節點', 6, '…')).toBe('中文…');
    expect(clip('abc', 0, '…')).toBe('');
    expect(clipStart('/work/ada/night', 6, '…')).toBe('…night');
  });

  test('lines are broken at blanks, or anywhere when there are none', () => {
    expect(wrapped('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrapped('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(wrapped('', 4)).toEqual(['']);
  });

  test('whatever the text, a cut one fits, and a wrapped one loses nothing but blanks', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 60 }), (text, width) => {
        const shown = safe(text);
        expect(columnsOf(clip(shown, width, '…'))).toBeLessThanOrEqual(width);
        const lines = wrapped(shown, width);
        for (const each of lines) expect(columnsOf(each)).toBeLessThanOrEqual(width);
        expect(lines.join('').replace(/\s/g, '')).toBe(shown.replace(/\s/g, ''));
      }),
    );
  });
});

describe('foreign text', () => {
  test('shows what a terminal would obey, and loses what changes how wide something is', () => {
    expect(safe('\x1b[2J\t\x9b31m\u202e')).toBe('\\x1b[2J\\t\\x9b31m\\u202e');
    expect(safe('❤\ufe0f\u00ad!')).toBe('❤!');
    expect(safe(`e${'\u0301'.repeat(50)}`)).toBe('e\u0301\u0301');
  });
});
