/**
 * The finished tasks of a run, one after another in the order of their ends, for a program that iterates over them.
 *
 * It reads the status file behind the run, so it takes the same memory however slow its consumer is. In the process of the
 * program. Always true: each task that has a result comes once, from the first one on.
 */

import type { StatusRecord } from '../task/status-record.ts';
import type { RecordReader } from './record-reader.ts';
import type { Results } from './results.ts';

const chunkBytes = 64 * 1024;

/**
 * Ends with the run.
 *
 * @param begin - where the first record begins in the file
 * @throws (rejects with) DisbatchError status-unreadable
 */
export async function* finishedTasks(
  results: Results,
  reader: RecordReader,
  begin: number,
): AsyncGenerator<StatusRecord, void, void> {
  let place = begin;
  let length = chunkBytes;
  for (;;) {
    const upTo = await results.beyond(place);
    if (upTo === undefined) return;
    const bytes = await reader.piece(place, Math.min(length, upTo - place));
    let from = 0;
    for (let newline = bytes.indexOf(10); newline >= 0; newline = bytes.indexOf(10, from)) {
      const record = reader.parsed(bytes.toString('utf8', from, newline));
      const at = place + from;
      from = newline + 1;
      if (isOfTask(record) && results.isResultAt(record.taskId, at)) yield record;
    }
    place += from;
    // A line that is longer than what was read.
    length = from === 0 ? length * 2 : chunkBytes;
  }
}

function isOfTask({ kind }: StatusRecord): boolean {
  return kind === 'task' || kind === 'skipped';
}
