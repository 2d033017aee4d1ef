/**
 * How the screen is divided. Pure.
 *
 *   head (header, tabs, rule) / table │ pane, side by side or one above the other / last line
 */

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export const smallest: Size = { columns: 60, rows: 14 };

export interface Layout {
  readonly bodyRows: number;
  /** Rows of the table without its titles. */
  readonly page: number;
  readonly tableWidth: number;
  /** Without the rule or line that sets it off; 0: there is no room for it. */
  readonly paneRows: number;
  readonly paneWidth: number;
  readonly isSideBySide: boolean;
}

const sideBySideColumns = 150;

export function isTooSmall({ columns, rows }: Size): boolean {
  return columns < smallest.columns || rows < smallest.rows;
}

/** The table has room for so many rows in any case. */
const leastPage = 3;

/**
 * @param headRows - what the head takes
 * @param tableRows - what the table could take
 */
export function layoutOf({ columns, rows }: Size, headRows: number, tableRows: number): Layout {
  const body = rows - headRows - 1;
  if (columns >= sideBySideColumns) {
    const pane = Math.floor(columns * 0.42);
    return {
      ...{ bodyRows: body, page: body - 1, tableWidth: columns - pane - 3, isSideBySide: true },
      ...{ paneRows: body, paneWidth: pane },
    };
  }
  if (body < 11) {
    const all = { page: body - 1, paneRows: 0, paneWidth: columns };
    return { bodyRows: body, tableWidth: columns, isSideBySide: false, ...all };
  }
  const share = Math.min(12, Math.floor(body * 0.38));
  const page = Math.min(body - 1 - share, Math.max(leastPage, tableRows));
  return {
    ...{ bodyRows: body, page, tableWidth: columns, isSideBySide: false },
    ...{ paneRows: body - 2 - page, paneWidth: columns },
  };
}
