/**
 * What a key does: the next state, and what is wanted of the world. Pure.
 */

import { counted } from '../../base/terminal-text.ts';
import { safe } from '../../base/text-width.ts';
import { allEngines, engineRows, runningRows, type EngineRow } from './rows.ts';
import type { Chosen, Sight } from './sight.ts';
import { sortOf, sorts, views, withView, type Dialog, type MonitorState, type Stop, type View } from './state.ts';
import type { Key } from './keys.ts';

export interface Update {
  readonly state: MonitorState;
  readonly wish?: Wish;
}

export type Wish =
  | { readonly kind: 'quit' | 'suspend' | 'redraw' }
  | { readonly kind: 'stop'; readonly stop: Stop; readonly done: string };

/** @param page - rows of the table, or lines of what is open, that are on the screen */
export function press(before: MonitorState, key: Key, sight: Sight, page: number): Update {
  const state = { ...before, message: undefined };
  if (key === 'ctrl-c') return { state, wish: { kind: 'quit' } };
  if (key === 'ctrl-z') return { state, wish: { kind: 'suspend' } };
  if (key === 'ctrl-l') return { state, wish: { kind: 'redraw' } };
  if (state.dialog !== undefined) return answer(state, state.dialog, key);
  if (state.typing !== undefined) return { state: type(state, state.typing, key) };
  if (state.open !== undefined) return { state: scroll(state, key, page) };
  if (key === 'q') return { state, wish: { kind: 'quit' } };
  return { state: command(state, key, sight, page) };
}

function answer(state: MonitorState, { stop, done }: Dialog, key: Key): Update {
  switch (key) {
    case 'y':
    case 'Y':
      return { state: { ...state, dialog: undefined }, wish: { kind: 'stop', stop, done } };
    case 'n':
    case 'N':
    case 'c':
    case 'C':
    case 'q':
    case 'escape':
      return { state: { ...state, dialog: undefined, message: { text: 'Nothing was stopped.', bad: false } } };
    default:
      return { state };
  }
}

/** The search is applied as it is typed. */
function type(state: MonitorState, typed: string, key: Key): MonitorState {
  const search = (text: string, typing: string | undefined): MonitorState =>
    withView({ ...state, typing }, state.view, { search: text, cursor: 0, key: undefined, first: 0 });
  switch (key) {
    case 'enter':
      return { ...state, typing: undefined };
    case 'escape':
      return search('', undefined);
    case 'ctrl-u':
      return search('', '');
    case 'backspace':
    case 'delete': {
      const shorter = [...typed].slice(0, -1).join('');
      return search(shorter, shorter);
    }
    default:
      // Names of keys are longer than a character.
      return [...key].length === 1 ? search(typed + key, typed + key) : state;
  }
}

function scroll(state: MonitorState, key: Key, page: number): MonitorState {
  const to = (line: number): MonitorState => ({ ...state, scroll: Math.max(0, line) });
  switch (key) {
    case 'up':
    case 'u':
    case 'k':
      return to(state.scroll - 1);
    case 'down':
    case 'd':
    case 'j':
      return to(state.scroll + 1);
    case 'page-up':
    case 'b':
      return to(state.scroll - page);
    case 'page-down':
    case ' ':
      return to(state.scroll + page);
    case 'home':
    case 'g':
      return to(0);
    case 'end':
    case 'G':
      return to(Infinity);
    default:
      return { ...state, open: undefined, scroll: 0 };
  }
}

function command(state: MonitorState, key: Key, sight: Sight, page: number): MonitorState {
  const { view } = state;
  const { cursor } = state.views[view];
  switch (key) {
    case '1':
    case '2':
    case '3':
      return show(state, views[Number(key) - 1] as View);
    case 'tab':
    case 'right':
      return show(state, nextOf(view, 1));
    case 'back-tab':
    case 'left':
      return show(state, nextOf(view, views.length - 1));
    case 'up':
    case 'u':
    case 'k':
      return move(state, sight, cursor - 1);
    case 'down':
    case 'd':
    case 'j':
      return move(state, sight, cursor + 1);
    case 'page-up':
    case 'b':
      return move(state, sight, cursor - page);
    case 'page-down':
    case ' ':
      return move(state, sight, cursor + page);
    case 'home':
    case 'g':
      return move(state, sight, 0);
    case 'end':
    case 'G':
      return move(state, sight, Infinity);
    case 's':
      return withView(state, view, { sort: (state.views[view].sort + 1) % sorts[view].length, reversed: false });
    case 'S':
      return withView(state, view, { reversed: !state.views[view].reversed });
    case '/':
      return { ...state, typing: state.views[view].search };
    case 'enter':
      return enter(state, sight);
    case 'escape':
      return back(state);
    case 'h':
    case '?':
      return { ...state, open: 'help', scroll: 0 };
    case 'E':
    case 'C':
    case 'R':
      return askToStop(state, key, sight);
    default:
      return { ...state, message: { text: `That key does nothing here: h shows those that do.`, bad: false } };
  }
}

