/**
 * Which slot gets the next task. Pure.
 *
 * The slot that has been free for longest is taken: work spreads evenly over engines, and each choice takes constant time
 * however many slots there are.
 *
 * An engine on a connection is sent tasks ahead for its busy slots, so that no slot waits for messages to go to and fro: as
 * long as its tasks are short, and many more are pending than there are slots. It gives back what waits for too long.
 */

import type { RunnableTask } from '../contract/messages.ts';
import { perEngineSlot } from '../contract/messages.ts';
import type { Effects } from './effects.ts';
import type { Task } from '../task/task.ts';
import type { DriverState, EngineState, FreeSlot } from './state.ts';

/** The most tasks that are sent ahead for a slot. */
const mostAhead = 4;

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

/** Takes a busy slot that may be sent a task ahead, or nothing. */
export function takeHungrySlot(state: DriverState): FreeSlot | undefined {
  if (state.pending.length <= state.slots * mostAhead) return undefined;
  for (;;) {
    const busy = state.hungry.peek();
    if (busy === undefined) return undefined;
    const { engine, slot, beginning } = busy;
    const missing = engine.aheadWanted - (engine.ahead.get(slot)?.length ?? 0);
    const valid = missing > 0 && isOpen(engine, beginning) && engine.running.has(slot);
    if (!valid || missing === 1) state.hungry.shift();
    if (valid) return busy;
  }
}

/** How many tasks are to be sent ahead to an engine whose last task took so many seconds. */
export function aheadWanted(seconds: number): number {
  if (seconds < 0.02) return mostAhead;
  return seconds < 0.5 ? 1 : 0;
}

/** Sends a task to a busy slot. */
export function sendAhead({ engine, slot }: FreeSlot, task: Task, effects: Effects): void {
  const tasks = engine.ahead.get(slot);
  if (tasks === undefined) engine.ahead.set(slot, [task]);
  else tasks.push(task);
  effects.toEngine(engine.rank, { type: 'run', slot, task });
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
  begin(state, engine, slot, task, now);
  effects.toEngine(engine.rank, { type: 'run', slot, task });
}

function begin(state: DriverState, engine: EngineState, slot: number, task: RunnableTask, now: number): void {
  engine.running.set(slot, { task, since: now });
  if (task.kind !== 'task') return;
  state.runningTasks++;
  engine.assigned++;
  if (engine.leased && engine.aheadWanted > 0) state.hungry.push({ engine, slot, beginning: engine.beginnings });
}

/**
 * Takes a task out of its slot. The one that was sent ahead takes its place; else an ordinary slot of an engine that takes
 * tasks is free again.
 */
export function release(state: DriverState, engine: EngineState, slot: number, now: number): RunnableTask | undefined {
  const task = engine.running.get(slot)?.task;
  if (task === undefined) return undefined;
  engine.running.delete(slot);
  if (task.kind === 'task') state.runningTasks--;
  const ahead = engine.ahead.get(slot);
  const next = ahead?.shift();
  if (ahead?.length === 0) engine.ahead.delete(slot);
  if (next !== undefined) {
    begin(state, engine, slot, next, now);
  } else if (isOpen(engine, engine.beginnings) && slot !== perEngineSlot) {
    addFreeSlot(state, engine, slot);
  }
  return task;
}

function isOpen(engine: EngineState, beginning: number): boolean {
  return engine.stage === 'working' && !engine.draining && engine.beginnings === beginning;
}
