/**
 * A table of text whose columns are as wide as they need to be. Pure.
 */

import { columnsOf } from '../../base/text-width.ts';

export interface TextColumn {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly right?: boolean;
  readonly cells: readonly string[];
  /** Colours a cell of this row. */
  readonly ink?: (text: string, row: number) => string;
}

/** The title and a line for each row. */
export function textTable(columns: readonly TextColumn[], title: (text: string) => string): string[] {
  const widths = columns.map((column) => Math.max(...[column.title, ...column.cells].map(columnsOf)));
  const padded = (text: string, column: number): string => {
    const gap = ' '.repeat((widths[column] as number) - columnsOf(text));
    return columns[column]?.right === true ? gap + text : text + gap;
  };
  const head = `  ${columns.map((column, i) => padded(column.title, i)).join('  ')}`.trimEnd();
  const rows = (columns[0]?.cells ?? []).map((_, row) =>
    columns
      .map(({ cells, ink }, i) => {
        const cell = padded(cells[row] ?? '', i);
        return ink === undefined ? cell : ink(cell, row);
      })
      .join('  ')
      .trimEnd(),
  );
  return [title(head), ...rows.map((row) => `  ${row}`)];
}
