/**
 * Text in columns of a terminal: wide characters take two, marks none. Pure.
 *
 * Where terminals do not agree (flags, newer emoji) the larger count is taken, so a line is never too wide; the painter
 * says anew in which column it goes on.
 */

import { visible } from './terminal-text.ts';

const asciiOnly = /^[ -~]*$/;
const wide =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18d08}\u{1aff0}-\u{1b2ff}\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const marks = /[\p{Mn}\p{Me}\u1160-\u11ff]/u;

/** What changes how wide the character before it is, or is shown by some terminals and not by others. */
const unsure = /[\ufe00-\ufe0f\p{Cf}\u{e0000}-\u{e0fff}]/gu;

/** More marks than this on one character are left out: they would reach into other lines. */
const mostMarks = 2;

/** Foreign text, safe for a terminal and of a width that can be told. */
export function safe(text: string): string {
  if (asciiOnly.test(text)) return text;
  const shown = visible(text);
  return asciiOnly.test(shown) ? shown : withFewMarks(shown.replace(unsure, ''));
}

function withFewMarks(text: string): string {
  let [kept, row] = ['', 0];
  for (const character of text) {
    row = marks.test(character) ? row + 1 : 0;
    if (row <= mostMarks) kept += character;
  }
  return kept;
}

export function columnsOf(text: string): number {
  if (asciiOnly.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += columnsOfCharacter(character);
  return columns;
}

export function columnsOfCharacter(character: string): number {
  if (character <= '~') return 1;
  if (marks.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** The beginning of a text that fits into so many columns; the ellipsis (one column) stands for what was cut. */
export function clip(text: string, width: number, ellipsis: string): string {
  if (columnsOf(text) <= width) return text;
  if (width < 1) return '';
  return cut(text, width - 1) + ellipsis;
}

/** The end of a text, likewise. */
export function clipStart(text: string, width: number, ellipsis: string): string {
  if (columnsOf(text) <= width) return text;
  if (width < 1) return '';
  const backwards = (value: string): string => [...value].reverse().join('');
  return ellipsis + backwards(cut(backwards(text), width - 1));
}

/** The beginning that fits. */
function cut(text: string, width: number): string {
  let [kept, columns] = ['', 0];
  for (const character of text) {
    columns += columnsOfCharacter(character);
    if (columns > width) break;
    kept += character;
  }
  return kept;
}

/** The text in lines of at most so many columns, broken at blanks where there are some. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (columnsOf(rest) > width) {
    const most = cut(rest, Math.max(2, width));
    const blank = most.lastIndexOf(' ');
    const at = blank > most.length / 2 ? blank + 1 : most.length;
    lines.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at);
  }
  return [...lines, rest];
}
