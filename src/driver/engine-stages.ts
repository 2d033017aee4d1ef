/**
 * How an engine moves through its stages: START tasks, work, STOP tasks, leaving. Pure.
 */

import { perEngineSlot } from '../contract/messages.ts';
import type { Effects } from './effects.ts';
import { addFreeSlot, assign } from './scheduler.ts';
import { isPresent, type DriverState, type EngineState } from './state.ts';

/** Moves an engine through its START tasks into work, and through its STOP tasks out of the run. */
export function advanceEngine(engine: EngineState, state: DriverState, now: number, effects: Effects): void {
  const wanted = state.phase === 'running' && !engine.draining;
  if (engine.stage === 'starting' && engine.running.size === 0) {
    const next = state.perEngine.start[engine.perEngineGiven];
    if (next !== undefined && wanted) {
      engine.perEngineGiven++;
      assign(state, engine, perEngineSlot, next, now, effects);
      return;
    }
    if (!state.perEngineKnown && wanted) return;
    beginWorking(engine, state);
  }
  if (state.phase !== 'closing' && !(state.phase === 'running' && engine.draining)) return;
  // It may be just being ended, and is to be able to say so.
  if (engine.stage === 'working' && engine.running.size === 0 && !hasDoubts(engine, state)) beginStopping(engine);
  if (engine.stage === 'stopping' && engine.running.size === 0) {
    const next = state.perEngine.stop[engine.perEngineGiven];
    if (next === undefined) {
      dismiss(engine, state, effects);
    } else {
      engine.perEngineGiven++;
      assign(state, engine, perEngineSlot, next, now, effects);
    }
  }
}

/** Whether it has reported a failure of which it is not known yet whether it was the task's own. */
function hasDoubts(engine: EngineState, state: DriverState): boolean {
  for (const doubted of state.doubted) if (doubted.engine === engine) return true;
  return false;
}

function beginWorking(engine: EngineState, state: DriverState): void {
  engine.stage = 'working';
  engine.beginnings++;
  if (engine.beginnings === 1) state.slots += engine.slots;
  for (let slot = 0; slot < engine.slots; slot++) addFreeSlot(state, engine, slot);
}

/** The engine has no task to end any more, and its STOP tasks come next. */
export function beginStopping(engine: EngineState): void {
  engine.stage = 'stopping';
  engine.perEngineGiven = 0;
}

/** Sends an engine away. */
export function dismiss(engine: EngineState, state: DriverState, effects: Effects): void {
  engine.stage = 'leaving';
  const endBackground = state.options.endBackground || state.phase === 'killing';
  effects.toEngine(engine.rank, { type: 'leave', endBackground });
}

/** Has an engine end what it runs. One that is still to come will be sent away. */
export function endTasks(engine: EngineState, state: DriverState, effects: Effects): void {
  if (!isPresent(engine) || engine.stage === 'leaving' || engine.stage === 'ending') return;
  if (engine.stage === 'launching') {
    depart(engine, 'gone', state);
    return;
  }
  engine.stage = 'ending';
  effects.toEngine(engine.rank, { type: 'end-tasks', graceMs: state.options.graceMs });
}

/** It takes no more tasks, and leaves when those that it has are done. */
export function drain(engine: EngineState, state: DriverState, now: number, effects: Effects): void {
  engine.draining = true;
  if (engine.stage === 'launching') depart(engine, 'gone', state);
  advanceEngine(engine, state, now, effects);
}

/** An engine is part of the run no more. */
export function depart(engine: EngineState, stage: 'lost' | 'gone', state: DriverState): void {
  if (isPresent(engine)) {
    state.present--;
    if (engine.beginnings > 0) state.slots -= engine.slots;
  }
  engine.stage = stage;
}

/** An engine that was lost is part of the run again, in the stage that it is to go on from. */
export function comeBack(engine: EngineState, stage: 'starting' | 'leaving', state: DriverState): void {
  engine.stage = stage;
  state.present++;
  if (engine.beginnings > 0) state.slots += engine.slots;
}
