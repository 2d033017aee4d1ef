/**
 * Lines as bytes for a terminal. Pure. Whatever the text is, nothing but styles and columns is in the escapes.
 */

import type { Line, Style } from './line.ts';
import { columnsOf, columnsOfCharacter } from '../../base/text-width.ts';

export interface Painting {
  readonly colour: boolean;
  /** What is not ASCII may be shown. */
  readonly unicode: boolean;
}

const attributes: Readonly<Record<Style, string>> = {
  ...{ plain: '', strong: '1', faint: '2', bad: '31', good: '32', warn: '33', accent: '36', cursor: '7' },
};
const isColour = (style: Style): boolean => attributes[style].startsWith('3');

/** What terminals may take for wider or narrower than it is. Box drawing and blocks are ours. */
const unsure = /[^ -~\u2500-\u25ff\u2190-\u2193…·]/;

/** The line, from the first column on, over a whole row of so many columns. */
export function painted(line: Line, width: number, { colour, unicode }: Painting): string {
  let [out, column, current] = ['', 1, ''];
  for (const { text, style } of withoutEnd(line)) {
    const attribute = !colour && isColour(style) ? '' : attributes[style];
    if (attribute !== current) out += attribute === '' ? '\x1b[0m' : `\x1b[0;${attribute}m`;
    current = attribute;
    const shown = unicode ? text : inAscii(text);
    out += shown;
    column += columnsOf(text);
    // What follows begins where it should all the same.
    if (unsure.test(shown)) out = `${out.startsWith('\x1b[K') ? '' : '\x1b[K'}${out}\x1b[${column}G`;
  }
  if (current !== '') out += '\x1b[0m';
  // In the last column the cursor stands on the character, which would be erased.
  return column > width ? out : `${out}\x1b[K`;
}

/** Blanks at the end need not be sent: the rest of the row is erased. */
function withoutEnd(line: Line): Line {
  const last = line.findLastIndex(({ text, style }) => style === 'cursor' || text.trimEnd() !== '');
  const end = line[last];
  if (end === undefined || end.style === 'cursor') return line.slice(0, last + 1);
  return [...line.slice(0, last), { text: end.text.trimEnd(), style: end.style }];
}

function inAscii(text: string): string {
  return text.replace(/[^ -~]/gu, (character) => '?'.repeat(columnsOfCharacter(character)));
}
