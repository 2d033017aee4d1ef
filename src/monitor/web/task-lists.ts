/**
 * Answers questions for tasks: which of the records, in which order, which page of them. In the process of the web server.
 *
 * What was found is kept, and goes on with the file as it grows; an order is made anew, though not more often than it is
 * worth. Always true: nothing here holds the event loop for long.
 */

import { Column } from '../records/column.ts';
import type { RecordTable } from '../records/record-table.ts';
import type { StatusFollower } from '../records/status-follower.ts';
import type { TaskSort, TaskState } from './answers.ts';
import { inPieces } from './in-pieces.ts';
import { Kept } from './kept.ts';
import { ordered } from './order.ts';
import { TextSearch } from './text-search.ts';

/** Which records, in which order. */
export interface TasksWanted {
  readonly state: TaskState;
  readonly node: string | undefined;
  /** '' for all. */
  readonly text: string;
  readonly sort: TaskSort;
  readonly descending: boolean;
  readonly from: number;
  readonly count: number;
}

export interface TasksFound {
  readonly total: number;
  /** More may still be found. */
  readonly searching: boolean;
  readonly indices: readonly number[];
}

/** How many of each are kept. */
const keptLists = 12;

/** A text is looked for so long before what has been found is told, in milliseconds. */
const patienceMs = 700;

/** An order is kept for so many times as long as it took to make, and for a second. */
const restFactor = 10;
const leastRestMs = 1000;

const stepLength = 20_000;

export class TaskLists {
  private readonly follower: StatusFollower;
  private readonly searches = new Kept<TextSearch>(keptLists);
  private readonly lists = new Kept<TaskList>(keptLists);
  private replacements = 0;

  constructor(follower: StatusFollower) {
    this.follower = follower;
  }

  /** @throws (rejects with) the signal's reason, or DisbatchError status-unreadable */
  async find(wanted: TasksWanted, signal: AbortSignal): Promise<TasksFound> {
    for (;;) {
      this.forgetOther();
      const found = await this.look(wanted, signal);
      if (this.replacements === this.follower.replacements) return found;
    }
  }

  private async look(wanted: TasksWanted, signal: AbortSignal): Promise<TasksFound> {
    const { state, node, text, sort, descending, from, count } = wanted;
    const { table } = this.follower;
    let search: TextSearch | undefined;
    if (text !== '') {
      search = this.searches.of(text, () => new TextSearch(this.follower, text));
      await search.goOn(signal, patienceMs);
    }
    const list = this.lists.of(JSON.stringify([state, node, text]), () => new TaskList(table, state, node, search));
    await list.catchUp(signal);
    const order = await list.inOrder(sort, signal);
    const total = order.length;
    const places = Array.from({ length: Math.max(0, Math.min(count, total - from)) }, (_, i) => from + i);
    return {
      total,
      searching: search?.isDone === false,
      indices: places.map((place) => order.at(descending ? total - 1 - place : place)),
    };
  }

  /** What was found in another file than that which is there now is of no use. */
  private forgetOther(): void {
    if (this.replacements === this.follower.replacements) return;
    this.replacements = this.follower.replacements;
    this.searches.clear();
    this.lists.clear();
  }
}

/** Indices of records in an order. */
interface Order {
  readonly length: number;
  at(place: number): number;
}

interface MadeOrder {
  readonly order: Order;
  readonly madeAt: number;
  readonly tookMs: number;
}

/** The records that fit a filter. */
class TaskList {
  private readonly table: RecordTable;
  private readonly fits: ((index: number) => boolean) | undefined;
  /** What is filtered: records by their index, or what a search has found. */
  private readonly source: Order;
  private readonly found = new Column(Uint32Array);
  private taken = 0;
  private catching: Promise<void> | undefined;
  private readonly orders = new Map<TaskSort, MadeOrder>();

  constructor(table: RecordTable, state: TaskState, node: string | undefined, search: TextSearch | undefined) {
    this.table = table;
    this.source = search?.matches ?? everyRecord(table);
    this.fits = state === 'all' && node === undefined ? undefined : fitsOf(table, state, node);
  }

