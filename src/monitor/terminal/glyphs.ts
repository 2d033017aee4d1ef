/**
 * The signs that bars, rules and marks are made of: of Unicode, or of ASCII where a locale has nothing else. Pure.
 */

export interface Glyphs {
  readonly ellipsis: string;
  readonly rule: string;
  readonly upright: string;
  /** Before the row under the cursor. */
  readonly mark: string;
  readonly dot: string;
  readonly up: string;
  readonly down: string;
  readonly barEmpty: string;
  /** From an empty cell to a full one. */
  readonly barParts: readonly string[];
  /** The same of a thin bar. */
  readonly thinParts: readonly string[];
  /** From the lowest to the highest. */
  readonly levels: readonly string[];
  readonly corners: readonly [string, string, string, string];
}

const unicode: Glyphs = {
  ...{ ellipsis: '…', rule: '─', upright: '│', mark: '▶', dot: '·', up: '↑', down: '↓', barEmpty: '·' },
  barParts: ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'],
  thinParts: ['', '╸', '━'],
  levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  corners: ['╭', '╮', '╰', '╯'],
};

const ascii: Glyphs = {
  ...{ ellipsis: '~', rule: '-', upright: '|', mark: '>', dot: '-', up: '^', down: 'v', barEmpty: '.' },
  barParts: ['', '#'],
  thinParts: ['', '='],
  levels: ['.', ':', '-', '=', '+', '*', '#', '@'],
  corners: ['+', '+', '+', '+'],
};

export function glyphsOf(hasUnicode: boolean): Glyphs {
  return hasUnicode ? unicode : ascii;
}

/** A bar, filled to a fraction of its width. */
export function bar(
  fraction: number,
  width: number,
  { barParts, barEmpty }: Pick<Glyphs, 'barParts' | 'barEmpty'>,
): { full: string; empty: string } {
  const steps = barParts.length - 1;
  const filled = Math.floor(Math.max(0, Math.min(1, fraction)) * width * steps);
  const full = (barParts[steps] as string).repeat(Math.floor(filled / steps)) + (barParts[filled % steps] as string);
  return { full, empty: barEmpty.repeat(width - [...full].length) };
}
