/**
 * How a run stops handing out tasks, for whatever reason. Pure.
 */

import type { RunEnd } from '../contract/snapshot.ts';
import type { Effects } from './effects.ts';
import { advanceEngine, depart } from './engine-stages.ts';
import type { DriverState } from './state.ts';

/** Nothing is handed out any more; engines leave when what they run has ended. Only the first reason counts. */
export function close(state: DriverState, end: RunEnd, now: number, effects: Effects): void {
  if (state.phase !== 'running') return;
  state.phase = 'closing';
  state.end = end;
  dropPending(state);
  effects.log('INFO', `no more tasks are started: ${end.why}`);
  for (const engine of state.engines.values()) {
    // Who has not come by now is not waited for; if it comes all the same, it is sent away.
    if (engine.stage === 'launching') depart(engine, 'gone', state);
    advanceEngine(engine, state, now, effects);
  }
}

/** Gives up what waits for its turn: without a record, it runs on a resume. */
export function dropPending(state: DriverState): void {
  state.pending.clear();
  state.barrier = undefined;
  for (const lost of state.again) {
    if (lost.fate !== 'again') continue;
    lost.fate = 'settled';
    state.unsettled--;
    state.counts.interrupted++;
  }
  state.again.clear();
}
