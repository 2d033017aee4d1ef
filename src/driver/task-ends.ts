/**
 * What follows from the end of a task: its record and the counts, or another run of it. Pure.
 */

import type { Outcome } from '../contract/messages.ts';
import { errnoName } from '../base/errno-names.ts';
import { hasFailed, lostExitCode } from '../task/status-record.ts';
import type { Task } from '../task/task.ts';
import { close } from './closing.ts';
import type { Effects } from './effects.ts';
import { endTasks } from './engine-stages.ts';
import { release } from './scheduler.ts';
import { keptFailures, type DriverState, type EndedTask, type EngineState, type LostTask } from './state.ts';
import { factsOf, lostOutcome, recordOf } from './task-records.ts';

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
  const ended = { engine, slot, task, outcome };
  if (ending && outcome.exitCode !== 0) {
    if (task.kind === 'task') onCutShort(state, newLoss(engine, slot, task, outcome.start, now), now, effects);
    else effects.log('WARNING', `per-engine task ${task.taskId} was ended before it was done`);
  } else if (task.kind === 'task' && outcome.exitCode === lostExitCode) {
    // Its launcher died; the engine has seen to it that the task is dead.
    onDeath(state, newLoss(engine, slot, task, outcome.start, now), now, effects);
  } else {
    settleOrDoubt(state, ended, now, effects);
  }
}

/** Records the end of a task, unless its failure may not be its own: see doubted-failures.ts. */
export function settleOrDoubt(state: DriverState, ended: EndedTask, now: number, effects: Effects): void {
  const { task, engine, outcome } = ended;
  if (task.kind === 'task' && engine.context.revocable && outcome.exitCode !== 0) {
    state.doubted.add({ ...ended, task, until: now + doubtSeconds });
  } else {
    settle(state, ended, now, effects);
  }
}

/** Records the end of a task. */
export function settle(state: DriverState, ended: EndedTask, now: number, effects: Effects): void {
  const { engine, task, outcome } = ended;
  const record = recordOf(task, engine.hostname, outcome);
  effects.record(record, factsOf(state, ended));
  const failed = hasFailed(record);
  if (task.kind === 'task') {
    state.broken.delete(task.taskId);
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
  if (record.outputCut || record.errorCut) tellOfCut(state, ended, effects);
  if (state.options.failFast && state.phase === 'running') {
    for (const other of state.engines.values()) endTasks(other, state, effects);
    close(state, { why: 'fail-fast', record }, now, effects);
  }
}

/** The first time, the user is to know while something can be done about it. */
function tellOfCut(state: DriverState, { engine, task, outcome }: EndedTask, effects: Effects): void {
  const errno = outcome.output.fileError || outcome.error.fileError;
  const what = `the output of task ${task.taskId} could not be kept whole on ${engine.node} (${errnoName(errno)})`;
  if (state.toldOfCut) effects.log('ERROR', what);
  else effects.notice(`${what}: it counts as failed. Make room; resume with -R to run such tasks again.`);
  state.toldOfCut = true;
}

/** A task that is known to be dead without a report: it runs again, unless it was lost too often or the run is ending. */
export function onDeath(state: DriverState, lost: LostTask, now: number, effects: Effects): void {
  const { task, engine, slot } = lost;
  // An engine that was told to end its tasks, by us or from outside, need not have started what was sent to it last.
  if (lost.ending || state.phase !== 'running') {
    onCutShort(state, lost, now, effects);
    return;
  }
  const losses = (state.broken.get(task.taskId)?.losses ?? 0) + 1;
  if (losses > (state.options.maxLost ?? 0)) {
    lost.fate = 'settled';
    settle(state, { engine, slot, task, outcome: lostOutcome(lost.since, now) }, now, effects);
    return;
  }
  effects.log('WARNING', `task ${task.taskId} (line ${task.lineNumber}) was lost on ${engine.node} and runs again`);
  runAgain(state, lost, losses, now);
}

/** The loss of a task that ran on an engine since `since`, and is dead from `deadAt` on; seconds since 1970. */
export function newLoss(engine: EngineState, slot: number, task: Task, since: number, deadAt: number): LostTask {
  return { task, engine, slot, since, deadAt, ending: engine.stage === 'ending', fate: 'held' };
}

/** What we ended ourselves is not the task's failure: it runs again elsewhere, or without a record on a resume. */
export function onCutShort(state: DriverState, lost: LostTask, now: number, effects: Effects): void {
  if (state.phase === 'running') {
    runAgain(state, lost, state.broken.get(lost.task.taskId)?.losses ?? 0, now);
  } else {
    lost.fate = 'settled';
    onInterrupted(state, lost.task, effects);
  }
}

function runAgain(state: DriverState, lost: LostTask, losses: number, now: number): void {
  const { task, engine, slot, since } = lost;
  const attempts = state.broken.get(task.taskId)?.attempts ?? [];
  attempts.push({ engine: engine.rank, slot, node: engine.hostname, start: since, dead: now });
  state.broken.set(task.taskId, { losses, attempts });
  lost.fate = 'again';
  state.again.push(lost);
}

function onInterrupted(state: DriverState, task: Task, effects: Effects): void {
  state.unsettled--;
  state.counts.interrupted++;
  effects.log('WARNING', `task ${task.taskId} (line ${task.lineNumber}) was ended before it was done`);
}
