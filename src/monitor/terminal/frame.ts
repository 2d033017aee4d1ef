/**
 * The whole screen as lines, from what the user has chosen and what is known of the run. Pure.
 *
 * Always true: there are exactly as many lines as the window has rows, none is wider than the window, and only rows that
 * are on the screen are made.
 */

import { grouped } from '../../base/terminal-text.ts';
import { dialogLines, putOver } from './dialog.ts';
import { engineColumns, enginePane } from './engines-view.ts';
import { failedColumns, failedPane, wholeRecord } from './failed-view.ts';
import { glyphsOf, type Glyphs } from './glyphs.ts';
import { header } from './header.ts';
import { helpLines } from './help.ts';
import { isTooSmall, layoutOf, smallest, type Layout, type Size } from './layout.ts';
import { lastLine } from './last-line.ts';
import { asFit, clipLine, exactly, leftAndRight, line, segment, type Line } from './line.ts';
import { engineRows, runningRows, type EngineRow, type RunningRow } from './rows.ts';
import { noneRuns, runningColumns, runningPane } from './running-view.ts';
import type { Chosen, Sight } from './sight.ts';
import { sortOf, views, withView, type MonitorState, type View } from './state.ts';
import { headOf, placed, rowOf, type Column } from './table.ts';
import { safe, wrapped } from '../../base/text-width.ts';
import { chosenRows } from './update.ts';

/** Rows that the header leaves to tabs, rule, body and last line. */
const leastBelow = 8;

export interface Look extends Size {
  /** Signs of Unicode may be shown. */
  readonly unicode: boolean;
}

/** The state with its cursors and scrolls within what there is. Rows may have come, gone, or changed places. */
export function settled(state: MonitorState, sight: Sight, look: Look): MonitorState {
  if (isTooSmall(look)) return state;
  const { page, bodyRows } = layoutFor(state, sight, look);
  const { view } = state;
  const rows = chosenRows(state, sight);
  const { key, cursor: wanted, first: before } = state.views[view];
  const found = key === undefined ? 0 : rows.positionOf(key);
  const cursor = Math.max(0, Math.min(found >= 0 ? found : wanted, rows.count - 1));
  const upTo = Math.max(0, rows.count - page);
  const first = Math.max(0, Math.min(Math.max(cursor - page + 1, Math.min(before, cursor)), upTo));
  const kept = found < 0 && rows.count > 0 && cursor > 0 ? rows.keyAt(cursor) : key;
  const placedState = withView(state, view, { cursor, first, key: kept });
  if (state.open === undefined) return placedState;
  const lines = openLines(state, sight, look, glyphsOf(look.unicode)).length;
  return { ...placedState, scroll: Math.max(0, Math.min(state.scroll, lines - bodyRows)) };
}

/** How far PageUp and PageDown go. */
export function pageOf(state: MonitorState, sight: Sight, look: Look): number {
  if (isTooSmall(look)) return 1;
  const { page, bodyRows } = layoutFor(state, sight, look);
  return Math.max(1, (state.open === undefined ? page : bodyRows) - 1);
}

/** Which failed tasks are on the screen: their records are to be read. */
export function recordsOnScreen(state: MonitorState, sight: Sight, look: Look): number[] {
  if (isTooSmall(look)) return [];
  if (typeof state.open === 'object') return [state.open.record];
  if (state.view !== 'failed') return [];
  const rows = chosenRows(state, sight) as Chosen<number>;
  return onScreen(rows, state.views.failed.first, layoutFor(state, sight, look).page);
}

/** What has to be asked of the run for this screen: which engines, and how many tasks. */
export function runningWanted(
  state: MonitorState,
  sight: Sight,
  look: Look,
): { readonly engine: number | undefined; readonly limit: number } | undefined {
  if (isTooSmall(look) || state.view === 'failed') return undefined;
  const { page, paneRows } = layoutFor(state, sight, look);
  if (state.view === 'engines') {
    const rows = engineRows(state, sight);
    const { cursor } = state.views.engines;
    const engine = cursor < rows.count ? rows.at(cursor).engine : undefined;
    return engine === undefined || paneRows === 0 ? undefined : { engine: engine.rank, limit: paneRows + 1 };
  }
  const { first, search } = state.views.running;
  const isAsTold = search === '' && sortOf(state, 'running') === 'for' && !state.views.running.reversed;
  return { engine: state.onlyEngine, limit: isAsTold ? Math.ceil((first + page + 100) / 100) * 100 : 10_000 };
}

