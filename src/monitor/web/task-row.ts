/**
 * A record as the page shows it. Pure.
 */

import { lenientTextOfBytes } from '../../base/byte-string.ts';
import { outputFiles } from '../../contract/result-files.ts';
import { hasFailed, type StatusRecord } from '../../task/status-record.ts';
import { ending } from '../summary.ts';
import type { TaskRow } from './answers.ts';

/**
 * @param index - of the record in the table
 * @param at - where its line begins
 * @param results - the folder of `--results`, as far as it is known
 */
export function taskRow(record: StatusRecord, index: number, at: number, results: string | undefined): TaskRow {
  const { kind, outputBytes, errorBytes } = record;
  const isBarrier = kind === 'barrier' || kind === 'check-barrier';
  // Which engine ran a per-engine task is not recorded; what was taken over is where the earlier run has put it.
  const files = results === undefined || kind !== 'task' ? undefined : outputFiles(results, { ...record, kind }, 0);
  return {
    ...record,
    index,
    failed: !isBarrier && hasFailed(record),
    how: isBarrier || !hasFailed(record) ? 'all went well' : ending(record),
    command: lenientTextOfBytes(record.command),
    at,
    outputFile: files === undefined || outputBytes === 0 ? null : files.output,
    errorFile: files === undefined || errorBytes === 0 ? null : files.error,
  };
}
