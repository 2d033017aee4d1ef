/**
 * From what an engine reports of a task to its record, and what is known beside it. Pure.
 */

import { nothingWritten, type Outcome, type RunnableTask } from '../contract/messages.ts';
import { snippetText } from '../task/status-line.ts';
import { lostExitCode, noPid, type StatusRecord } from '../task/status-record.ts';
import { noRepeat } from '../task/task.ts';
import type { DriverState, EndedTask } from './state.ts';
import type { TaskFacts } from './task-facts.ts';

/** The outcome of a task whose engine vanished. Times in seconds since 1970. */
export function lostOutcome(start: number, now: number): Outcome {
  return {
    pid: noPid,
    exitCode: lostExitCode,
    start,
    finish: now,
    output: nothingWritten,
    error: nothingWritten,
    usage: undefined,
  };
}

/** The record of a task that a node's engine reports. */
export function recordOf(task: RunnableTask, node: string, outcome: Outcome): StatusRecord {
  return {
    kind: task.kind,
    taskId: task.taskId,
    lineNumber: task.lineNumber,
    repeatIndex: task.kind === 'task' ? task.repeatIndex : noRepeat,
    node,
    pid: outcome.pid,
    exitCode: outcome.exitCode,
    elapsed: outcome.finish - outcome.start,
    start: outcome.start,
    finish: outcome.finish,
    outputBytes: outcome.output.bytes,
    outputSnippet: snippetText(outcome.output),
    outputCut: outcome.output.fileError !== 0,
    errorBytes: outcome.error.bytes,
    errorSnippet: snippetText(outcome.error),
    errorCut: outcome.error.fileError !== 0,
    command: task.command,
  };
}

/** What is known beside the record of what an engine ran. */
export function factsOf(state: DriverState, { engine, slot, task, outcome }: EndedTask): TaskFacts {
  const { rank, label } = engine.context;
  const attempts = task.kind === 'task' ? state.broken.get(task.taskId)?.attempts : undefined;
  return {
    task,
    context: { rank, label },
    engine: engine.rank,
    slot,
    broken: attempts ?? [],
    outputError: outcome.output.fileError,
    errorError: outcome.error.fileError,
    usage: outcome.usage,
  };
}
