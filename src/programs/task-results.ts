/**
 * What became of tasks, for the program that gave them: through the store, under the key that it has named. Pure.
 *
 *   RESULTKEY TASKID                 JSON: the fields of a line of the status file
 *   RESULTKEY done tasks             the task id as text, one value for each task, in the order of their ends
 *   RESULTKEY per-engine RANK start ID    the same JSON, of what an engine ran for itself; in no list
 *
 * Source of the first two: the original, where results of per-engine tasks collide with those of tasks.
 */

import { asBytes, lenientTextOfBytes, type ByteString } from '../base/byte-string.ts';
import { flagsOf } from '../task/status-line.ts';
import type { StatusRecord } from '../task/status-record.ts';
import type { ProgramStore } from './program-store.ts';

/** Where an engine ran something for itself. */
export interface PerEngineRun {
  readonly engine: number;
  readonly moment: 'start' | 'stop';
}

/** Puts the result of a record into the store, if it is one that a program waits for. */
export function putResult(
  store: ProgramStore,
  resultKey: ByteString,
  record: StatusRecord,
  perEngine: PerEngineRun | undefined,
): void {
  const put = (name: string, encoding: string, text: string): void =>
    store.put(asBytes(`${resultKey} ${name}`), encoding, Buffer.from(text));
  const { kind, taskId } = record;
  if (kind === 'task' || kind === 'skipped') {
    put(String(taskId), 'JSON', resultJson(record));
    put('done tasks', 'ASTR', String(taskId));
  } else if (kind === 'per-engine' && perEngine !== undefined) {
    put(`per-engine ${perEngine.engine} ${perEngine.moment} ${taskId}`, 'JSON', resultJson(record));
  }
}

/** The fields of a status line by the original's names. */
export function resultJson(record: StatusRecord): string {
  return JSON.stringify({
    Flags: flagsOf(record),
    TaskId: record.taskId,
    TaskStreamIndex: record.lineNumber,
    TaskRepIndex: record.repeatIndex,
    Host: record.node,
    PID: record.pid,
    ReturnCode: record.exitCode,
    Elapsed: record.elapsed,
    Start: record.start,
    End: record.finish,
    OutBytes: record.outputBytes,
    OutData: record.outputSnippet,
    ErrBytes: record.errorBytes,
    ErrData: record.errorSnippet,
    TaskCmd: lenientTextOfBytes(record.command),
  });
}
