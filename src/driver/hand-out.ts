/**
 * What is handed out next, and what is settled on the way to it: skips and barriers. Pure.
 *
 * Lost tasks that are to run again come before everything that is pending; that is handed out in the order of the stream.
 */

import { hasFailed } from '../task/status-record.ts';
import { tryBarrier } from './barriers.ts';
import { close } from './closing.ts';
import type { Effects } from './effects.ts';
import { assign, takeFreeSlot } from './scheduler.ts';
import type { DriverState, LostTask, Skip } from './state.ts';

/** Hands out as much as there are free slots for, up to a barrier that is not settled. */
export function handOut(state: DriverState, now: number, effects: Effects): void {
  while (state.phase === 'running') {
    const lost = nextAgain(state);
    if (lost !== undefined) {
      const free = takeFreeSlot(state);
      if (free === undefined) return;
      state.again.shift();
      lost.fate = 'running';
      state.counts.rerun++;
      assign(state, free.engine, free.slot, lost.task, now, effects);
      continue;
    }
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
      const free = takeFreeSlot(state);
      if (free === undefined) return;
      state.pending.shift();
      state.unsettled++;
      assign(state, free.engine, free.slot, item, now, effects);
    }
  }
}

/** The lost task that is the next to run again, still at its place. */
function nextAgain(state: DriverState): LostTask | undefined {
  for (;;) {
    const lost = state.again.peek();
    if (lost === undefined || lost.fate === 'again') return lost;
    state.again.shift();
  }
}

function onSkip(state: DriverState, skip: Skip, effects: Effects): void {
  state.counts.skipped++;
  if (hasFailed(skip.record)) state.counts.skippedFailed++;
  if (!skip.written) effects.record(skip.record);
}
