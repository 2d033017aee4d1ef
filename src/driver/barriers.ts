/**
 * Barriers: when they are settled and what follows. Pure.
 *
 * A barrier is reached when it comes to the head of what is pending, and settled when no task that was handed out is
 * unsettled: none runs, and none that was lost is to run again.
 * Source of the rules: the original; failures of per-engine tasks count for a check, skipped failures do not.
 */

import { noRepeat, type Barrier } from '../task/task.ts';
import type { Effects } from './effects.ts';
import type { DriverState } from './state.ts';

/**
 * Looks at the barrier at the head of pending.
 *
 * @returns 'waiting' while tasks are unsettled; 'settled' when the run goes on behind it; 'failed' when its check ends the run
 */
export function tryBarrier(
  state: DriverState,
  barrier: Barrier,
  now: number,
  effects: Effects,
): 'waiting' | 'settled' | 'failed' {
  state.barrier ??= { barrier, since: now };
  if (state.unsettled > 0) return 'waiting';
  const { since } = state.barrier;
  state.barrier = undefined;
  state.pending.shift();
  state.counts.barriers++;
  effects.record({
    kind: barrier.check ? 'check-barrier' : 'barrier',
    taskId: barrier.taskId,
    lineNumber: barrier.lineNumber,
    repeatIndex: noRepeat,
    node: state.options.node,
    pid: state.options.pid,
    exitCode: 0,
    elapsed: now - since,
    start: since,
    finish: now,
    outputBytes: 0,
    outputSnippet: '',
    outputCut: false,
    errorBytes: 0,
    errorSnippet: '',
    errorCut: false,
    command: barrier.text,
  });
  if (barrier.key !== undefined) effects.putBarrierKey(barrier.key, barrier.taskId);
  effects.log('INFO', `barrier ${barrier.taskId} is settled after ${(now - since).toFixed(3)} s`);
  const failed = state.failedSinceBarrier;
  state.failedSinceBarrier = 0;
  if (!barrier.check || failed === 0) return 'settled';
  effects.log('INFO', `the check of barrier ${barrier.taskId} failed: ${failed} tasks before it`);
  return 'failed';
}
