/**
 * The signs and colours that text is made of, by what the terminal can show. Pure.
 */

import { clip, columnsOf } from '../../base/text-width.ts';

/** Colours; the identity functions where there are none. */
export interface Inks {
  readonly bad: (text: string) => string;
  readonly good: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly bar: (text: string) => string;
}

const same = (text: string): string => text;
const escape = (code: string) => (text: string) => (text === '' ? '' : `\x1b[${code}m${text}\x1b[0m`);

export const noInks: Inks = { bad: same, good: same, faint: same, strong: same, bar: same };

export const inks: Inks = {
  bad: escape('31'),
  good: escape('32'),
  faint: escape('2'),
  strong: escape('1'),
  bar: escape('36'),
};

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of so many of `width` columns. What is more than nothing is seen. */
export function bar(share: number, width: number, isPlain: boolean): string {
  if (share <= 0) return '';
  if (isPlain) return '#'.repeat(Math.max(1, Math.round(share * width)));
  const parts = Math.max(1, Math.round(share * width * 8));
  return '█'.repeat(Math.floor(parts / 8)) + (eighths[parts % 8] ?? '');
}

/** Whether signs beyond ASCII had better not be used: a terminal that shows text only, or is not said to take UTF-8. */
export function isPlainTerminal(env: NodeJS.ProcessEnv): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return env['TERM'] === 'dumb' || !/utf-?8/i.test(locale);
}

export interface TextOptions {
  /** Columns to fit into. */
  readonly width: number;
  /** ASCII only, but for what comes from tasks. */
  readonly plain: boolean;
  readonly inks: Inks;
}

/** What stands for what is left out. */
export function gapMark({ plain }: Pick<TextOptions, 'plain'>): string {
  return plain ? '...' : '…';
}

/** The text cut to so many columns. */
export function cut(text: string, width: number, { plain }: TextOptions): string {
  // In ASCII the mark is three signs.
  return clip(text, width - (plain && columnsOf(text) > width ? 2 : 0), '…');
}
