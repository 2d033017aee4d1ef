/**
 * The driver's brain: one function for each thing that can happen. Pure: (state, what happened, now, effects).
 *
 *   items, streamEnded ─┐
 *   engine messages ────┼─► change the state ─► advance(): skips, barriers, hand out tasks, pull more, notice the end
 *   softStop, kill,  ───┘
 *   trouble
 *
 * Times are seconds since 1970. Nothing here waits: what must be waited for arrives as another call.
 */

import { DisbatchError } from '../base/errors.ts';
import type { FromEngine, Outcome } from '../contract/messages.ts';
import type { RunEnd } from '../contract/snapshot.ts';
import { hasFailed } from '../task/status-record.ts';
import { tryBarrier } from './barriers.ts';
import type { Effects } from './effects.ts';
import { advanceEngine, beginStopping, dismiss, endTasks } from './engine-stages.ts';
import { assign, release, takeFreeSlot } from './scheduler.ts';
import { keptFailures, type DriverState, type EngineState, type FeedItem, type Skip } from './state.ts';
import { lostOutcome, recordOf } from './task-records.ts';

/** How many items are kept ready at least, so that no slot waits for the feeder. */
const readyItems = 1024;

/** The run begins: the first items are asked for. */
export function onStart(state: DriverState, now: number, effects: Effects): void {
  advance(state, undefined, now, effects);
}

/** Items from the feeder, in the order of the stream. */
export function onItems(state: DriverState, items: readonly FeedItem[], now: number, effects: Effects): void {
  state.requested = Math.max(0, state.requested - items.length);
  for (const item of items) {
    if (item.kind === 'per-engine') {
      state.perEngine[item.moment].push(item);
    } else {
      state.perEngineKnown = true;
      state.pending.push(item);
    }
  }
  advanceStarting(state, now, effects);
  advance(state, undefined, now, effects);
}

/** The stream has come to its end. */
export function onStreamEnd(state: DriverState, now: number, effects: Effects): void {
  state.streamEnded = true;
  state.requested = 0;
  state.perEngineKnown = true;
  advanceStarting(state, now, effects);
  advance(state, undefined, now, effects);
}

/** A message of an engine. */
export function onEngine(state: DriverState, rank: number, message: FromEngine, now: number, effects: Effects): void {
  if (message.type === 'joined') {
    const { node, pid, slots } = message;
    const engine: EngineState = { rank, node, pid, slots, stage: 'starting', perEngineGiven: 0, running: new Map() };
    state.engines.set(rank, engine);
    state.present++;
    effects.log('INFO', `engine ${rank} on ${node} (PID ${pid}) joined with ${slots} slots`);
    if (state.phase !== 'running') dismiss(engine, state, effects);
    advance(state, engine, now, effects);
    return;
  }
  const engine = state.engines.get(rank);
  if (engine === undefined) {
    // It never joined: all that it can say is why.
    if (message.type === 'left') noteEngineGone(state, rank, message.problem, now, effects);
    advance(state, undefined, now, effects);
    return;
  }
  // After `left` an engine has nothing to say.
  if (engine.stage === 'gone') return;
  switch (message.type) {
    case 'started': {
      const running = engine.running.get(message.slot);
      if (running !== undefined) running.since = message.start;
      return;
    }
    case 'ended':
      onTaskEnd(state, engine, message.slot, message.outcome, engine.stage === 'ending', now, effects);
      break;
    case 'tasks-ended':
      if (state.phase === 'killing') dismiss(engine, state, effects);
      else beginStopping(engine);
      break;
    case 'left': {
      // Gone first: what follows from its tasks' loss must not turn to it again.
      const ending = engine.stage === 'ending';
      engine.stage = 'gone';
      state.present--;
      for (const [slot, { since }] of [...engine.running]) {
        onTaskEnd(state, engine, slot, lostOutcome(since, now), ending, now, effects);
      }
      noteEngineGone(state, rank, message.problem, now, effects);
      break;
    }
  }
  advance(state, engine, now, effects);
}

/** Start nothing new, let the running tasks finish, run STOP tasks, end. */
export function onSoftStop(state: DriverState, now: number, effects: Effects): void {
  close(state, { why: 'soft-stop' }, now, effects);
  advance(state, undefined, now, effects);
}

/** disBatch itself cannot go on (the stream is wrong, the status file cannot be written): like a soft stop, with the error. */
export function onTrouble(state: DriverState, error: Error, now: number, effects: Effects): void {
  effects.log('ERROR', error.message);
  close(state, { why: 'trouble', error }, now, effects);
  advance(state, undefined, now, effects);
}

