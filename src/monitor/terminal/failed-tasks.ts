/**
 * The failed tasks among the records: which they are, in which order, and which have a text in them. In the process of the
 * monitor.
 *
 * Always true: only records that are asked for are read from the file, a few hundred are kept, and a search reads them in
 * portions, the newest first.
 */

import { lenientTextOfBytes } from '../../base/byte-string.ts';
import type { StatusRecord } from '../../task/status-record.ts';
import type { RecordTable } from '../records/record-table.ts';
import { ending } from '../summary.ts';
import { fits } from './rows.ts';
import { chosenFrom, type Chosen, type FailedFacts, type FailedTasks } from './sight.ts';
import { compare, type FailedSort } from './sorts.ts';

/** Records that are kept. */
const mostKept = 400;
/** Read in one go, for a search. */
const portion = 200;
/** Sorted otherwise than by time: the newest of them only, since sorting takes its time. */
const mostSorted = 100_000;

type Read = (index: number) => Promise<StatusRecord>;

export class FailedRecords implements FailedTasks {
  private readonly table: RecordTable;
  /** Of the records, ascending. */
  private indices: number[] = [];
  private taken = 0;
  private readonly kept = new Map<number, StatusRecord>();
  /** Places in `indices` from `low` to `high` have been looked through. */
  private search = { text: '', low: 0, high: 0, found: [] as number[] };
  private sorted: { readonly key: string; readonly rows: Chosen<number> } | undefined;

  constructor(table: RecordTable) {
    this.table = table;
  }

  get total(): number {
    return this.indices.length;
  }

  /** Takes in what has come into the table. */
  catchUp(): void {
    const { table } = this;
    for (; this.taken < table.length; this.taken++) {
      if (!table.hasFailed(this.taken)) continue;
      const kind = table.kind(this.taken);
      if (kind === 'task' || kind === 'per-engine' || kind === 'skipped') this.indices.push(this.taken);
    }
  }

  /** The table was cleared. */
  forget(): void {
    this.indices = [];
    this.taken = 0;
    this.kept.clear();
    this.sorted = undefined;
    this.lookFor(this.search.text);
  }

  facts(index: number): FailedFacts {
    const { table } = this;
    return {
      taskId: table.taskId(index),
      lineNumber: table.lineNumber(index),
      node: table.nodes[table.node(index)] ?? '',
      exitCode: table.exitCode(index),
      elapsed: table.elapsed(index),
      finish: table.finish(index),
    };
  }

  record(index: number): StatusRecord | undefined {
    return this.kept.get(index);
  }

  chosen(sort: FailedSort, reversed: boolean, search: string): Chosen<number> & { readonly unread: number } {
    if (search !== this.search.text) this.lookFor(search);
    const { low, high, found } = this.search;
    const unread = search === '' ? 0 : low + this.indices.length - high;
    const key = `${sort} ${reversed} ${search === '' ? this.indices.length : found.length} ${search}`;
    if (this.sorted?.key !== key) this.sorted = { key, rows: this.order(sort, reversed, search) };
    return { ...this.sorted.rows, unread };
  }

  /** Reads the records that are wanted now and not there yet. @returns whether there were any */
  async load(wanted: readonly number[], read: Read): Promise<boolean> {
    const { indices } = this;
    let any = false;
    for (const index of wanted) {
      if (this.kept.has(index)) continue;
      const record = await read(index);
      any = true;
      // It may be of a file that has been replaced meanwhile.
      if (this.indices !== indices) break;
      this.keep(index, record);
    }
    return any;
  }

  /** Looks the next portion through for what is searched. @returns whether there was any */
  async lookFurther(read: Read): Promise<boolean> {
    const { search, indices } = this;
    if (search.text === '') return false;
    const [from, to] =
      search.high < indices.length
        ? [search.high, Math.min(indices.length, search.high + portion)]
        : [Math.max(0, search.low - portion), search.low];
    if (from === to) return false;
    const found: number[] = [];
    for (const index of indices.slice(from, to)) {
      const record = this.kept.get(index) ?? (await read(index));
      if (hasText(record, search.text)) found.push(index);
      // Another search has begun meanwhile.
      if (this.search !== search) return true;
    }
    if (to > search.high) {
      search.high = to;
      search.found = [...search.found, ...found];
    } else {
      search.low = from;
      search.found = [...found, ...search.found];
    }
    return true;
  }

  private lookFor(text: string): void {
    this.search = { text, low: this.indices.length, high: this.indices.length, found: [] };
  }

  private order(sort: FailedSort, reversed: boolean, search: string): Chosen<number> {
    const fitting = search === '' ? this.indices : this.search.found;
    if (sort === 'newest') return reversed ? ascending(fitting) : descending(fitting);
    const rows = fitting.slice(-mostSorted).reverse();
    const values = new Map(rows.map((index) => [index, this.value(index, sort)]));
    const sign = reversed ? -1 : 1;
    rows.sort((a, b) => sign * compare(values.get(a) as number | string, values.get(b) as number | string));
    return chosenFrom(rows, (index) => index);
  }

  private value(index: number, sort: Exclude<FailedSort, 'newest'>): number | string {
    const { taskId, node, exitCode, elapsed } = this.facts(index);
    switch (sort) {
      case 'task':
        return taskId;
      case 'host':
        return node;
      case 'how':
        return exitCode;
      case 'took':
        // The longest first.
        return -elapsed;
    }
  }

  private keep(index: number, record: StatusRecord): void {
    this.kept.set(index, record);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= mostKept) break;
      this.kept.delete(oldest);
    }
  }
}

function hasText(record: StatusRecord, text: string): boolean {
  const { node, command, errorSnippet, outputSnippet } = record;
  return fits(text, lenientTextOfBytes(command), errorSnippet, outputSnippet, node, ending(record));
}

/** Sorted numbers as they are: nothing is copied, and a place is found by halving. */
function ascending(numbers: readonly number[]): Chosen<number> {
  const { length } = numbers;
  const at = (position: number): number => numbers[position] as number;
  return { count: length, at, keyAt: at, positionOf: (wanted) => placeOf(numbers, wanted) };
}

function descending(numbers: readonly number[]): Chosen<number> {
  const { length } = numbers;
  const at = (position: number): number => numbers[length - 1 - position] as number;
  const positionOf = (wanted: number | string): number => {
    const place = placeOf(numbers, wanted);
    return place < 0 ? -1 : length - 1 - place;
  };
  return { count: length, at, keyAt: at, positionOf };
}

function placeOf(numbers: readonly number[], wanted: number | string): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] as number) < Number(wanted)) low = middle + 1;
    else high = middle;
  }
  return numbers[low] === wanted ? low : -1;
}
