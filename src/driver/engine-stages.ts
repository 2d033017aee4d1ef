/**
 * How an engine moves through its stages: START tasks, work, STOP tasks, leaving. Pure.
 */

import { perEngineSlot } from '../contract/messages.ts';
import type { Effects } from './effects.ts';
import { assign } from './scheduler.ts';
import type { DriverState, EngineState } from './state.ts';

/** Moves an engine through its START tasks into work, and through its STOP tasks out of the run. */
export function advanceEngine(engine: EngineState, state: DriverState, now: number, effects: Effects): void {
  if (engine.stage === 'starting' && engine.running.size === 0) {
    const next = state.perEngine.start[engine.perEngineGiven];
    if (next !== undefined && state.phase === 'running') {
      engine.perEngineGiven++;
      assign(state, { engine, slot: perEngineSlot }, next, now, effects);
      return;
    }
    if (!state.perEngineKnown && state.phase === 'running') return;
    engine.stage = 'working';
    state.slots += engine.slots;
    for (let slot = 0; slot < engine.slots; slot++) state.free.push({ engine, slot });
  }
  if (state.phase !== 'closing') return;
  if (engine.stage === 'working' && engine.running.size === 0) beginStopping(engine);
  if (engine.stage === 'stopping' && engine.running.size === 0) {
    const next = state.perEngine.stop[engine.perEngineGiven];
    if (next === undefined) {
      dismiss(engine, state, effects);
    } else {
      engine.perEngineGiven++;
      assign(state, { engine, slot: perEngineSlot }, next, now, effects);
    }
  }
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

/** Has an engine end what it runs. */
export function endTasks(engine: EngineState, state: DriverState, effects: Effects): void {
  if (engine.stage === 'gone' || engine.stage === 'leaving' || engine.stage === 'ending') return;
  engine.stage = 'ending';
  effects.toEngine(engine.rank, { type: 'end-tasks', graceMs: state.options.graceMs });
}
