/**
 * Engines that vanish, fall silent and come back, and the tasks that they had. Pure. Times are seconds since 1970.
 *
 *   connection breaks ──┐                 lease and margin over, or proof of death
 *   silent for a lease ─┴─► lost ─ tasks held ───────────────────────────────────► run again, or recorded with -100
 *                            │  ▲
 *       tells that its lease │  │ silent again
 *       has ended            ▼  │
 *                          working
 *
 * Always true: a task runs again only when its first run is dead. The lease makes sure of that: an engine ends its tasks
 * when it has not heard from the driver for so long, and the driver prolongs no lease of an engine that it takes for lost.
 */

import type { Outcome } from '../contract/messages.ts';
import { perEngineSlot } from '../contract/messages.ts';
import type { Effects } from './effects.ts';
import { comeBack, depart, dismiss } from './engine-stages.ts';
import { release } from './scheduler.ts';
import { isPresent, type DriverState, type EngineState } from './state.ts';
import { newLoss, onCutShort, onDeath, settle, settleOrDoubt } from './task-ends.ts';
import { factsOf, lostOutcome, recordOf } from './task-records.ts';

/** Takes an engine for lost: what it ran is held until `deadAt`, when it is dead for certain. */
export function loseEngine(
  state: DriverState,
  engine: EngineState,
  deadAt: number,
  now: number,
  effects: Effects,
): void {
  const { maxLost } = state.options;
  const ending = engine.stage === 'ending';
  // First: what follows from the loss of its tasks must not turn to it again.
  depart(engine, 'lost', state);
  engine.returning = false;
  for (const [slot, { since }] of [...engine.running]) {
    const task = release(state, engine, slot);
    if (task === undefined) continue;
    if (task.kind === 'per-engine') {
      if (!ending) settle(state, { engine, slot, task, outcome: lostOutcome(since, now) }, now, effects);
      continue;
    }
    const lost = { ...newLoss(engine, slot, task, since, deadAt), ending };
    engine.lost.set(slot, lost);
    if (maxLost === undefined && !ending) {
      lost.fate = 'settled';
      settle(state, { engine, slot, task, outcome: lostOutcome(since, now) }, now, effects);
    } else {
      state.held.add(lost);
    }
  }
  releaseHeld(state, now, effects);
}

/** It is known that none of an engine's tasks runs any more. */
export function onProofOfDeath(state: DriverState, engine: EngineState, now: number, effects: Effects): void {
  for (const lost of [...state.held]) {
    if (lost.engine !== engine) continue;
    state.held.delete(lost);
    onDeath(state, lost, now, effects);
  }
}

/** Time has passed: engines that are silent for too long, leases that have ended. */
export function watchLeases(state: DriverState, now: number, effects: Effects): void {
  const { lease, patience } = state.options;
  for (const engine of state.engines.values()) {
    if (!engine.leased || !engine.linked || engine.stage === 'launching') continue;
    const silence = now - engine.heardAt;
    if (isPresent(engine) && silence > lease) onSilence(state, engine, silence, now, effects);
    if (engine.stage === 'lost' && silence > patience) {
      effects.log('ERROR', `engine ${engine.rank} on ${engine.node} did not come back within ${silence.toFixed(0)} s`);
      engine.linked = false;
      engine.stage = 'gone';
      effects.dropEngine(engine.rank);
    }
  }
  releaseHeld(state, now, effects);
}

/** Its connection is gone, and with it the engine for this run; nothing tells whether its tasks still run. */
export function onConnectionLost(
  state: DriverState,
  engine: EngineState,
  problem: string,
  now: number,
  effects: Effects,
): void {
  engine.linked = false;
  if (!isPresent(engine)) {
    engine.stage = 'gone';
    return;
  }
  if (engine.running.size > 0) {
    effects.notice(`${engine.node}: ${problem}; ${laterSentence(state, engine)}`);
    loseEngine(state, engine, leaseEnd(state, engine), now, effects);
  } else {
    effects.log('WARNING', `engine ${engine.rank} on ${engine.node}: ${problem}`);
    depart(engine, 'gone', state);
  }
  state.lastProblem = `${engine.node}: ${problem}`;
  engine.stage = 'gone';
}

