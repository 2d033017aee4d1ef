/** Engines whose nodes can be given back: they leave when nothing is left for them, while others still work. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SimulatedCluster, type Fault } from './simulated-cluster.ts';
import { itemsOf, SimulatedWorld } from './simulated-world.ts';

const first = (): number => 0;
const last = (count: number): number => count - 1;
const retires = { retires: true };
const stageOf = (world: SimulatedWorld, engine: number): string | undefined => world.state.engines.get(engine)?.stage;
const started = (world: SimulatedWorld, engine: number): string[] =>
  world.happened.flatMap((each) =>
    each.what === 'start' && each.engine === engine
      ? [each.task.kind === 'task' ? `task ${each.task.taskId}` : each.task.moment]
      : [],
  );

/** Lets things happen until all has been handed out and read, but ends no task. */
function handOutAll(world: SimulatedWorld, tasks: number): void {
  world.run(first, () => world.state.streamEnded && world.state.counts.finished + world.state.runningTasks === tasks);
}

describe('an engine whose node can be given back', () => {
  test('leaves when its own tasks have ended and there are no more, while others still run', () => {
    const world = new SimulatedWorld(itemsOf('tt'), () => 0);
    world.join(1, retires);
    world.join(1, retires);
    handOutAll(world, 2);
    expect(world.state.runningTasks).toBe(2);
    world.run(first, () => stageOf(world, 0) === 'gone');
    expect(stageOf(world, 1)).toBe('working');
    expect(world.state.runningTasks).toBe(1);
    expect(world.over).toBe(false);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
  });

  test('runs its STOP tasks once before', () => {
    const world = new SimulatedWorld(itemsOf('spptt'), () => 0);
    world.join(1, retires);
    world.join(1);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
    expect(started(world, 0)).toEqual(['start', 'task 0', 'stop', 'stop']);
    expect(started(world, 1)).toEqual(['start', 'task 1', 'stop', 'stop']);
  });

  test('stays while a barrier is ahead, also when it has nothing to do', () => {
    const world = new SimulatedWorld(itemsOf('ttbtt'), () => 0);
    world.join(1, retires);
    world.join(1, retires);
    world.run(first, () => world.state.streamEnded && world.state.runningTasks === 1);
    expect([stageOf(world, 0), stageOf(world, 1)]).toEqual(['working', 'working']);
    world.run(first);
    expect(world.records.filter(({ kind }) => kind === 'task')).toHaveLength(4);
  });

  test('stays while the stream may bring more', () => {
    const world = new SimulatedWorld(itemsOf('tt'), () => 0);
    world.join(1, retires);
    world.join(1, retires);
    world.run(first, () => world.state.pending.length === 0 && world.state.runningTasks === 2);
    world.run(last, () => world.state.counts.finished === 2);
    expect(world.state.streamEnded).toBe(false);
    expect([stageOf(world, 0), stageOf(world, 1)]).toEqual(['working', 'working']);
    world.run(first);
    expect(world.over).toBe(true);
  });

  test('stays while a failure is in doubt, since its task may have to run again', () => {
    const world = new SimulatedWorld(itemsOf('ttt'), (task) => (task.taskId === 0 ? 1 : 0));
    world.join(1, { retires: true, revocable: true });
    world.join(1);
    world.join(1);
    handOutAll(world, 3);
    world.run(first, () => world.state.doubted.size === 1);
    expect(stageOf(world, 0)).toBe('working');
    world.pass(1.1);
    expect(stageOf(world, 0)).toBe('leaving');
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
  });

  test('stays while tasks of a lost engine may still run, and runs them when they are dead', () => {
    const seconds = [20, 5, 300];
    const taskMs = (id: number): number => (seconds[id] as number) * 1000;
    const cluster = new SimulatedCluster(3, [1, 1, 1], taskMs, 2, { traits: { retires: true } });
    cluster.pass(1000);
    cluster.strike('break connection', 0);
    cluster.pass(20_000);
    expect(cluster.state.engines.get(1)?.stage).toBe('working');
    cluster.pass(60_000);
    expect(cluster.records.map(({ taskId, node }) => [taskId, node])).toEqual([
      [1, 'node1'],
      [0, 'node1'],
    ]);
    expect(cluster.state.engines.get(1)?.stage).toBe('gone');
    expect(cluster.state.engines.get(2)?.stage).toBe('working');
  });

  test('that comes when everything has been handed out is given nothing, and leaves', () => {
    const world = new SimulatedWorld(itemsOf('pt'), () => 0);
    world.join(1);
    handOutAll(world, 1);
    const late = world.join(4, retires);
    world.run(first, () => stageOf(world, late) === 'gone');
    expect(world.over).toBe(false);
    expect(started(world, late).filter((what) => what.startsWith('task'))).toEqual([]);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
  });
});

describe('an engine whose node is kept', () => {
  test('stays to the end, with nothing to do', () => {
    const world = new SimulatedWorld(itemsOf('tt'), () => 0);
    world.join(1);
    world.join(1, retires);
    handOutAll(world, 2);
    world.run(first, () => world.state.counts.finished === 1);
    expect([stageOf(world, 0), stageOf(world, 1)]).toEqual(['working', 'working']);
    world.run(first);
    expect(world.over).toBe(true);
  });

  test('runs what an engine had that was lost after others had left', () => {
    const world = new SimulatedWorld(itemsOf('ttt'), () => 0);
    for (const traits of [{}, retires, retires]) world.join(1, traits);
    handOutAll(world, 3);
    world.run(first, () => stageOf(world, 1) === 'gone');
    expect(stageOf(world, 2)).toBe('working');
    world.vanish(2);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
    expect(started(world, 0)).toEqual(['task 0', 'task 2']);
    expect(world.state.counts).toMatchObject({ finished: 3, failed: 0, rerun: 1 });
  });
});

test('whatever breaks, all tasks are done as long as the engines whose nodes are kept live', () => {
  const faults: Fault[] = ['crash', 'kill engine', 'break connection', 'cut', 'heal', 'freeze', 'thaw', 'interrupt'];
  const happening = fc.tuple(fc.constantFrom(...faults), fc.nat(20), fc.integer({ min: 0, max: 40_000 }));
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 5 }),
      fc.array(fc.integer({ min: 100, max: 90_000 }), { minLength: 5, maxLength: 5 }),
      fc.array(happening, { maxLength: 8 }),
      (tasks, slots, durations, happenings) => {
        // The last host is the one that is kept.
        const cluster = new SimulatedCluster(tasks, slots, (id) => durations[id % 5] as number, 1000, {
          traits: { retires: true },
        });
        for (const [fault, which, ms] of happenings) {
          cluster.strike(fault, which % (slots.length - 1));
          cluster.pass(ms);
        }
        cluster.mend();
        cluster.pass(240 * 60_000);
        expect(cluster.state.end).toEqual({ why: 'done' });
        const final = cluster.records.filter(({ kind }) => kind === 'task').map(({ taskId }) => taskId);
        expect(final.sort((a, b) => a - b)).toEqual(Array.from({ length: tasks }, (_, id) => id));
      },
    ),
    { numRuns: 300 },
  );
});
