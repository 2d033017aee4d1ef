/**
 * What is always true of the state of a run. Pure. For tests and simulations: it looks at everything.
 */

import { perEngineSlot } from '../contract/messages.ts';
import { isPresent, type DriverState } from './state.ts';

/** Throws when the state contradicts itself. */
export function checkInvariants(state: DriverState): void {
  const check = (holds: boolean, what: string): void => {
    if (!holds) throw new Error(`invariant broken: ${what}`);
  };
  let running = 0;
  const present = [...state.engines.values()].filter(isPresent);
  check(present.length === state.present, 'present engines are counted');
  const slots = present.reduce((sum, engine) => sum + (engine.beginnings > 0 ? engine.slots : 0), 0);
  check(slots === state.slots, 'slots are counted');
  for (const engine of state.engines.values()) {
    for (const [slot, { task }] of engine.running) {
      check((slot === perEngineSlot) === (task.kind === 'per-engine'), 'per-engine tasks run in their own slot');
      check(slot < engine.slots, 'a task runs in a slot that exists');
      if (task.kind === 'task') running++;
    }
    if (!isPresent(engine) || engine.stage === 'leaving' || engine.stage === 'launching')
      check(engine.running.size === 0, 'who is not there, or leaves, runs nothing');
    if (engine.stage === 'starting' || engine.stage === 'stopping') {
      check(
        [...engine.running.keys()].every((slot) => slot === perEngineSlot),
        'START and STOP run alone',
      );
    }
  }
  check(running === state.runningTasks, 'running tasks are counted');
  for (const lost of state.held) check(lost.fate === 'held', 'who is held is held');
  let again = 0;
  for (const lost of state.again) {
    check(lost.fate === 'again' || lost.fate === 'settled', 'who is to run again does not run');
    if (lost.fate === 'again') again++;
  }
  check(running + state.held.size + state.doubted.size + again === state.unsettled, 'unsettled tasks are counted');
  const free = new Set<string>();
  for (const { engine, slot, beginning } of state.free) {
    if (engine.stage !== 'working' || engine.draining || engine.beginnings !== beginning) continue;
    const name = `${engine.rank}/${slot}`;
    check(!free.has(name), 'a free slot is listed once');
    check(!engine.running.has(slot), 'a free slot runs nothing');
    free.add(name);
  }
  for (const engine of state.engines.values()) {
    if (engine.stage !== 'working' || engine.draining || state.phase !== 'running') continue;
    for (let slot = 0; slot < engine.slots; slot++) {
      check(engine.running.has(slot) || free.has(`${engine.rank}/${slot}`), 'a slot is free or busy');
    }
  }
  if (state.barrier !== undefined)
    check(state.pending.peek() === state.barrier.barrier, 'the barrier waits at the head');
  if (state.phase === 'running') {
    const idle = (again > 0 || (state.pending.length > 0 && state.barrier === undefined)) && free.size > 0;
    check(!idle, 'no slot is free while a task could run');
  } else {
    check(state.end !== undefined, 'there is a reason to end');
  }
  if (state.phase === 'over') {
    check(present.length === 0, 'all engines have left at the end');
    check(state.held.size === 0, 'no task may still run at the end');
    check(state.doubted.size === 0, 'no failure is in doubt at the end');
  }
}
