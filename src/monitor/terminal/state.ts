/**
 * What the user has chosen to see: view, cursors, sorts, searches, and what is open above them. Pure data.
 */

import type { FromControl } from '../../contract/messages.ts';
import { engineSorts, failedSorts, runningSorts } from './sorts.ts';

export type View = 'engines' | 'running' | 'failed';

/** In the order of their keys 1, 2, 3. */
export const views: readonly View[] = ['engines', 'running', 'failed'];

export interface ViewState {
  /** Where the cursor is; and on what, so that it stays there when rows change places. undefined: on the first row. */
  readonly cursor: number;
  readonly key: number | string | undefined;
  /** The first row on the screen. */
  readonly first: number;
  /** Place in the list of sorts. */
  readonly sort: number;
  readonly reversed: boolean;
  readonly search: string;
}

export type Stop = Extract<FromControl, { type: 'stop-engine' | 'stop-context' | 'stop-run' }>;

/** What is asked before something is stopped. */
export interface Dialog {
  readonly stop: Stop;
  readonly title: string;
  readonly text: string;
  /** Said when it has been done. */
  readonly done: string;
}

export interface MonitorState {
  readonly view: View;
  readonly views: Readonly<Record<View, ViewState>>;
  /** The view of what runs shows this engine only. */
  readonly onlyEngine: number | undefined;
  /** The search that is being typed. */
  readonly typing: string | undefined;
  readonly dialog: Dialog | undefined;
  /** In the place of the tables: the help, or all of a failed task. */
  readonly open: 'help' | { readonly record: number } | undefined;
  /** The first line on the screen of what is open. */
  readonly scroll: number;
  /** In the last line until the next key. */
  readonly message: { readonly text: string; readonly bad: boolean } | undefined;
}

const fresh: ViewState = { cursor: 0, key: undefined, first: 0, sort: 0, reversed: false, search: '' };

export const firstState: MonitorState = {
  view: 'engines',
  views: { engines: fresh, running: fresh, failed: fresh },
  ...{ onlyEngine: undefined, typing: undefined, dialog: undefined, open: undefined, scroll: 0, message: undefined },
};

/** The names of the sorts of each view. */
export const sorts = { engines: engineSorts, running: runningSorts, failed: failedSorts };

/** By what a view is sorted. */
export function sortOf<Which extends View>(state: MonitorState, view: Which): (typeof sorts)[Which][number] {
  const list: readonly (typeof sorts)[Which][number][] = sorts[view];
  return list[state.views[view].sort] ?? (list[0] as (typeof sorts)[Which][number]);
}

/** The view with a change. */
export function withView(state: MonitorState, view: View, change: Partial<ViewState>): MonitorState {
  return { ...state, views: { ...state.views, [view]: { ...state.views[view], ...change } } };
}