export function frame(given: MonitorState, sight: Sight, look: Look): Line[] {
  const { columns } = look;
  const glyphs = glyphsOf(look.unicode);
  if (isTooSmall(look)) return tooSmall(look, glyphs);
  const state = settled(given, sight, look);
  const layout = layoutFor(state, sight, look);
  const body =
    state.open === undefined ? bodyLines(state, sight, layout, glyphs) : openBody(state, sight, look, layout, glyphs);
  const lines = [
    ...headLines(state, sight, look, glyphs),
    ...[...Array(layout.bodyRows).keys()].map((i) => body[i] ?? []),
  ];
  if (state.dialog !== undefined) putOver(lines, dialogLines(state.dialog, columns, glyphs));
  return [...lines, lastLine(state, sight, columns, glyphs)].map((each) => clipLine(each, columns, glyphs.ellipsis));
}

function layoutFor(state: MonitorState, sight: Sight, look: Look): Layout {
  const head = headLines(state, sight, look, glyphsOf(look.unicode)).length;
  // The number of engines rarely changes: what their table does not need is the pane's.
  const rows = state.view === 'engines' ? engineRows(state, sight).count : Infinity;
  return layoutOf(look, head, rows);
}

function tooSmall({ columns, rows }: Look, { ellipsis }: Glyphs): Line[] {
  const text = `The window has ${columns} by ${rows}, and the monitor needs ${smallest.columns} by ${smallest.rows}. q leaves.`;
  const lines = wrapped(text, Math.max(2, columns)).slice(0, rows);
  return [...Array(rows).keys()].map((i) => clipLine(line(lines[i] ?? '', 'warn'), columns, ellipsis));
}

function headLines(state: MonitorState, sight: Sight, { columns, rows }: Look, glyphs: Glyphs): Line[] {
  const rule = line(glyphs.rule.repeat(columns), 'faint');
  return [...header(sight, columns, glyphs).slice(0, rows - leastBelow), tabs(state, sight, columns, glyphs), rule];
}

function tabs(state: MonitorState, sight: Sight, columns: number, glyphs: Glyphs): Line {
  const { overview, failed, figures, nodes } = sight;
  const present = overview?.engines.filter(({ stage }) => stage !== 'gone').length ?? 0;
  const titles: Record<View, string> = {
    engines:
      overview === undefined
        ? `Nodes ${grouped(nodes.length)}`
        : `Engines ${grouped(present === 0 ? overview.engines.length : present)}`,
    running: `Running ${grouped(figures.running)}`,
    failed: `Failed ${grouped(failed.total)}`,
  };
  const left = views.flatMap((view, i) => {
    const text = ` ${i + 1} ${titles[view]} `;
    const isBad = view === 'failed' && failed.total > 0;
    return [segment(' '), segment(text, state.view === view ? 'cursor' : isBad ? 'bad' : 'plain')];
  });
  return leftAndRight(left, chosenWords(state, sight, glyphs), columns, glyphs.ellipsis);
}

/** What is searched for, and how it is sorted. */
function chosenWords(state: MonitorState, sight: Sight, glyphs: Glyphs): Line {
  const { view, onlyEngine } = state;
  const { search, reversed } = state.views[view];
  const rows = chosenRows(state, sight);
  const words: Line[] = [];
  if (view === 'running' && onlyEngine !== undefined) words.push(line(`only engine ${onlyEngine}`, 'accent'));
  if (search !== '') words.push(line(`"${safe(search)}" ${grouped(rows.count)}`, 'accent'));
  if ('unread' in rows && typeof rows.unread === 'number' && rows.unread > 0)
    words.push(line(`${grouped(rows.unread)} not looked through yet`, 'faint'));
  const told = sight.running;
  if (view === 'running' && told !== undefined && told.engine === onlyEngine && told.total > told.tasks.length)
    words.push(line(`the ${grouped(told.tasks.length)} longest`, 'faint'));
  words.push(line(`by ${sortOf(state, view)}${reversed ? ` ${glyphs.up}` : ''} `, 'faint'));
  return asFit(words, 60);
}

function bodyLines(state: MonitorState, sight: Sight, layout: Layout, glyphs: Glyphs): Line[] {
  const { table, pane } = tableAndPane(state, sight, layout, glyphs);
  if (layout.paneRows === 0) return table;
  if (layout.isSideBySide) {
    return [...Array(layout.bodyRows).keys()].map((i) => [
      ...exactly(table[i] ?? [], layout.tableWidth, glyphs.ellipsis),
      segment(` ${glyphs.upright} `, 'faint'),
      ...clipLine(pane[i] ?? [], layout.paneWidth, glyphs.ellipsis),
    ]);
  }
  const above = [...Array(layout.page + 1).keys()].map((i) => table[i] ?? []);
  return [...above, line(glyphs.rule.repeat(layout.tableWidth), 'faint'), ...pane.slice(0, layout.paneRows)];
}

