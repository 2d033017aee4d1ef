/**
 * From a record to what programs get.
 *
 * Always true: the same record gives an equal result, whether it comes from memory or is read back from the file.
 */

import { constants } from 'node:os';
import { writtenCommand } from '../task/status-line.ts';
import { hasFailed, lostExitCode, type StatusRecord } from '../task/status-record.ts';
import type { TaskResult } from './task-result.ts';

export function resultOf(record: StatusRecord): TaskResult {
  const { exitCode } = record;
  return {
    taskId: record.taskId,
    lineNumber: record.lineNumber,
    repeatIndex: record.repeatIndex,
    command: writtenCommand(record.command),
    node: record.node,
    pid: record.pid,
    exitCode,
    signal: exitCode < 0 && exitCode !== lostExitCode ? signalName(-exitCode) : undefined,
    failed: hasFailed(record),
    lost: exitCode === lostExitCode,
    skipped: record.kind === 'skipped',
    elapsed: asWritten(record.elapsed),
    start: asWritten(record.start),
    finish: asWritten(record.finish),
    outputBytes: record.outputBytes,
    outputSnippet: record.outputSnippet,
    errorBytes: record.errorBytes,
    errorSnippet: record.errorSnippet,
    outputCut: record.outputCut,
    errorCut: record.errorCut,
  };
}

/** Seconds as the file has them. */
function asWritten(seconds: number): number {
  return Number(seconds.toFixed(3));
}

function signalName(signal: number): string {
  // Some have two names; the first is the usual one.
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? `SIG${signal}`;
}
