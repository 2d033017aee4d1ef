/**
 * The rows of each table: chosen by the search, and sorted. Pure.
 */

import type { EngineOverview, EngineSight } from '../../contract/overview.ts';
import { perEngineSlot } from '../../contract/messages.ts';
import type { RunningTask } from '../../contract/running.ts';
import { oncePer } from './memo.ts';
import { chosenFrom, type Chosen, type Sight } from './sight.ts';
import { compare, type EngineSort, type RunningSort } from './sorts.ts';
import { sortOf, type MonitorState } from './state.ts';

/** An engine; of a run that is over and was not heard of, a node by its records. undefined is what is not known. */
export interface EngineRow {
  readonly key: number | string;
  readonly engine: EngineOverview | undefined;
  readonly context: string;
  readonly host: string;
  readonly stage: EngineSight | undefined;
  /** Seconds since it was heard of. */
  readonly heard: number | undefined;
  /** Slots that take tasks. */
  readonly slots: number | undefined;
  readonly finished: number;
  readonly failed: number;
}

export interface RunningRow {
  readonly key: string;
  readonly task: RunningTask;
  readonly engine: EngineRow | undefined;
  /** undefined: a per-engine task, which takes none. */
  readonly slot: number | undefined;
  readonly seconds: number;
}

/** All engines, by rank. */
export const allEngines = oncePer(everyEngine, () => '');

function everyEngine({ overview, nodes, link }: Sight): readonly EngineRow[] {
  if (overview === undefined) {
    return nodes.map(({ node, finished, failed }) => ({
      ...{ key: node, engine: undefined, context: '', host: node, stage: link.kind === 'over' ? 'gone' : undefined },
      ...{ heard: undefined, slots: undefined, finished, failed },
    }));
  }
  const labels = new Map(overview.contexts.map(({ rank, label }) => [rank, label]));
  return overview.engines.map((engine) => {
    const { rank, context, node, hostname, stage, slots, last, finished, failed, pid } = engine;
    return {
      ...{ key: rank, engine, stage, finished, failed },
      context: labels.get(context) ?? '',
      host: hostname === '' ? node : hostname,
      heard: pid === 0 || stage === 'gone' ? undefined : Math.max(0, overview.now - last),
      slots: stage === 'working' || stage === 'starting' ? slots : 0,
    };
  });
}

/** What is sorted downwards from its highest value. */
const downwards: ReadonlySet<EngineSort | RunningSort> = new Set(['heard', 'busy', 'done', 'failed', 'for'] as const);

export function engineRows(state: MonitorState, sight: Sight): Chosen<EngineRow> {
  const { search, reversed } = state.views.engines;
  return engineRowsBy(sight, sortOf(state, 'engines'), reversed, search);
}

const engineRowsBy = oncePer(chooseEngines, keyOfChoice);

function chooseEngines(sight: Sight, sort: EngineSort, reversed: boolean, search: string): Chosen<EngineRow> {
  const rows = allEngines(sight).filter(({ host, context, stage, engine }) =>
    fits(search, host, context, stage ?? '', engine?.node ?? ''),
  );
  sortRows(rows, (row) => engineValue(row, sort), reversed !== downwards.has(sort));
  return chosenFrom(rows, ({ key }) => key);
}

function engineValue({ engine, context, host, stage, heard, finished, failed }: EngineRow, sort: EngineSort) {
  switch (sort) {
    case 'rank':
      return engine?.rank ?? 0;
    case 'context':
      return context;
    case 'host':
      return host;
    case 'state':
      return stage ?? '';
    case 'heard':
      return heard ?? -1;
    case 'busy':
      return engine?.running ?? 0;
    case 'done':
      return finished;
    case 'failed':
      return failed;
  }
}

export function runningRows(state: MonitorState, sight: Sight): Chosen<RunningRow> {
  const { search, reversed } = state.views.running;
  return runningRowsBy(sight, sortOf(state, 'running'), reversed, search, state.onlyEngine);
}

const runningRowsBy = oncePer(chooseRunning, keyOfChoice);

function chooseRunning(
  sight: Sight,
  sort: RunningSort,
  reversed: boolean,
  search: string,
  only: number | undefined,
): Chosen<RunningRow> {
  const { running, overview } = sight;
  if (running === undefined || overview === undefined || running.engine !== only) {
    return chosenFrom<RunningRow>([], ({ key }) => key);
  }
  const engines = new Map(allEngines(sight).map((row) => [row.key, row]));
  const rows = running.tasks
    .map((task) => rowOf(task, engines.get(task.engine), overview.now))
    .filter(({ task, engine }) => fits(search, task.command, engine?.host ?? '', engine?.context ?? ''));
  sortRows(rows, (row) => runningValue(row, sort), reversed !== downwards.has(sort));
  return chosenFrom(rows, ({ key }) => key);
}

function runningValue({ task, engine, seconds }: RunningRow, sort: RunningSort) {
  switch (sort) {
    case 'for':
      return seconds;
    case 'host':
      return engine?.host ?? '';
    case 'task':
      return task.taskId;
    case 'command':
      return task.command;
  }
}

/** What the slots of one engine run, slot by slot. */
export function tasksOf(rank: number, { running, overview }: Sight): RunningRow[] | undefined {
  if (running?.engine !== rank || overview === undefined) return undefined;
  return running.tasks
    .map((task) => rowOf(task, undefined, overview.now))
    .sort((a, b) => compare(a.task.slot, b.task.slot));
}

function rowOf(task: RunningTask, engine: EngineRow | undefined, now: number): RunningRow {
  const { slot, since, taskId } = task;
  return {
    ...{ key: `${task.engine} ${slot} ${taskId}`, task, engine },
    ...{ slot: slot === perEngineSlot ? undefined : slot, seconds: Math.max(0, now - since) },
  };
}

function keyOfChoice(sort: string, reversed: boolean, search: string, only?: number): string {
  return `${sort} ${reversed} ${only} ${search}`;
}

/** Whether one of the texts has the search in it, however it is written. */
export function fits(search: string, ...texts: readonly string[]): boolean {
  if (search === '') return true;
  const wanted = search.toLowerCase();
  return texts.some((text) => text.toLowerCase().includes(wanted));
}

/** Equal ones stay in their order. */
function sortRows<Row>(rows: Row[], value: (row: Row) => number | string, isDownwards: boolean): void {
  const sign = isDownwards ? -1 : 1;
  const values = new Map(rows.map((row) => [row, value(row)]));
  rows.sort((a, b) => sign * compare(values.get(a) as number | string, values.get(b) as number | string));
}