function tableAndPane(
  state: MonitorState,
  sight: Sight,
  layout: Layout,
  glyphs: Glyphs,
): { table: Line[]; pane: Line[] } {
  const { paneWidth, paneRows } = layout;
  const { cursor, first, search } = state.views[state.view];
  const under = <Row>(rows: Chosen<Row>): Row | undefined => (cursor < rows.count ? rows.at(cursor) : undefined);
  switch (state.view) {
    case 'engines': {
      const rows = engineRows(state, sight);
      const noneYet = sight.link.kind === 'over' ? 'No task was run.' : 'No engine has come yet.';
      const none = search === '' ? noneYet : 'None fits the search.';
      return {
        table: tableLines<EngineRow>(engineColumns(sight, glyphs), rows, none, state, layout, glyphs),
        pane: enginePane(under(rows), sight, paneWidth, paneRows, glyphs),
      };
    }
    case 'running': {
      const rows = runningRows(state, sight);
      const columns = runningColumns(onScreen(rows, first, layout.page), sight);
      return {
        table: tableLines<RunningRow>(columns, rows, noneRuns(rows, sight, search), state, layout, glyphs),
        pane: runningPane(under(rows), sight, paneWidth),
      };
    }
    case 'failed': {
      const rows = chosenRows(state, sight) as Chosen<number>;
      const columns = failedColumns(onScreen(rows, first, layout.page), sight, glyphs);
      const none = search === '' ? 'No task has failed.' : 'None fits the search.';
      return {
        table: tableLines<number>(columns, rows, none, state, layout, glyphs),
        pane: failedPane(under(rows), sight, paneWidth, paneRows, glyphs),
      };
    }
  }
}

function onScreen<Row>(rows: Chosen<Row>, first: number, page: number): Row[] {
  const shown: Row[] = [];
  for (let at = first; at < Math.min(rows.count, first + page); at++) shown.push(rows.at(at));
  return shown;
}

function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: Chosen<Row>,
  none: string,
  state: MonitorState,
  { page, tableWidth }: Layout,
  glyphs: Glyphs,
): Line[] {
  const { cursor, first } = state.views[state.view];
  if (rows.count === 0) return [[], line(`  ${none}`, 'faint')];
  // At the left the cursor, at the right how far the table has been scrolled.
  const width = tableWidth - 4;
  const fitting = placed(columns, width);
  const thumb = thumbOf(first, page, rows.count);
  const made = onScreen(rows, first, page).map((row, i): Line => {
    const isUnder = first + i === cursor;
    const cells = rowOf(fitting, row, isUnder ? 'cursor' : undefined, { glyphs, width });
    const mark = segment(isUnder ? `${glyphs.mark} ` : '  ', 'accent');
    const bar = thumb === undefined ? '' : i >= thumb.from && i < thumb.to ? glyphs.upright : ' ';
    return [mark, ...exactly(cells, width, glyphs.ellipsis), segment(` ${bar}`, 'accent')];
  });
  return [[segment('  '), ...headOf(fitting, titleOfSort(state), glyphs)], ...made];
}

/** The title of the column that the table is sorted by. */
function titleOfSort(state: MonitorState): string {
  const sort = sortOf(state, state.view);
  return sort === 'newest' ? 'when' : sort;
}

/** The part of the scroll bar that stands for what is on the screen; undefined: all of it is. */
function thumbOf(first: number, page: number, count: number): { from: number; to: number } | undefined {
  if (count <= page) return undefined;
  const length = Math.max(1, Math.floor((page * page) / count));
  const from = Math.round((first / (count - page)) * (page - length));
  return { from, to: from + length };
}

function openLines(state: MonitorState, sight: Sight, { columns }: Look, glyphs: Glyphs): Line[] {
  if (state.open === 'help') return helpLines();
  return state.open === undefined ? [] : wholeRecord(state.open.record, sight, columns, glyphs);
}

function openBody(state: MonitorState, sight: Sight, look: Look, { bodyRows }: Layout, glyphs: Glyphs): Line[] {
  return openLines(state, sight, look, glyphs).slice(state.scroll, state.scroll + bodyRows);
}
