/**
 * A line of the status file as data: what became of a task, or that a barrier was settled.
 *
 * Pure. The text form is in status-line.ts.
 */

import type { ByteString } from '../base/byte-string.ts';

/** The exit code that stands for a task whose engine, or launcher, vanished while it ran. */
export const lostExitCode = -100;

/** The PID of a task that has none: it could not be started, or was lost. */
export const noPid = -1;

/** What a status line is about; the flags show it. */
export type RecordKind =
  | 'task'
  | 'per-engine'
  /** An earlier run's record, repeated by a resume that did not run the task again. */
  | 'skipped'
  /** A late report of a task that had already been recorded. */
  | 'late'
  | 'barrier'
  | 'check-barrier';

/** One line of the status file. Source of the fields: the original's status file, in its order. */
export interface StatusRecord {
  readonly kind: RecordKind;
  readonly taskId: number;
  readonly lineNumber: number;
  readonly repeatIndex: number;
  readonly node: string;
  readonly pid: number;
  /** bash's own exit code; -N when signal N killed it; -100 when it was lost. */
  readonly exitCode: number;
  /** Seconds, each with three decimals in the file; start and finish since 1970. */
  readonly elapsed: number;
  readonly start: number;
  readonly finish: number;
  /** Bytes that the task wrote to its standard output, and a sample of them as text. */
  readonly outputBytes: number;
  readonly outputSnippet: string;
  /** Its file under `--results` does not hold all of it. */
  readonly outputCut: boolean;
  readonly errorBytes: number;
  readonly errorSnippet: string;
  readonly errorCut: boolean;
  readonly command: ByteString;
}

/** What decides whether a record counts as a failure. */
export type Verdict = Pick<StatusRecord, 'exitCode' | 'outputCut' | 'errorCut'>;

/** Whether the record counts as a failure: also of a task that went well but whose output could not be kept as asked. */
export function hasFailed({ exitCode, outputCut, errorCut }: Verdict): boolean {
  return exitCode !== 0 || outputCut || errorCut;
}
