/** Tables of records, made by hand for tests. */

import { RecordTable } from '../../../src/monitor/records/record-table.ts';
import { formatStatusLine } from '../../../src/task/status-line.ts';
import type { StatusRecord } from '../../../src/task/status-record.ts';
import { failureOf } from '../snapshots.ts';

/** A record of a task that went well, but for what is given. */
export type GivenRecord = Partial<Omit<StatusRecord, 'command'>> & { readonly command?: string };

/** The line of a record, with its newline. Its finish follows from its start, if nothing else is said. */
export function lineOf(given: GivenRecord, taskId = 0): string {
  const record = failureOf({ taskId, lineNumber: taskId + 1, exitCode: 0, command: 'true', ...given });
  return `${formatStatusLine({ ...record, finish: given.finish ?? record.start + record.elapsed })}\n`;
}

/** A table with these records; their task ids count up, if nothing else is said. */
export function tableOf(records: readonly GivenRecord[]): RecordTable {
  const table = new RecordTable();
  let at = 0;
  for (const [i, record] of records.entries()) {
    const line = Buffer.from(lineOf(record, i));
    if (!table.add(line, 0, line.length - 1, at)) throw new Error(`not a record: ${line.toString()}`);
    at += line.length;
  }
  return table;
}