function nextOf(view: View, by: number): View {
  return views[(views.indexOf(view) + by) % views.length] as View;
}

function show(state: MonitorState, view: View): MonitorState {
  return { ...state, view, onlyEngine: undefined };
}

/** The rows of the view that is shown. */
export function chosenRows(state: MonitorState, sight: Sight): Chosen<unknown> {
  switch (state.view) {
    case 'engines':
      return engineRows(state, sight);
    case 'running':
      return runningRows(state, sight);
    case 'failed':
      return sight.failed.chosen(sortOf(state, 'failed'), state.views.failed.reversed, state.views.failed.search);
  }
}

function move(state: MonitorState, sight: Sight, to: number): MonitorState {
  const rows = chosenRows(state, sight);
  const cursor = Math.max(0, Math.min(to, rows.count - 1));
  return withView(state, state.view, {
    cursor,
    key: cursor === 0 || rows.count === 0 ? undefined : rows.keyAt(cursor),
  });
}

function enter(state: MonitorState, sight: Sight): MonitorState {
  const rows = chosenRows(state, sight);
  if (rows.count === 0) return state;
  const { cursor } = state.views[state.view];
  switch (state.view) {
    case 'engines': {
      const { engine } = rows.at(cursor) as EngineRow;
      if (engine === undefined) return state;
      const cleared = withView(state, 'running', { search: '', cursor: 0, key: undefined, first: 0 });
      return { ...cleared, view: 'running', onlyEngine: engine.rank };
    }
    case 'running':
      return state;
    case 'failed':
      return { ...state, open: { record: rows.at(cursor) as number }, scroll: 0 };
  }
}

function back(state: MonitorState): MonitorState {
  const { view } = state;
  if (state.views[view].search !== '')
    return withView(state, view, { search: '', cursor: 0, key: undefined, first: 0 });
  if (state.onlyEngine !== undefined) return show(state, 'engines');
  return state;
}

function askToStop(state: MonitorState, key: 'E' | 'C' | 'R', sight: Sight): MonitorState {
  const refuse = (text: string): MonitorState => ({ ...state, message: { text, bad: true } });
  const { overview, link } = sight;
  if (link.kind === 'over') return refuse('The run is over: there is nothing to stop.');
  if (link.kind !== 'live' || overview === undefined) return refuse('The run cannot be reached now.');
  if (key === 'R') {
    const { running } = overview.tasks;
    return ask(state, {
      ...{ stop: { type: 'stop-run' }, title: 'Stop the whole run softly?' },
      text: `No more tasks are started; ${theRunning(running)}. Then it ends, and says how to go on.`,
      done: 'The run gets no more tasks, and ends when those that run are done.',
    });
  }
  const row = engineUnderCursor(state, sight);
  if (row?.engine === undefined) return refuse('Move the cursor to an engine first (1).');
  const { rank, context, running, pid } = row.engine;
  if (key === 'E') {
    if (row.stage === 'gone') return refuse(`Engine ${rank} has left already.`);
    const process = pid === 0 ? '' : `, pid ${pid}`;
    return ask(state, {
      ...{ stop: { type: 'stop-engine', rank }, title: `Stop engine ${rank} softly?` },
      text: `${safe(row.host)} (context ${safe(row.context)}${process}) gets no more tasks; ${theRunning(running)}.`,
      done: `Engine ${rank} gets no more tasks, and leaves when those that it has are done.`,
    });
  }
  const label = row.context;
  const engines = allEngines(sight).filter(({ engine, stage }) => engine?.context === context && stage !== 'gone');
  if (engines.length === 0) return refuse(`Context ${safe(label)} has left already.`);
  const all = engines.reduce((sum, { engine }) => sum + (engine?.running ?? 0), 0);
  return ask(state, {
    ...{ stop: { type: 'stop-context', label }, title: `Stop context ${safe(label)} softly?` },
    text: `Its ${counted(engines.length, 'engine gets', 'engines get')} no more tasks; ${theRunning(all)}.`,
    done: `Context ${safe(label)} gets no more tasks, and leaves when those that it has are done.`,
  });
}

function theRunning(count: number): string {
  if (count === 0) return 'none runs there now';
  return count === 1 ? 'the one that runs may finish' : `the ${counted(count, '', 'that run')} may finish`;
}

function ask(state: MonitorState, dialog: Dialog): MonitorState {
  return { ...state, dialog };
}

function engineUnderCursor(state: MonitorState, sight: Sight): EngineRow | undefined {
  const { cursor } = state.views[state.view];
  if (state.view === 'failed') return undefined;
  if (state.view === 'engines') {
    const rows = engineRows(state, sight);
    return cursor < rows.count ? rows.at(cursor) : undefined;
  }
  const rows = runningRows(state, sight);
  return cursor < rows.count ? rows.at(cursor).engine : undefined;
}
