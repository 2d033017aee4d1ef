/** What slots run, for monitors. */
import { describe, expect, test } from 'vitest';
import { asBytes, bytesOfText } from '../../src/base/byte-string.ts';
import { shownCommand } from '../../src/contract/running.ts';
import { runningTasks } from '../../src/driver/running-tasks.ts';
import type { Task } from '../../src/task/task.ts';
import { itemsOf, SimulatedWorld } from './simulated-world.ts';

const first = (): number => 0;

/** A world of two engines of two slots each that are all busy. */
function busyWorld(): SimulatedWorld {
  const world = new SimulatedWorld(itemsOf('tttttttt'), () => 0);
  world.join(2);
  world.join(2);
  world.run(first, () => world.starts.length === 4);
  return world;
}

describe('what slots run', () => {
  test('is told of all engines, of some, and of none that there is not', () => {
    const { state } = busyWorld();
    const all = runningTasks(state, undefined, 100, 5000);
    expect(all.total).toBe(4);
    expect(all.tasks.map(({ taskId }) => taskId).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    const one = runningTasks(state, [1, 77], 100, 5000);
    expect(one.total).toBe(2);
    expect(new Set(one.tasks.map(({ engine }) => engine))).toEqual(new Set([1]));
    expect(one.tasks.map(({ slot }) => slot).toSorted((a, b) => a - b)).toEqual([0, 1]);
    expect(runningTasks(state, [], 100, 5000)).toEqual({ now: 5000, total: 0, tasks: [] });
  });

  test('is cut to those that have been running longest', () => {
    const { state } = busyWorld();
    const engine = state.engines.get(1);
    const occupant = engine?.running.get(1);
    if (occupant === undefined) throw new Error('the slot is not busy');
    occupant.since = 1;
    const { total, tasks } = runningTasks(state, undefined, 1, 5000);
    expect(total).toBe(4);
    expect(tasks).toMatchObject([{ engine: 1, slot: 1, since: 1, taskId: occupant.task.taskId }]);
  });

  test('is cut to exactly as many as are wanted, however many began at the same moment', () => {
    const { state } = busyWorld();
    const began = new Map([...state.engines.values()].flatMap(({ running }) => [...running.values()]).entries());
    for (const [i, occupant] of began) occupant.since = [5, 2, 5, 5][i] as number;
    const wanted = (limit: number) => runningTasks(state, undefined, limit, 5000).tasks.map(({ since }) => since);
    expect([0, 1, 2, 3, 4, 5].map(wanted)).toEqual([[], [2], [2, 5], [2, 5, 5], [2, 5, 5, 5], [2, 5, 5, 5]]);
  });

  test('is shown with the beginning of the command as text, whole characters only', () => {
    const { state } = busyWorld();
    const slots = state.engines.get(0)?.running;
    const give = (slot: number, command: Task['command']): void => {
      const occupant = slots?.get(slot);
      if (occupant?.task.kind !== 'task') throw new Error('the slot is not busy');
      slots?.set(slot, { ...occupant, task: { ...occupant.task, command } });
    };
    give(0, bytesOfText('😀'.repeat(1000)));
    give(1, asBytes('echo \xff'));
    const shown = runningTasks(state, [0], 100, 5000).tasks.map(({ command }) => command);
    expect(shown.toSorted()).toEqual(['echo \ufffd', '😀'.repeat(shownCommand)]);
  });
});
