/**
 * The driver's brain: one function for each thing that can happen. Pure: (state, what happened, now, effects).
 *
 *   items, streamEnded ─┐
 *   messages, time ─────┼─► change the state ─► advance(): skips, barriers, hand out tasks, pull more, notice the end
 *   softStop, kill,  ───┘
 *   trouble
 *
 * Times are seconds since 1970. Nothing here waits: what must be waited for arrives as another call.
 */

import { DisbatchError } from '../base/errors.ts';
import type { FromContext, FromEngine } from '../contract/messages.ts';
import { close, dropPending } from './closing.ts';
import { dismissContexts, stopContexts, stopEngine, stopFull, takeContextMessage } from './contexts.ts';
import { confirmDoubted, excuseDoubted } from './doubted-failures.ts';
import type { Effects } from './effects.ts';
import { advanceEngine, beginStopping, dismiss, endTasks } from './engine-stages.ts';
import { handOut } from './hand-out.ts';
import {
  loseEngine,
  onConnectionLost,
  onLeaseEnded,
  onProofOfDeath,
  onPulse,
  onReportOfLost,
  watchLeases,
} from './lost-engines.ts';
import { retireDone } from './retiring.ts';
import { isPresent, type DriverState, type EngineState, type FeedItem } from './state.ts';
import { onTaskEnd } from './task-ends.ts';

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

/** A message of a context. */
export function onContext(state: DriverState, rank: number, message: FromContext, now: number, effects: Effects): void {
  takeContextMessage(state, rank, message, now, effects);
  advance(state, undefined, now, effects);
  dismissContexts(state, effects);
}

/** A message of an engine. */
export function onEngine(state: DriverState, rank: number, message: FromEngine, now: number, effects: Effects): void {
  // Nothing changes what the summary tells.
  if (state.phase === 'over') return;
  const engine = state.engines.get(rank);
  if (engine === undefined) {
    effects.log('ERROR', `a message of engine ${rank}, which no context has brought`);
    return;
  }
  engine.lastAt = now;
  switch (message.type) {
    case 'joined':
      onJoined(engine, message, now, effects);
      break;
    case 'started': {
      const running = engine.running.get(message.slot);
      if (running !== undefined) running.since = message.start;
      return;
    }
    case 'ended':
      if (isPresent(engine)) onTaskEnd(state, engine, message.slot, message.outcome, now, effects);
      else onReportOfLost(state, engine, message.slot, message.outcome, now, effects);
      break;
    case 'tasks-ended':
      if (!isPresent(engine)) onProofOfDeath(state, engine, now, effects);
      else if (state.phase === 'killing') dismiss(engine, state, effects);
      else if (engine.stage === 'ending') beginStopping(engine);
      break;
    case 'ending':
      onInterruption(state, engine, message.why, now, effects);
      break;
    case 'pulse':
      onPulse(state, engine, message.pulse, now, effects);
      break;
    case 'lease-ended':
      if (engine.linked) onLeaseEnded(state, engine, now, effects);
      break;
    case 'left':
      onLeft(state, engine, message.problem, now, effects);
      break;
  }
  advance(state, engine, now, effects);
}

/** The connection of an engine is gone, though it has not left. */
export function onEngineBroken(state: DriverState, rank: number, problem: string, now: number, effects: Effects): void {
  const engine = state.engines.get(rank);
  if (engine === undefined || state.phase === 'over') return;
  onConnectionLost(state, engine, problem, now, effects);
  advance(state, engine, now, effects);
}

/** Time has passed. To be called several times within a lease. */
export function onTick(state: DriverState, now: number, effects: Effects): void {
  if (state.phase === 'over') return;
  watchLeases(state, now, effects);
  confirmDoubted(state, now, effects);
  advance(state, undefined, now, effects);
  // Here, and not at each message of an engine: it looks at all of them.
  dismissContexts(state, effects);
}

/** Start nothing new, let the running tasks finish, run STOP tasks, end. */
export function onSoftStop(state: DriverState, why: 'soft-stop' | 'time-limit', now: number, effects: Effects): void {
  close(state, { why }, now, effects);
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
  excuseDoubted(state, undefined, now, effects);
  for (const engine of state.engines.values()) endTasks(engine, state, effects);
  advance(state, undefined, now, effects);
}

function onJoined(
  engine: EngineState,
  { node, pid, slots, notes }: Extract<FromEngine, { type: 'joined' }>,
  now: number,
  effects: Effects,
): void {
  const expected = engine.stage === 'launching';
  engine.hostname = node;
  engine.pid = pid;
  engine.slots = slots;
  engine.linked = true;
  engine.heardAt = now;
  engine.joinedAt = now;
  effects.log('INFO', `engine ${engine.rank} on ${engine.node} (PID ${pid}) joined with ${slots} slots`);
  for (const note of notes) effects.notice(`${engine.node}: ${note}.`);
  if (expected) {
    engine.stage = 'starting';
  } else {
    // It was given up before it came.
    effects.toEngine(engine.rank, { type: 'leave', endBackground: false });
  }
}

