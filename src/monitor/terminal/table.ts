/**
 * Tables: which columns a width has room for, and their rows. Pure.
 */

import type { Glyphs } from './glyphs.ts';
import { exactly, segment, type Line, type Segment, type Style } from './line.ts';
import { clip, columnsOf } from '../../base/text-width.ts';

export interface Column<Row> {
  readonly title: string;
  readonly right?: boolean;
  /** What it would take to show everything. */
  readonly natural: number;
  /** What it can do with: no less than its title needs. Not given: it is whole or not there. */
  readonly least?: number;
  /** It takes the room that is left. */
  readonly grows?: boolean;
  /** Columns with the highest numbers are left out first; 0: never. */
  readonly drop: number;
  readonly cell: (row: Row) => string | Segment;
}

export interface Placed<Row> extends Column<Row> {
  readonly width: number;
}

const gap = '  ';

/** The columns that there is room for, with their widths. */
export function placed<Row>(columns: readonly Column<Row>[], width: number): Placed<Row>[] {
  const least = ({ title, least: few, natural }: Column<Row>): number =>
    Math.max(columnsOf(title), Math.min(few ?? natural, natural));
  let kept = [...columns];
  const sum = (): number => kept.reduce((all, column) => all + least(column) + gap.length, -gap.length);
  while (sum() > width) {
    const worst = Math.max(...kept.map(({ drop }) => drop));
    if (worst <= 0) break;
    kept = kept.filter(({ drop }) => drop !== worst);
  }
  let room = width - sum();
  return kept.map((column) => {
    const wanted = column.grows === true ? width : Math.max(column.natural, least(column));
    const more = Math.max(0, Math.min(room, wanted - least(column)));
    room -= more;
    return { ...column, width: least(column) + more };
  });
}

export function headOf<Row>(columns: readonly Placed<Row>[], sort: string, glyphs: Glyphs): Line {
  return withGaps(
    columns.map(({ title, width, right }) => [
      cell(segment(title, title === sort ? 'strong' : 'faint'), width, right, glyphs),
    ]),
  );
}

/** @param style - of the whole row; undefined: each cell has its own */
export function rowOf<Row>(
  columns: readonly Placed<Row>[],
  row: Row,
  style: Style | undefined,
  { glyphs, width }: { readonly glyphs: Glyphs; readonly width: number },
): Line {
  const cells = columns.map(({ cell: content, width: columnWidth, right }) => {
    const made = content(row);
    const { text, style: own } = typeof made === 'string' ? segment(made) : made;
    return [cell(segment(text, style ?? own), columnWidth, right, glyphs)];
  });
  if (style === undefined) return withGaps(cells);
  // One segment from end to end.
  const text = withGaps(cells).map((each) => each.text);
  return exactly([segment(text.join(''), style)], width, glyphs.ellipsis).map((each) => ({ ...each, style }));
}

function cell({ text, style }: Segment, width: number, right: boolean | undefined, { ellipsis }: Glyphs): Segment {
  const shown = clip(text, width, ellipsis);
  const blanks = ' '.repeat(Math.max(0, width - columnsOf(shown)));
  return segment(right === true ? blanks + shown : shown + blanks, style);
}

function withGaps(cells: readonly Line[]): Line {
  return cells.flatMap((each, i) => (i === 0 ? [...each] : [segment(gap), ...each]));
}

/** The widest of texts. */
export function widest<Row>(rows: Iterable<Row>, text: (row: Row) => string): number {
  let most = 0;
  for (const row of rows) most = Math.max(most, columnsOf(text(row)));
  return most;
}
