/**
 * What follows from the end of a task: its record and the counts, or another run of it. Pure.
 */

import type { Outcome, RunnableTask } from '../contract/messages.ts';
import { hasFailed, lostExitCode } from '../task/status-record.ts';
import type { Task } from '../task/task.ts';
import { close } from './closing.ts';
import type { Effects } from './effects.ts';
import { endTasks } from './engine-stages.ts';
import { release } from './scheduler.ts';
import { keptFailures, type DriverState, type EngineState, type LostTask } from './state.ts';
import { lostOutcome, recordOf } from './task-records.ts';

/** How long the signals by which nodes are taken back may be apart, in seconds. */
const doubtSeconds = 1;

/** An engine that is part of the run reports the end of what it runs in a slot. */
export function onTaskEnd(
  state: DriverState,
  engine: EngineState,
  slot: number,
  outcome: Outcome,
  now: number,
  effects: Effects,
): void {
  const ending = engine.stage === 'ending';
  const task = release(state, engine, slot);
  if (task === undefined) {
    effects.log('ERROR', `engine ${engine.rank} reports the end of nothing in slot ${slot}`);
    return;
  }
  if (ending && outcome.exitCode !== 0) {
    if (task.kind === 'task') onCutShort(state, newLoss(engine, task, outcome.start, now), effects);
    else effects.log('WARNING', `per-engine task ${task.taskId} was ended before it was done`);
  } else if (task.kind === 'task' && outcome.exitCode === lostExitCode) {
    // Its launcher died; the engine has seen to it that the task is dead.
    onDeath(state, newLoss(engine, task, outcome.start, now), now, effects);
  } else {
    settleOrDoubt(state, engine, task, outcome, now, effects);
  }
}

/** Records the end of a task, unless its failure may not be its own: see doubted-failures.ts. */
export function settleOrDoubt(
  state: DriverState,
  engine: EngineState,
  task: RunnableTask,
  outcome: Outcome,
  now: number,
  effects: Effects,
): void {
  if (task.kind === 'task' && engine.context.revocable && outcome.exitCode !== 0) {
    state.doubted.add({ engine, task, outcome, until: now + doubtSeconds });
  } else {
    settle(state, engine, task, outcome, now, effects);
  }
}

/** Records the end of a task. */
export function settle(
  state: DriverState,
  engine: EngineState,
  task: RunnableTask,
  outcome: Outcome,
  now: number,
  effects: Effects,
): void {
  const record = recordOf(task, engine.hostname, outcome);
  effects.record(record);
  const failed = hasFailed(record);
  if (task.kind === 'task') {
    state.unsettled--;
    state.counts.finished++;
    state.counts.taskSeconds += record.elapsed;
    engine.finished++;
    if (failed) {
      state.counts.failed++;
      engine.failed++;
    }
  } else if (failed) {
    state.counts.perEngineFailed++;
  }
  if (!failed) return;
  state.failedSinceBarrier++;
  if (state.failures.length < keptFailures) state.failures.push(record);
  effects.log(
    'INFO',
    `task ${task.taskId} (line ${task.lineNumber}) failed with exit code ${record.exitCode} on ${engine.node}`,
  );
  if (state.options.failFast && state.phase === 'running') {
    for (const other of state.engines.values()) endTasks(other, state, effects);
    close(state, { why: 'fail-fast', record }, now, effects);
  }
}

/** A task that is known to be dead without a report: it runs again, unless it was lost too often or the run is ending. */
export function onDeath(state: DriverState, lost: LostTask, now: number, effects: Effects): void {
  const { task, engine } = lost;
  // An engine that was told to end its tasks, by us or from outside, need not have started what was sent to it last.
  if (lost.ending || state.phase !== 'running') {
    onCutShort(state, lost, effects);
    return;
  }
  const losses = (state.lossesOf.get(task.taskId) ?? 0) + 1;
  state.lossesOf.set(task.taskId, losses);
  if (losses > (state.options.maxLost ?? 0)) {
    lost.fate = 'settled';
    settle(state, engine, task, lostOutcome(lost.since, now), now, effects);
    return;
  }
  effects.log('WARNING', `task ${task.taskId} (line ${task.lineNumber}) was lost on ${engine.node} and runs again`);
  runAgain(state, lost);
}

/** The loss of a task that ran on an engine since `since`, and is dead from `deadAt` on; seconds since 1970. */
export function newLoss(engine: EngineState, task: Task, since: number, deadAt: number): LostTask {
  return { task, engine, since, deadAt, ending: engine.stage === 'ending', fate: 'held' };
}

/** What we ended ourselves is not the task's failure: it runs again elsewhere, or without a record on a resume. */
export function onCutShort(state: DriverState, lost: LostTask, effects: Effects): void {
  if (state.phase === 'running') {
    runAgain(state, lost);
  } else {
    lost.fate = 'settled';
    onInterrupted(state, lost.task, effects);
  }
}

function runAgain(state: DriverState, lost: LostTask): void {
  lost.fate = 'again';
  state.again.push(lost);
}

function onInterrupted(state: DriverState, task: Task, effects: Effects): void {
  state.unsettled--;
  state.counts.interrupted++;
  effects.log('WARNING', `task ${task.taskId} (line ${task.lineNumber}) was ended before it was done`);
}
