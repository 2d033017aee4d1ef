/**
 * Which engines are done before the run is, so that their nodes can be given back. Pure.
 *
 * An engine is done when nothing is left to hand out, or may be left, and its own tasks have ended. Those whose nodes cannot
 * be given back stay: what a lost engine had runs there.
 */

import type { Effects } from './effects.ts';
import { drain } from './engine-stages.ts';
import type { DriverState, EngineState } from './state.ts';

/** @param engine - the one that something changed for: others are looked at only when the last task has been handed out */
export function retireDone(state: DriverState, engine: EngineState | undefined, now: number, effects: Effects): void {
  const before = state.nothingLeft;
  state.nothingLeft = isNothingLeft(state);
  if (!state.nothingLeft) return;
  for (const each of before ? (engine === undefined ? [] : [engine]) : state.engines.values()) {
    const idle = each.stage === 'working' || each.stage === 'starting' || each.stage === 'launching';
    if (!idle || !each.retires || each.draining || each.running.size > 0) continue;
    effects.log('INFO', `engine ${each.rank} on ${each.node} is done: there is nothing left for it`);
    drain(each, state, now, effects);
  }
}

function isNothingLeft(state: DriverState): boolean {
  if (state.phase !== 'running' || !state.streamEnded || state.pending.length > 0) return false;
  // What may have to run again needs somebody to run it.
  return state.again.length === 0 && state.held.size === 0 && state.doubted.size === 0;
}
