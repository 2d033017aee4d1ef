/**
 * Failures that may not be the tasks' own: a resource manager that takes its nodes back sends its signal to tasks, engines
 * and the driver at about the same time, and what a task ends with may arrive before word of the signal. Pure. Times are
 * seconds since 1970.
 *
 *   fails on a node that is lent ─► doubted ── a moment passes ─────────────────────────► recorded as failed
 *                                      └────── the engine, or the driver, is ended ─► runs again, or has no record
 *
 * Its slot is free meanwhile.
 */

import type { Effects } from './effects.ts';
import { advanceEngine } from './engine-stages.ts';
import type { DriverState, EngineState } from './state.ts';
import { newLoss, onCutShort, settle } from './task-ends.ts';

/** Records the failures that nothing has explained. */
export function confirmDoubted(state: DriverState, now: number, effects: Effects): void {
  // In the order of time.
  for (const doubted of state.doubted) {
    if (doubted.until > now) return;
    state.doubted.delete(doubted);
    settle(state, doubted, now, effects);
    // One that is to leave has waited for this.
    advanceEngine(doubted.engine, state, now, effects);
  }
}

/** What has failed within the last moment on this engine, or on any, was ended and did not fail. */
export function excuseDoubted(
  state: DriverState,
  engine: EngineState | undefined,
  now: number,
  effects: Effects,
): void {
  for (const doubted of [...state.doubted]) {
    if (engine !== undefined && doubted.engine !== engine) continue;
    state.doubted.delete(doubted);
    const lost = newLoss(doubted.engine, doubted.slot, doubted.task, doubted.outcome.start, now);
    onCutShort(state, lost, now, effects);
  }
}