/** An engine has ended its tasks, since its lease had ended, and asks to work again. */
export function onLeaseEnded(state: DriverState, engine: EngineState, now: number, effects: Effects): void {
  if (isPresent(engine)) loseEngine(state, engine, now, now, effects);
  onProofOfDeath(state, engine, now, effects);
  engine.heardAt = now;
  if (state.phase === 'running' && !engine.draining) {
    // It gets tasks when its next pulse has come: until then its lease may have ended again.
    engine.returning = true;
    effects.toEngine(engine.rank, { type: 'work-again' });
  } else if (engine.stage === 'lost') {
    comeBack(engine, 'leaving', state);
    dismiss(engine, state, effects);
  }
}

/** A pulse prolongs the lease, unless the tasks of the engine are to run again. */
export function onPulse(state: DriverState, engine: EngineState, pulse: number, now: number, effects: Effects): void {
  if (engine.stage === 'lost' && engine.returning) {
    engine.returning = false;
    if (state.phase === 'killing') {
      // A signal has come since it was asked to work again.
      comeBack(engine, 'leaving', state);
      dismiss(engine, state, effects);
    } else {
      comeBack(engine, 'starting', state);
      effects.notice(`${engine.node} is there again.`);
    }
  }
  if (!isPresent(engine)) return;
  engine.heardAt = now;
  effects.toEngine(engine.rank, { type: 'heard', pulse });
}

/** A report of a lost engine: counts when the task has not run again, else it is late. */
export function onReportOfLost(
  state: DriverState,
  engine: EngineState,
  slot: number,
  outcome: Outcome,
  now: number,
  effects: Effects,
): void {
  const lost = engine.lost.get(slot);
  // Of a per-engine task, or a second one: there is nothing that it could change.
  if (lost === undefined || slot === perEngineSlot) return;
  engine.lost.delete(slot);
  if (lost.fate === 'held' || lost.fate === 'again') {
    if ((lost.ending || engine.interruption !== undefined) && outcome.exitCode !== 0) {
      if (state.held.delete(lost)) onCutShort(state, lost, now, effects);
      return;
    }
    state.held.delete(lost);
    lost.fate = 'settled';
    settleOrDoubt(state, { engine, slot, task: lost.task, outcome }, now, effects);
    return;
  }
  state.counts.late++;
  const ended = { engine, slot, task: lost.task, outcome };
  effects.record({ ...recordOf(lost.task, engine.hostname, outcome), kind: 'late' }, factsOf(state, ended));
  effects.log('WARNING', `a late report of task ${lost.task.taskId} from ${engine.node}: it does not count`);
}

/** From then on the tasks of an engine are dead, though nobody says so. */
function leaseEnd(state: DriverState, engine: EngineState): number {
  return engine.leased ? engine.heardAt + state.options.lease + state.options.leaseMargin : 0;
}

function onSilence(state: DriverState, engine: EngineState, silence: number, now: number, effects: Effects): void {
  const since = `has not been heard of for ${silence.toFixed(0)} s`;
  effects.notice(`${engine.node} ${since}; ${laterSentence(state, engine)}`);
  state.lastProblem = `${engine.node} ${since}`;
  loseEngine(state, engine, leaseEnd(state, engine), now, effects);
}

function laterSentence(state: DriverState, engine: EngineState): string {
  const count = [...engine.running.keys()].filter((slot) => slot !== perEngineSlot).length;
  if (count === 0) return 'it ran no task.';
  const one = count === 1;
  const tasks = one ? 'its task' : `its ${count} tasks`;
  if (state.options.maxLost === undefined) return `${tasks} ${one ? 'is' : 'are'} recorded as lost.`;
  if (state.phase !== 'running') return `the run ends when ${tasks} must be dead.`;
  return one ? `${tasks} runs again when it must be dead.` : `${tasks} run again when they must be dead.`;
}

function releaseHeld(state: DriverState, now: number, effects: Effects): void {
  for (const lost of [...state.held]) {
    if (lost.deadAt > now) continue;
    state.held.delete(lost);
    onDeath(state, lost, now, effects);
  }
}
