/** Contexts that come and go during a run: limits on their tasks, soft stops from outside, and times without any. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SimulatedCluster, type Fault } from './simulated-cluster.ts';
import { itemsOf, SimulatedWorld } from './simulated-world.ts';

const first = (): number => 0;
const awaiting = { awaitsContexts: true };
const tasksOf = (world: SimulatedWorld, engines: readonly number[]): number[] =>
  world.happened.flatMap((each) =>
    each.what === 'start' && each.task.kind === 'task' && engines.includes(each.engine) ? [each.task.taskId] : [],
  );
const leaves = (world: SimulatedWorld): number[] =>
  world.toContext.flatMap(({ rank, message }) => (message.type === 'leave' ? [rank] : []));

describe('a run without a context of its own', () => {
  test('tells that it waits for one, and begins when one comes', () => {
    const world = new SimulatedWorld(itemsOf('tt'), () => 0, awaiting);
    expect(world.awaited).toBe(1);
    world.run(first);
    expect(world.over).toBe(false);
    world.join(1);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
    expect(world.awaited).toBe(1);
  });

  test('ends at once when there are no tasks', () => {
    const world = new SimulatedWorld([], () => 0, awaiting);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
  });

  test('waits again, and tells so again, when its engines have left, and goes on with the next', () => {
    const world = new SimulatedWorld(itemsOf('tttt'), () => 0, awaiting);
    world.join(1);
    world.join(1);
    world.run(first, () => world.starts.length === 2);
    world.stopContexts('SSH0');
    world.run(first, () => world.state.present === 1);
    expect(world.awaited).toBe(1);
    world.stopContexts('SSH1');
    world.run(first);
    expect(world.awaited).toBe(2);
    expect(world.over).toBe(false);
    world.join(2);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
    expect(world.records).toHaveLength(4);
    expect(world.awaited).toBe(2);
  });

  test('waits when none of the engines of a context could be started', () => {
    const world = new SimulatedWorld(itemsOf('t'), () => 0, awaiting);
    world.bring(1);
    world.context(0, { type: 'engine-ended', engine: 0, problem: 'node0: Permission denied.', dead: true });
    expect(world.awaited).toBe(2);
    expect(world.notices).toContain('node0: Permission denied.');
    expect(leaves(world)).toEqual([0]);
    world.join(1);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
  });

  test('runs again what an engine had that vanished, when another comes', () => {
    const world = new SimulatedWorld(itemsOf('tt'), () => 0, awaiting);
    world.join(2);
    world.run(first, () => world.starts.length === 2);
    world.vanish(0);
    expect(world.over).toBe(false);
    expect(world.awaited).toBe(2);
    world.join(1);
    world.run(first);
    expect(world.state.counts).toMatchObject({ finished: 2, failed: 0, rerun: 2 });
  });

  test('can be ended while nobody is there', () => {
    for (const end of ['softStop', 'signal'] as const) {
      const world = new SimulatedWorld(itemsOf('t'), () => 0, awaiting);
      world[end]();
      expect(world.over).toBe(true);
    }
  });

  test('sends a context away that comes when everything is done', () => {
    const world = new SimulatedWorld(itemsOf('t'), () => 0, awaiting);
    world.join(1);
    world.run(first, () => world.state.phase === 'closing');
    world.bring(2);
    expect(leaves(world)).toContain(1);
    expect(world.state.engines.size).toBe(1);
  });
});

describe('a context with a limit on its tasks', () => {
  test('is given no more than that, leaves when they are done, and the others do the rest', () => {
    const world = new SimulatedWorld(itemsOf('pttttttt'), () => 0);
    const limited = world.joinAll([2, 2], { taskLimit: 3 });
    const other = world.join(1);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
    expect(tasksOf(world, limited)).toHaveLength(3);
    expect(tasksOf(world, [other])).toHaveLength(4);
    expect(world.notices.filter((text) => text.includes('(-C)'))).toEqual([
      'SSH0 has been given its 3 tasks (-C) and leaves when they are done.',
    ]);
    // Each engine runs its STOP task.
    expect(world.starts.filter(({ kind }) => kind === 'per-engine')).toHaveLength(3);
  });

  test('leaves while the run goes on', () => {
    const world = new SimulatedWorld(itemsOf('tttttttt'), () => 0);
    world.join(1, { taskLimit: 1 });
    world.join(1);
    world.run(first, () => world.state.engines.get(0)?.stage === 'gone');
    world.pass(1);
    expect(world.over).toBe(false);
    expect(leaves(world)).toEqual([0]);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
  });

  test('and was the only one leaves the run waiting, where contexts may come, and ended by an error where not', () => {
    const waiting = new SimulatedWorld(itemsOf('ttt'), () => 0, awaiting);
    waiting.join(1, { taskLimit: 2 });
    waiting.run(first);
    expect(waiting.over).toBe(false);
    expect(waiting.records).toHaveLength(2);
    expect(waiting.awaited).toBe(2);
    waiting.join(1);
    waiting.run(first);
    expect(waiting.state.end).toEqual({ why: 'done' });

    const alone = new SimulatedWorld(itemsOf('ttt'), () => 0);
    alone.join(1, { taskLimit: 2 });
    alone.run(first);
    expect(alone.state.end?.why).toBe('trouble');
    expect(alone.records).toHaveLength(2);
  });

  test('of as many tasks as there are ends with the run', () => {
    const world = new SimulatedWorld(itemsOf('tt'), () => 0);
    world.join(1, { taskLimit: 2 });
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
  });
});

describe('a soft stop from outside', () => {
  test('of an engine lets its tasks finish and gives it no more; STOP tasks run there, and the others go on', () => {
    const world = new SimulatedWorld(itemsOf('ptttttt'), () => 0);
    const [one, two] = world.joinAll([1, 1]) as [number, number];
    world.run(first, () => world.starts.length === 2);
    expect(world.stopEngine(one)).toBeUndefined();
    world.run(first, () => world.state.engines.get(one)?.stage === 'gone');
    expect(world.over).toBe(false);
    expect(leaves(world)).toEqual([]);
    world.run(first);
    expect(tasksOf(world, [one])).toHaveLength(1);
    expect(tasksOf(world, [two])).toHaveLength(5);
    expect(world.starts.filter(({ kind }) => kind === 'per-engine')).toHaveLength(2);
    expect(world.state.end).toEqual({ why: 'done' });
  });

  test('of an engine that is still to come does not wait for it', () => {
    const world = new SimulatedWorld(itemsOf('tt'), () => 0);
    world.join(1);
    world.bring(1);
    expect(world.stopEngine(1)).toBeUndefined();
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
  });

  test('of an engine that is not there, or has gone, says so', () => {
    const world = new SimulatedWorld(itemsOf('tt'), () => 0);
    world.join(1);
    world.join(1);
    expect(world.stopEngine(7)).toBe('there is no engine 7');
    world.vanish(0);
    expect(world.stopEngine(0)).toBe('engine 0 on node0 is gone');
  });

  test('of all contexts with a label takes each engine of theirs, and none of another', () => {
    const world = new SimulatedWorld(itemsOf('tttttttt'), () => 0);
    const stopped = world.joinAll([1, 1]);
    world.join(1);
    world.run(first, () => world.starts.length === 3);
    expect(world.stopContexts('SSH0')).toBeUndefined();
    world.run(first, () => stopped.every((engine) => world.state.engines.get(engine)?.stage === 'gone'));
    world.pass(1);
    expect(leaves(world)).toEqual([0]);
    expect(world.stopContexts('SSH0')).toBe('there is no context SSH0');
    expect(world.stopContexts('night')).toBe('there is no context night');
    world.run(first);
    expect(tasksOf(world, stopped)).toHaveLength(2);
    expect(world.state.end).toEqual({ why: 'done' });
  });
});

test('what an engine has to tell about its slots reaches the user', () => {
  const world = new SimulatedWorld(itemsOf('t'), () => 0);
  world.joinAll([1], {}, ['A has 1 element for 2 slots; only 1 of these are used']);
  expect(world.notices).toEqual(['node0: A has 1 element for 2 slots; only 1 of these are used.']);
});

describe('whatever contexts come and go', () => {
  const contexts = fc.array(
    fc.tuple(
      fc.nat(15),
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
      fc.nat(6),
      fc.constantFrom('stay', 'stop', 'end', 'vanish', 'interrupt' as const),
    ),
    { maxLength: 6 },
  );

  test('none is given more tasks than its limit, and all tasks are recorded once when one comes that stays', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('t', 't', 't', 'b'), { maxLength: 30 }),
        contexts,
        fc.infiniteStream(fc.nat()),
        (letters, comings, chosen) => {
          const options = { ...awaiting, maxLost: 1000 };
          const world = new SimulatedWorld(itemsOf(letters.join('')), () => 0, options);
          const choose = (): number => chosen.next().value as number;
          const limits: [number[], number][] = [];
          for (const [steps, slots, taskLimit, fate] of comings) {
            const context = world.state.contexts.size;
            const engines = world.joinAll(slots, { taskLimit, revocable: true });
            limits.push([engines, taskLimit]);
            let left = steps;
            world.run(choose, () => left-- === 0);
            if (fate === 'stop') world.stopContexts(`SSH${context}`);
            if (fate === 'end') world.context(context, { type: 'stop', how: 'end' });
            if (fate === 'vanish') for (const engine of engines) world.vanish(engine);
            if (fate === 'interrupt') world.interrupt(engines[0] as number, [-15, 143]);
          }
          world.run(choose);
          // All that is missing is somebody to run the tasks.
          if (!world.over) expect(world.state.present).toBe(0);
          world.join(2);
          world.run(choose);
          expect(world.state.end).toEqual({ why: 'done' });
          const recorded = world.records.map(({ taskId }) => taskId).sort((a, b) => a - b);
          expect(recorded).toEqual(letters.map((_, id) => id));
          for (const [engines, limit] of limits)
            if (limit > 0) expect(tasksOf(world, engines).length).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('and whatever breaks, the run never ends for want of engines, and is done when a context comes', () => {
    const faults: Fault[] = ['crash', 'kill engine', 'break connection', 'cut', 'heal', 'freeze', 'thaw', 'interrupt'];
    const more: Fault[] = ['proof of death', 'stop context', 'stop engine', 'new context', 'new context'];
    const happening = fc.tuple(fc.constantFrom(...faults, ...more), fc.nat(20), fc.integer({ min: 0, max: 60_000 }));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
        fc.array(fc.integer({ min: 100, max: 60_000 }), { minLength: 5, maxLength: 5 }),
        fc.nat(6),
        fc.array(happening, { maxLength: 10 }),
        (tasks, slots, durations, taskLimit, happenings) => {
          const traits = { revocable: true, retires: true, taskLimit };
          const options = { ...awaiting, traits };
          const cluster = new SimulatedCluster(tasks, slots, (id) => durations[id % 5] as number, 1000, options);
          for (const [fault, which, ms] of happenings) {
            cluster.strike(fault, which);
            cluster.pass(ms);
          }
          cluster.mend();
          cluster.pass(60 * 60_000);
          if (!cluster.over) {
            cluster.addContext([3, 3], {});
            cluster.pass(60 * 60_000);
          }
          expect(cluster.state.end).toEqual({ why: 'done' });
          const recorded = cluster.records.filter(({ kind }) => kind === 'task').map(({ taskId }) => taskId);
          expect(recorded.sort((a, b) => a - b)).toEqual(Array.from({ length: tasks }, (_, id) => id));
          for (const context of cluster.state.contexts.values())
            if (context.taskLimit > 0) expect(context.assigned).toBeLessThanOrEqual(context.taskLimit);
        },
      ),
      { numRuns: 300 },
    );
  });
});
