/**
 * All that the monitor shows, at one moment: what is known of the run. Pure data; made by watch.ts, shown by frame.ts.
 */

import type { RunOverview } from '../../contract/overview.ts';
import type { RunningTask } from '../../contract/running.ts';
import type { LinkState } from '../../reach/run-link.ts';
import type { StatusRecord } from '../../task/status-record.ts';
import type { Stretches } from '../records/over-time.ts';
import type { RunFigures } from '../run-figures.ts';
import type { FailedSort } from './sorts.ts';

/** Times in seconds since 1970. */
export interface Sight {
  /** Of this host. */
  readonly now: number;
  /** Absolute: what the names of the run's files begin with. */
  readonly prefix: string;
  /** As it can be written where the monitor runs. */
  readonly statusFile: string;
  readonly link: LinkState;
  /** The last that was heard; undefined when nothing was, or the run was over before. */
  readonly overview: RunOverview | undefined;
  readonly figures: RunFigures;
  readonly overTime: Stretches;
  /** What was asked for last; undefined: not answered yet. */
  readonly running: RunningSight | undefined;
  readonly failed: FailedTasks;
  /** By the records: of a run that is over and was not heard of. */
  readonly nodes: readonly NodeTally[];
  /** The records have not been read to their end yet. */
  readonly isReading: boolean;
  /** Why the records cannot be read. */
  readonly recordsProblem: string | undefined;
}

export interface RunningSight {
  /** Rank of the one engine that was asked for; undefined: all of them. */
  readonly engine: number | undefined;
  readonly total: number;
  /** The longest of them. */
  readonly tasks: readonly RunningTask[];
}

export interface NodeTally {
  readonly node: string;
  readonly finished: number;
  readonly failed: number;
}

/** The failed tasks, by the indices of their records. */
export interface FailedTasks {
  /** All that there are. */
  readonly total: number;
  /** Those that fit a search, sorted; `unread`: of how many it is not known yet whether they fit. */
  chosen(sort: FailedSort, reversed: boolean, search: string): Chosen<number> & { readonly unread: number };
  /** What the columns hold of a record: known at once. */
  facts(index: number): FailedFacts;
  /** The whole record; undefined: it has not been read yet. */
  record(index: number): StatusRecord | undefined;
}

export interface FailedFacts {
  readonly taskId: number;
  readonly lineNumber: number;
  readonly node: string;
  readonly exitCode: number;
  readonly elapsed: number;
  readonly finish: number;
}

/** Rows of a table, in their order. Only those on the screen are ever asked for. */
export interface Chosen<Row> {
  readonly count: number;
  at(position: number): Row;
  /** What stays the same when rows change places. */
  keyAt(position: number): number | string;
  /** -1: it is not there. */
  positionOf(key: number | string): number;
}

export function chosenFrom<Row>(rows: readonly Row[], key: (row: Row) => number | string): Chosen<Row> {
  return {
    count: rows.length,
    at: (position) => rows[position] as Row,
    keyAt: (position) => key(rows[position] as Row),
    positionOf: (wanted) => rows.findIndex((row) => key(row) === wanted),
  };
}
