/**
 * What a resume does with a task: run it, or skip it because an earlier run did it.
 *
 * Pure; decides for the driver. Skipped records count like those of tasks, so that resumes chain to any length.
 * Source: the original's rules, but for two of their faults: there skipped records were ignored, and an exit code below
 * 0 beat a success.
 */

import { hasFailed, type RecordKind, type StatusRecord, type Verdict } from './status-record.ts';
import { writtenCommand } from './status-line.ts';
import type { Task } from './task.ts';

/** Whether records of this kind say what became of a task of the file. */
export function countsForResume(kind: RecordKind): boolean {
  return kind === 'task' || kind === 'skipped';
}

/**
 * Which of two records of one task counts, in the order they were read: a success stays, else the later one. Both must
 * be of kinds that count.
 */
export function whichCounts<Known extends Verdict>(known: Known | undefined, read: Known): Known {
  return known === undefined || hasFailed(known) ? read : known;
}

export interface ResumeOptions {
  /** Run failed tasks again (`-R`). */
  readonly retry: boolean;
  /** Skip a task though the earlier record is of another one (`--force-resume`). */
  readonly force: boolean;
}

export type ResumeDecision =
  | { readonly action: 'run' }
  /** The record goes into the new status file as it is. */
  | { readonly action: 'skip'; readonly record: StatusRecord }
  | {
      readonly action: 'mismatch';
      readonly what: 'line number' | 'repeat index' | 'command';
      readonly earlier: StatusRecord;
      readonly task: Task;
    };

/** What to do with the task, given the record that counts for its task id. */
export function decideResume(task: Task, earlier: StatusRecord | undefined, options: ResumeOptions): ResumeDecision {
  if (earlier === undefined) return { action: 'run' };
  // A failed task that runs again may well have been corrected: its text is not compared.
  if (options.retry && hasFailed(earlier)) return { action: 'run' };
  const what = options.force ? undefined : difference(task, earlier);
  if (what !== undefined) return { action: 'mismatch', what, earlier, task };
  return { action: 'skip', record: { ...earlier, kind: 'skipped' } };
}

function difference(task: Task, earlier: StatusRecord): 'line number' | 'repeat index' | 'command' | undefined {
  if (task.lineNumber !== earlier.lineNumber) return 'line number';
  if (task.repeatIndex !== earlier.repeatIndex) return 'repeat index';
  if (task.command === earlier.command) return undefined;
  return writtenCommand(task.command) === writtenCommand(earlier.command) ? undefined : 'command';
}
