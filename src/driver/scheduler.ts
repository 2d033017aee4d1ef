/**
 * Which slot gets the next task. Pure.
 *
 * The slot that has been free for longest is taken: work spreads evenly over engines, and each choice takes constant time
 * however many slots there are.
 */

import type { RunnableTask } from '../contract/messages.ts';
import { perEngineSlot } from '../contract/messages.ts';
import type { Effects } from './effects.ts';
import type { DriverState, EngineState, FreeSlot } from './state.ts';

/** Takes the longest free slot of a working engine, or nothing. */
export function takeFreeSlot(state: DriverState): FreeSlot | undefined {
  for (;;) {
    const free = state.free.shift();
    if (free === undefined || free.engine.stage === 'working') return free;
  }
}

/** Gives a task to a slot. */
export function assign(state: DriverState, slot: FreeSlot, task: RunnableTask, now: number, effects: Effects): void {
  slot.engine.running.set(slot.slot, { task, since: now });
  if (task.kind === 'task') state.runningTasks++;
  effects.toEngine(slot.engine.rank, { type: 'run', slot: slot.slot, task });
}

/** Takes a task out of its slot; an ordinary slot of a working engine is free again. */
export function release(state: DriverState, engine: EngineState, slot: number): RunnableTask | undefined {
  const task = engine.running.get(slot)?.task;
  if (task === undefined) return undefined;
  engine.running.delete(slot);
  if (task.kind === 'task') state.runningTasks--;
  if (engine.stage === 'working' && slot !== perEngineSlot) state.free.push({ engine, slot });
  return task;
}