/** End all tasks now and leave. */
export function onSignal(state: DriverState, signal: NodeJS.Signals, now: number, effects: Effects): void {
  if (state.phase === 'killing' || state.phase === 'over') return;
  effects.log('WARNING', `${signal}: ending ${state.runningTasks} running tasks`);
  state.phase = 'killing';
  state.end = { why: 'signal', signal };
  dropPending(state);
  for (const engine of state.engines.values()) endTasks(engine, state, effects);
  advance(state, undefined, now, effects);
}

function onTaskEnd(
  state: DriverState,
  engine: EngineState,
  slot: number,
  outcome: Outcome,
  ending: boolean,
  now: number,
  effects: Effects,
): void {
  const task = release(state, engine, slot);
  if (task === undefined) throw new Error(`engine ${engine.rank} reports the end of nothing in slot ${slot}`);
  // What we ended ourselves is not the task's failure: without a record it runs again on a resume.
  if (ending && outcome.exitCode !== 0) {
    if (task.kind === 'task') state.counts.interrupted++;
    effects.log('WARNING', `task ${task.taskId} (line ${task.lineNumber}) was ended before it was done`);
    return;
  }
  const record = recordOf(task, engine.node, outcome);
  effects.record(record);
  const failed = hasFailed(record);
  if (task.kind === 'task') {
    state.counts.finished++;
    state.counts.taskSeconds += record.elapsed;
    if (failed) state.counts.failed++;
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

/** Settles, hands out, pulls and ends, as far as the state allows now. `engine` is the one that something changed for. */
function advance(state: DriverState, engine: EngineState | undefined, now: number, effects: Effects): void {
  if (engine !== undefined) advanceEngine(engine, state, now, effects);
  handOut(state, now, effects);
  if (state.phase === 'running') {
    const wanted = Math.max(readyItems, 2 * state.slots);
    const ready = state.pending.length + state.requested;
    if (!state.streamEnded && ready < wanted / 2) {
      state.requested += wanted - ready;
      effects.pull(wanted - ready);
    }
    if (state.streamEnded && state.pending.length === 0 && state.runningTasks === 0) {
      close(state, { why: 'done' }, now, effects);
    }
  }
  if ((state.phase === 'closing' || state.phase === 'killing') && state.present === 0) {
    state.phase = 'over';
    effects.over();
  }
}

/** Engines that wait in their START tasks for more of the stream look again. */
function advanceStarting(state: DriverState, now: number, effects: Effects): void {
  for (const engine of state.engines.values()) {
    if (engine.stage === 'starting') advanceEngine(engine, state, now, effects);
  }
}

function handOut(state: DriverState, now: number, effects: Effects): void {
  while (state.phase === 'running') {
    const item = state.pending.peek();
    if (item === undefined) return;
    if (item.kind === 'skip') {
      state.pending.shift();
      onSkip(state, item, effects);
    } else if (item.kind === 'barrier') {
      const settled = tryBarrier(state, item, now, effects);
      if (settled === 'waiting') return;
      if (settled === 'failed') close(state, { why: 'check-failed', barrier: item.taskId }, now, effects);
    } else {
      const slot = takeFreeSlot(state);
      if (slot === undefined) return;
      state.pending.shift();
      assign(state, slot, item, now, effects);
    }
  }
}

function onSkip(state: DriverState, skip: Skip, effects: Effects): void {
  state.counts.skipped++;
  if (hasFailed(skip.record)) state.counts.skippedFailed++;
  if (!skip.written) effects.record(skip.record);
}

function close(state: DriverState, end: RunEnd, now: number, effects: Effects): void {
  if (state.phase !== 'running') return;
  state.phase = 'closing';
  state.end = end;
  dropPending(state);
  effects.log('INFO', `no more tasks are started: ${end.why}`);
  for (const engine of state.engines.values()) advanceEngine(engine, state, now, effects);
}

function dropPending(state: DriverState): void {
  state.pending.clear();
  state.barrier = undefined;
}

function noteEngineGone(
  state: DriverState,
  rank: number,
  problem: string | undefined,
  now: number,
  effects: Effects,
): void {
  if (problem === undefined) effects.log('INFO', `engine ${rank} left`);
  else effects.log('ERROR', `engine ${rank} is gone: ${problem}`);
  if (problem !== undefined && state.phase === 'running' && state.present === 0) {
    close(
      state,
      { why: 'trouble', error: new DisbatchError('no-engine-left', noEngineSentence(problem)) },
      now,
      effects,
    );
  }
}

function noEngineSentence(problem: string): string {
  return `No engine is left to run tasks: ${problem}. The engine's log, beside the status file, tells more; mend it and resume.`;
}
