/**
 * The end of a run for programs: `--json`. Pure.
 */

import { lenientTextOfBytes } from '../base/byte-string.ts';
import type { RunEnd, RunSnapshot } from '../contract/snapshot.ts';
import { ending } from './summary.ts';

export interface JsonFacts {
  readonly exitStatus: number;
  readonly statusFile: string;
  readonly detailsFile: string | undefined;
  readonly resultsFolder: string | undefined;
  /** The command that runs what is left, or failed. */
  readonly resumeCommand: string;
}

/** One line of JSON; what is not known is `null`. Times are seconds, those of day since 1970. */
export function summaryJson({ counts, total, start, now, end, failures }: RunSnapshot, facts: JsonFacts): string {
  return JSON.stringify({
    end: end?.why ?? 'done',
    problem: end === undefined ? null : problemOf(end),
    exitStatus: facts.exitStatus,
    total: total ?? null,
    finished: counts.finished,
    failed: counts.failed,
    skipped: counts.skipped,
    skippedFailed: counts.skippedFailed,
    interrupted: counts.interrupted,
    rerun: counts.rerun,
    late: counts.late,
    perEngineFailed: counts.perEngineFailed,
    barriers: counts.barriers,
    start,
    finish: now,
    elapsed: now - start,
    taskSeconds: counts.taskSeconds,
    firstFailures: failures.map((record) => ({
      kind: record.kind,
      taskId: record.taskId,
      lineNumber: record.lineNumber,
      node: record.node,
      exitCode: record.exitCode,
      how: ending(record),
      error: record.errorSnippet,
      command: lenientTextOfBytes(record.command),
    })),
    statusFile: facts.statusFile,
    detailsFile: facts.detailsFile ?? null,
    resultsFolder: facts.resultsFolder ?? null,
    resumeCommand: facts.resumeCommand,
  });
}

function problemOf(end: RunEnd): string | null {
  switch (end.why) {
    case 'trouble':
      return end.error.message;
    case 'signal':
      return end.signal;
    case 'check-failed':
      return `the check of barrier ${end.barrier} failed`;
    case 'done':
    case 'fail-fast':
    case 'soft-stop':
    case 'time-limit':
      return null;
  }
}
