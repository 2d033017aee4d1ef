/**
 * A line of the details file: all that is known of what became of one item, as JSON. Pure.
 *
 * Every line has every field, `null` where it is not known or means nothing, so that a table of them has fixed columns.
 */

import { errnoName } from '../base/errno-names.ts';
import { outputFiles } from '../contract/result-files.ts';
import { writtenCommand } from '../task/status-line.ts';
import { hasFailed, lostExitCode, noPid, type StatusRecord } from '../task/status-record.ts';
import { noRepeat } from '../task/task.ts';
import type { TaskFacts } from './task-facts.ts';

/**
 * @param facts - undefined for what no engine of this run ran: barriers, and what a resume took over
 * @param results - the folder of `--results`, absolute
 * @returns the line without its newline
 */
export function detailsLine(record: StatusRecord, facts: TaskFacts | undefined, results: string | undefined): string {
  const { exitCode, pid } = record;
  const files =
    facts === undefined || results === undefined ? undefined : outputFiles(results, facts.task, facts.engine);
  const usage = facts?.usage;
  const task = facts?.task;
  return JSON.stringify({
    kind: record.kind,
    moment: task?.kind === 'per-engine' ? task.moment : null,
    taskId: record.taskId,
    lineNumber: record.lineNumber,
    repeatIndex: record.repeatIndex === noRepeat ? null : record.repeatIndex,
    failed: hasFailed(record),
    exitCode: exitCode === lostExitCode || exitCode < 0 || pid === noPid ? null : exitCode,
    signal: exitCode < 0 && exitCode !== lostExitCode ? -exitCode : null,
    lost: exitCode === lostExitCode,
    started: pid !== noPid,
    attempts: facts === undefined ? null : facts.broken.length + 1,
    brokenAttempts: facts?.broken ?? [],
    context: facts?.context.label ?? null,
    contextRank: facts?.context.rank ?? null,
    engine: facts?.engine ?? null,
    slot: facts === undefined || facts.slot < 0 ? null : facts.slot,
    node: record.node,
    pid: pid === noPid ? null : pid,
    start: record.start,
    finish: record.finish,
    elapsed: rounded(record.elapsed),
    userCpu: usage?.userCpu ?? null,
    systemCpu: usage?.systemCpu ?? null,
    cpuFrom: usage?.cpuFrom ?? null,
    peakMemory: usage?.peakMemory ?? null,
    memoryFrom: usage?.memoryFrom ?? null,
    largestProcess: usage?.largestProcess ?? null,
    outputBytes: record.outputBytes,
    output: record.outputSnippet,
    outputFile: files !== undefined && record.outputBytes > 0 ? files.output : null,
    outputProblem: facts === undefined || facts.outputError === 0 ? null : errnoName(facts.outputError),
    errorBytes: record.errorBytes,
    error: record.errorSnippet,
    errorFile: files !== undefined && record.errorBytes > 0 ? files.error : null,
    errorProblem: facts === undefined || facts.errorError === 0 ? null : errnoName(facts.errorError),
    command: writtenCommand(record.command),
  });
}

/** A difference of times, without the digits that the subtraction made up. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
