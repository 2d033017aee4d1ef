/**
 * What the page and its server say to each other: types only, for both. Pure.
 *
 * All addresses are under /SECRET/. Times are seconds, times of day since 1970. `null` is what is not known.
 *
 *   GET  events                    server-sent events; each is a RunAnswer
 *   GET  run                       RunAnswer
 *   GET  engines                   EnginesAnswer
 *   GET  running?limit=N&engine=R  RunningTasks of contract/running; of all engines when none is named
 *   GET  series                    SeriesAnswer: ends and failures over time
 *   GET  times                     TimesAnswer: how long tasks take, in all and by node
 *   GET  timeline?from&to&lane&lanes&pixels   TimelineAnswer
 *   GET  tasks?state&node&text&sort&order&from&count   TasksAnswer
 *   GET  task?index=N              TaskRow
 *   GET  store                     StoreAnswer
 *   POST store                     StorePut      ─► Done
 *   POST stop                      StopWanted    ─► Done
 *   GET  metrics                   text for Prometheus
 *
 * Whatever fails is answered with a status of 400 or more and a Refused.
 */

import type { StatusRecord } from '../../task/status-record.ts';
import type { ContextOverview, EngineOverview, RunOverview } from '../../contract/overview.ts';

export interface Refused {
  /** A sentence for the user. */
  readonly problem: string;
}

/** What was wanted is done, or why it cannot be. */
export interface Done {
  readonly problem: string | null;
}

export interface RunAnswer {
  readonly version: string;
  readonly taskName: string;
  readonly prefix: string;
  readonly host: string;
  readonly now: number;
  /**
   * connecting, live: it goes on; away: it cannot be reached, perhaps since it was killed, and is tried again;
   * over: it has ended while the page was served; records: it was over before, and only its records are there.
   */
  readonly link: 'connecting' | 'live' | 'away' | 'over' | 'records';
  /** Why it is away, and since when; or why the status file cannot be read. */
  readonly problem: string | null;
  readonly awaySince: number | null;
  readonly exitStatus: number | null;
  readonly phase: RunOverview['phase'] | null;
  /** Why it ends, or ended. */
  readonly end: string | null;
  /** The barrier that is waited at. */
  readonly barrier: { readonly lineNumber: number; readonly since: number } | null;
  readonly streamEnded: boolean;
  readonly figures: Figures;
  /** How many contexts and engines take part now. */
  readonly contexts: number;
  readonly engines: number;
  /** Records in the status file: more of them mean that other answers have changed. */
  readonly records: number;
  readonly foreignLines: number;
  readonly statusFile: string;
  readonly detailsFile: string | null;
  readonly resultsFolder: string | null;
}

/** As RunFigures of run-figures.ts, with null for undefined. */
export interface Figures {
  readonly total: number | null;
  readonly done: number;
  readonly finished: number;
  readonly failed: number;
  readonly skipped: number;
  readonly skippedFailed: number;
  readonly perEngineFailed: number;
  readonly running: number;
  readonly lost: number;
  readonly barriers: number;
  readonly slots: number;
  readonly start: number | null;
  readonly elapsed: number;
  readonly rate: number | null;
  readonly toGo: number | null;
  readonly taskSeconds: number;
}

export interface EnginesAnswer {
  readonly now: number;
  readonly contexts: readonly ContextOverview[];
  readonly engines: readonly EngineOverview[];
}

/** As Stretches of records/over-time.ts. */
export interface SeriesAnswer {
  readonly from: number;
  readonly width: number;
  readonly finished: readonly number[];
  readonly failed: readonly number[];
}

export interface TimesAnswer {
  /** Of all tasks that this run has run; stretches of elapsed time that grow like 1, 2, 5. */
  readonly buckets: readonly {
    readonly from: number;
    readonly to: number;
    readonly count: number;
    readonly failed: number;
  }[];
  readonly tasks: number;
  readonly median: number | null;
  readonly p95: number | null;
  readonly longest: number | null;
  readonly nodes: readonly NodeTimes[];
}

export interface NodeTimes {
  readonly node: string;
  readonly tasks: number;
  readonly failed: number;
  readonly taskSeconds: number;
  readonly median: number;
  readonly p95: number;
  readonly longest: number;
  /** Its median as a multiple of the median over all nodes; far above 1: it is slow. */
  readonly ratio: number;
}

/** A part of the timeline: lanes lie below each other, nodes in the order of their first record. */
export interface TimelineAnswer {
  /** The whole of it. */
  readonly begin: number;
  readonly end: number;
  readonly laneCount: number;
  /** The part that was asked for. */
  readonly from: number;
  readonly to: number;
  readonly firstLane: number;
  readonly lanes: readonly { readonly node: string; readonly lane: number }[];
  /**
   * Five numbers a span: lane (from firstLane on, the first is 0), beginning and end in seconds after `begin`, state
   * (0 all went well, 1 all failed, 2 some failed), index of its record, or -1 less the number of tasks when they are so
   * short that several stand for one span.
   */
  readonly spans: readonly number[];
  /** There is more to see than is told: it is drawn more coarsely than was asked for. */
  readonly truncated: boolean;
}

export type TaskState = 'all' | 'failed' | 'ok' | 'skipped' | 'late' | 'per-engine' | 'barrier';
export type TaskSort = 'recorded' | 'task' | 'line' | 'node' | 'exit' | 'start' | 'finish' | 'elapsed';

export interface TasksAnswer {
  /** How many there are that fit, as far as is known. */
  readonly total: number;
  /** `text` is still being looked for, and there may be more. */
  readonly searching: boolean;
  readonly from: number;
  readonly rows: readonly TaskRow[];
}

/** A record of the status file. */
export interface TaskRow extends Omit<StatusRecord, 'command'> {
  /** In the table. */
  readonly index: number;
  readonly failed: boolean;
  /** In words: "exit code 1", "killed by signal 9 (KILL)", … */
  readonly how: string;
  readonly command: string;
  /** Where its line begins in the status file, in bytes. */
  readonly at: number;
  /** Its outputs under --results. */
  readonly outputFile: string | null;
  readonly errorFile: string | null;
}

export interface StoreAnswer {
  /** HOST:PORT, for programs. */
  readonly address: string;
  readonly keys: readonly StoreKey[];
  /** How many there are in all, hidden ones (that begin with a dot) left out; keys may be fewer. */
  readonly total: number;
}

export interface StoreKey {
  /** As text; bytes that are no UTF-8 are shown, and cannot be put under. */
  readonly key: string;
  readonly values: number;
  readonly waiters: number;
  /** Of the newest value; null when there is none. */
  readonly encoding: string | null;
  readonly bytes: number;
  /** Its beginning as text. */
  readonly value: string | null;
  readonly cut: boolean;
  /** Somebody waits for a key named NAME?FORMAT: what is typed is put there. */
  readonly input: { readonly name: string; readonly format: string } | null;
}

/** A text for a key, as typed: of an input box, its format is applied by the server. */
export interface StorePut {
  readonly key: string;
  readonly value: string;
}

export type StopWanted =
  | { readonly what: 'engine'; readonly rank: number }
  | { readonly what: 'context'; readonly label: string }
  | { readonly what: 'run' };
