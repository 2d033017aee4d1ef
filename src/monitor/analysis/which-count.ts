/**
 * Of a run and the runs that resumed it: which records count for their tasks. Pure.
 *
 * The rule of a resume (task/resume.ts): a success stays, else the later record counts. A record that was taken over repeats
 * one of an earlier run; it counts only where that one is not at hand.
 */

import type { RecordTable } from '../records/record-table.ts';

export interface WhichCount {
  /** For each table, 1 for each record that says what became of its task, else 0. */
  readonly counts: readonly Uint8Array[];
  /** Tasks whose records name different lines: the files are hardly of the same task file. */
  readonly otherLines: number;
}

/** @param tables - of the runs, in their order */
export function whichCount(tables: readonly RecordTable[]): WhichCount {
  const counts = tables.map((table) => new Uint8Array(table.length));
  const known = new Places(tables.reduce((sum, table) => sum + table.length, 0));
  const begins: number[] = [];
  let [begin, otherLines] = [0, 0];
  for (const [number, table] of tables.entries()) {
    begins.push(begin);
    const own = counts[number] as Uint8Array;
    for (let index = 0; index < table.length; index++) {
      const isSkipped = table.kind(index) === 'skipped';
      if (!isSkipped && !table.isOwnTask(index)) continue;
      const taskId = table.taskId(index);
      const place = known.get(taskId);
      if (place !== undefined) {
        const part = begins.findLastIndex((each) => each <= place);
        const [earlier, at] = [tables[part] as RecordTable, place - (begins[part] as number)];
        if (earlier.lineNumber(at) !== table.lineNumber(index)) otherLines++;
        const isBetter = earlier.hasFailed(at) && (!isSkipped || !table.hasFailed(index));
        // Of two successes the run's own, of which the other is a copy.
        const isOriginal = earlier.kind(at) === 'skipped' && !isSkipped && !table.hasFailed(index);
        if (!isBetter && !isOriginal) continue;
        (counts[part] as Uint8Array)[at] = 0;
      }
      own[index] = 1;
      known.set(taskId, begin + index);
    }
    begin += table.length;
  }
  return { counts, otherLines };
}

/** A place for each task id: an array for those that are likely, and a map for what a damaged line may name. */
class Places {
  private readonly near: Uint32Array;
  private readonly far = new Map<number, number>();

  constructor(records: number) {
    this.near = new Uint32Array(2 * records + 1024);
  }

  get(taskId: number): number | undefined {
    if (taskId >= this.near.length) return this.far.get(taskId);
    const place = this.near[taskId] as number;
    return place === 0 ? undefined : place - 1;
  }

  set(taskId: number, place: number): void {
    if (taskId >= this.near.length) this.far.set(taskId, place);
    else this.near[taskId] = place + 1;
  }
}