  async catchUp(signal: AbortSignal): Promise<void> {
    if (this.fits === undefined) return;
    // Several who ask for the same wait for the same work: it must not end with the first of them.
    this.catching ??= inPieces(this.filter(this.fits)).finally(() => (this.catching = undefined));
    await this.catching;
    signal.throwIfAborted();
  }

  async inOrder(sort: TaskSort, signal: AbortSignal): Promise<Order> {
    const all: Order = this.fits === undefined ? this.source : this.found;
    if (sort === 'recorded') return all;
    const made = this.orders.get(sort);
    const { length } = all;
    if (made !== undefined) {
      const isFresh = performance.now() - made.madeAt < Math.max(leastRestMs, made.tookMs * restFactor);
      if (made.order.length === length || isFresh) return made.order;
    }
    const begun = performance.now();
    const indices = await inPieces(
      ordered(length, (place) => all.at(place), keyOf(this.table, sort)),
      signal,
    );
    const order: Order = { length, at: (place) => indices[place] as number };
    this.orders.set(sort, { order, madeAt: performance.now(), tookMs: performance.now() - begun });
    return order;
  }

  private *filter(fits: (index: number) => boolean): Generator<void, void> {
    for (; this.taken < this.source.length; this.taken++) {
      if (this.taken % stepLength === 0) yield;
      const index = this.source.at(this.taken);
      if (fits(index)) this.found.push(index);
    }
  }
}

function everyRecord(table: RecordTable): Order {
  return {
    get length() {
      return table.length;
    },
    at: (place) => place,
  };
}

function fitsOf(table: RecordTable, state: TaskState, node: string | undefined): (index: number) => boolean {
  const isState = stateOf(table, state);
  if (node === undefined) return isState;
  return (index) => table.nodes[table.node(index)] === node && isState(index);
}

function stateOf(table: RecordTable, state: TaskState): (index: number) => boolean {
  switch (state) {
    case 'all':
      return () => true;
    case 'failed':
      return (index) => table.hasFailed(index) && table.kind(index) !== 'late';
    case 'ok':
      return (index) => table.isOwnTask(index) && !table.hasFailed(index);
    case 'skipped':
    case 'late':
    case 'per-engine':
      return (index) => table.kind(index) === state;
    case 'barrier':
      return (index) => table.kind(index) === 'barrier' || table.kind(index) === 'check-barrier';
  }
}

const keyLimit = 2 ** 32 - 1;

/** What records are put in order by: a whole number from 0 to 2^32 - 1. */
function keyOf(table: RecordTable, sort: Exclude<TaskSort, 'recorded'>): (index: number) => number {
  switch (sort) {
    case 'task':
      return (index) => table.taskId(index);
    case 'line':
      return (index) => table.lineNumber(index);
    case 'exit':
      return (index) => table.exitCode(index) + 0x8000;
    case 'elapsed':
      return (index) => Math.round(table.elapsed(index) * 1000);
    case 'node': {
      const byName = table.nodes.map((name, number) => ({ name, number }));
      byName.sort((a, b) => byNumbersWithin.compare(a.name, b.name));
      const ranks: number[] = [];
      for (const [rank, { number }] of byName.entries()) ranks[number] = rank;
      return (index) => ranks[table.node(index)] as number;
    }
    case 'start':
    case 'finish': {
      const time = sort === 'start' ? table.start.bind(table) : table.finish.bind(table);
      // Records that were taken over may be of any time.
      let [first, last] = [Infinity, -Infinity];
      for (let index = 0; index < table.length; index++) {
        first = Math.min(first, time(index));
        last = Math.max(last, time(index));
      }
      const scale = Math.min(1000, keyLimit / Math.max(1, last - first));
      return (index) => Math.max(0, Math.min(keyLimit, Math.round((time(index) - first) * scale)));
    }
  }
}

/** node2 before node10. */
const byNumbersWithin = new Intl.Collator('en', { numeric: true });
