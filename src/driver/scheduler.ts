/**
 * Which slot gets the next task. Pure.
 *
 * The slot that has been free for longest is taken: work spreads evenly over engines, and each choice takes constant time
 * however many slots there are.
 */

import type { RunnableTask } from '../contract/messages.ts';
import { perEngineSlot } from '../contract/messages.ts';
import type { Effects } from './effects.ts';
import type { ContextState, DriverState, EngineState, FreeSlot } from './state.ts';

/** Takes the longest free slot of an engine that takes tasks, or nothing. */
export function takeFreeSlot(state: DriverState): FreeSlot | undefined {
  for (;;) {
    const free = state.free.shift();
    if (free === undefined || isOpen(free.engine, free.beginning)) return free;
  }
}

/** A slot can be given the next task. */
export function addFreeSlot(state: DriverState, engine: EngineState, slot: number): void {
  state.free.push({ engine, slot, beginning: engine.beginnings });
}

/** Gives a task to a slot. */
export function assign(
  state: DriverState,
  engine: EngineState,
  slot: number,
  task: RunnableTask,
  now: number,
  effects: Effects,
): void {
  engine.running.set(slot, { task, since: now });
  if (task.kind === 'task') {
    state.runningTasks++;
    engine.assigned++;
    countForContext(state, engine.context);
  }
  effects.toEngine(engine.rank, { type: 'run', slot, task });
}

/** One that has been given as many tasks as it takes gets no more, from this very moment. */
function countForContext(state: DriverState, context: ContextState): void {
  context.assigned++;
  if (context.assigned !== context.taskLimit) return;
  for (const engine of context.engines) engine.draining = true;
  state.full.push(context);
}

/** Takes a task out of its slot; an ordinary slot of an engine that takes tasks is free again. */
export function release(state: DriverState, engine: EngineState, slot: number): RunnableTask | undefined {
  const task = engine.running.get(slot)?.task;
  if (task === undefined) return undefined;
  engine.running.delete(slot);
  if (task.kind === 'task') state.runningTasks--;
  if (isOpen(engine, engine.beginnings) && slot !== perEngineSlot) addFreeSlot(state, engine, slot);
  return task;
}

function isOpen(engine: EngineState, beginning: number): boolean {
  return engine.stage === 'working' && !engine.draining && engine.beginnings === beginning;
}