/** The engine ends its tasks, since somebody ends it; it says `left` when it has. */
function onInterruption(state: DriverState, engine: EngineState, why: string, now: number, effects: Effects): void {
  engine.interruption = why;
  engine.draining = true;
  // Also of one that was sent away since its last task had just been ended so.
  excuseDoubted(state, engine, now, effects);
  if (!isPresent(engine) || engine.stage === 'leaving') return;
  const then = state.phase === 'running' ? 'what it ran runs again elsewhere' : 'what it ran has no record';
  effects.notice(`${engine.node}: ${why}; ${then}.`);
  state.lastProblem = `${engine.node}: ${why}`;
  engine.stage = 'ending';
}

/** Stops an engine softly. @returns why not, if it cannot be */
export function onStopEngine(state: DriverState, rank: number, now: number, effects: Effects): string | undefined {
  const why = stopEngine(state, rank, now, effects);
  advance(state, undefined, now, effects);
  return why;
}

/** Stops the contexts with this label softly. @returns why not, if there is none */
export function onStopContexts(state: DriverState, label: string, now: number, effects: Effects): string | undefined {
  const why = stopContexts(state, label, now, effects);
  advance(state, undefined, now, effects);
  return why;
}

function onLeft(
  state: DriverState,
  engine: EngineState,
  problem: string | undefined,
  now: number,
  effects: Effects,
): void {
  if (problem === undefined || engine.interruption !== undefined) {
    effects.log('INFO', `engine ${engine.rank} on ${engine.node} left`);
  } else {
    effects.notice(`${engine.node}: the engine has left: ${problem}.`);
    state.lastProblem = problem;
  }
  if (isPresent(engine)) loseEngine(state, engine, now, now, effects);
  onProofOfDeath(state, engine, now, effects);
  engine.linked = false;
  engine.stage = 'gone';
}

/** Settles, hands out, pulls and ends, as far as the state allows now. `engine` is the one that something changed for. */
function advance(state: DriverState, engine: EngineState | undefined, now: number, effects: Effects): void {
  if (engine !== undefined) advanceEngine(engine, state, now, effects);
  handOut(state, now, effects);
  stopFull(state, now, effects);
  retireDone(state, engine, now, effects);
  if (state.phase === 'running') {
    const wanted = Math.max(readyItems, 2 * state.slots);
    const ready = state.pending.length + state.requested;
    if (!state.streamEnded && ready < wanted / 2) {
      state.requested += wanted - ready;
      effects.pull(wanted - ready);
    }
    if (state.streamEnded && state.pending.length === 0 && state.unsettled === 0) {
      close(state, { why: 'done' }, now, effects);
    } else if (state.present > 0 || someoneMayComeBack(state)) {
      state.lonely = false;
    } else if (state.options.awaitsContexts) {
      if (!state.lonely) effects.awaitEngines();
      state.lonely = true;
    } else if (state.contexts.size > 0) {
      const error = new DisbatchError('no-engine-left', noEngineSentence(state.lastProblem));
      close(state, { why: 'trouble', error }, now, effects);
    }
  }
  if ((state.phase === 'closing' || state.phase === 'killing') && isDeserted(state)) {
    state.phase = 'over';
    sendLostAway(state, effects);
    dismissContexts(state, effects);
    effects.over();
  }
}

/** Nobody is there, and nothing is open that a task may have come to. */
function isDeserted({ present, held, doubted }: DriverState): boolean {
  return present === 0 && held.size === 0 && doubted.size === 0;
}

function someoneMayComeBack(state: DriverState): boolean {
  for (const engine of state.engines.values()) if (engine.stage === 'lost' && engine.linked) return true;
  return false;
}

/** Who was lost and is heard of again after the run need not wait for its time to give up. */
function sendLostAway(state: DriverState, effects: Effects): void {
  for (const engine of state.engines.values()) {
    if (engine.stage === 'lost' && engine.linked)
      effects.toEngine(engine.rank, { type: 'leave', endBackground: false });
  }
}

/** Engines that wait in their START tasks for more of the stream look again. */
function advanceStarting(state: DriverState, now: number, effects: Effects): void {
  for (const engine of state.engines.values()) {
    if (engine.stage === 'starting') advanceEngine(engine, state, now, effects);
  }
}

function noEngineSentence(problem: string | undefined): string {
  const why = problem === undefined ? 'all were told to leave' : problem.replace(/\.$/, '');
  return `No engine is left to run tasks: ${why}. The logs beside the status file tell more; mend it and resume.`;
}
