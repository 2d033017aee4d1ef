/** Failures that a resource manager may have caused: its signal reaches tasks, engines and driver at about the same time. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StatusRecord } from '../../src/task/status-record.ts';
import type { RunnableTask } from '../../src/contract/messages.ts';
import { SimulatedCluster, type Fault } from './simulated-cluster.ts';
import { itemsOf, SimulatedWorld, terminatedCodes } from './simulated-world.ts';

const first = (): number => 0;
const lent = { revocable: true };
const codes = (records: readonly StatusRecord[]): [number, number][] =>
  records.filter(({ kind }) => kind === 'task').map(({ taskId, exitCode }) => [taskId, exitCode]);
/** The task with this id fails. */
const failing = (id: number) => (task: RunnableTask) => (task.kind === 'task' && task.taskId === id ? 1 : 0);

describe('a task that fails on a node that is lent', () => {
  test('is recorded as failed when a moment has passed and nobody has ended its engine', () => {
    const world = new SimulatedWorld(itemsOf('tt'), failing(0));
    world.join(2, lent);
    world.run(first, () => world.state.doubted.size === 1);
    world.pass(0.5);
    expect(world.records).toEqual([]);
    world.pass(0.6);
    expect(codes(world.records)).toEqual([[0, 1]]);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
    expect(world.state.counts).toMatchObject({ finished: 2, failed: 1, interrupted: 0, rerun: 0 });
  });

  test('frees its slot for the next task meanwhile', () => {
    const world = new SimulatedWorld(itemsOf('tt'), failing(0));
    world.join(1, lent);
    world.run(first, () => world.starts.length === 2);
    expect(world.records).toEqual([]);
  });

  test('elsewhere, where nobody takes nodes back, is recorded at once', () => {
    const world = new SimulatedWorld(itemsOf('tt'), failing(0));
    world.join(1);
    world.run(first, () => world.starts.length === 2);
    expect(codes(world.records)).toEqual([[0, 1]]);
  });

  test('ends the run by fail-fast only when nothing else explains it', () => {
    const ended = new SimulatedWorld(itemsOf('ttt'), () => 0, { failFast: true });
    ended.join(1, lent);
    ended.join(1, lent);
    ended.run(first, () => ended.starts.length === 2);
    ended.interrupt(1, [-15]);
    ended.run(first);
    expect(ended.state.end).toEqual({ why: 'done' });

    const own = new SimulatedWorld(itemsOf('ttt'), failing(0), { failFast: true });
    own.join(1, lent);
    own.run(first);
    expect(own.state.end?.why).toBe('fail-fast');
  });
});

describe('an engine that is ended from outside', () => {
  test.each(terminatedCodes)('has its tasks run again elsewhere, also one that ended before it with %d', (code) => {
    const world = new SimulatedWorld(itemsOf('tttt'), () => 0);
    world.join(2, lent);
    world.join(1, lent);
    world.run(first, () => world.starts.length === 3);
    world.interrupt(0, [code]);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
    expect(codes(world.records).sort(([a], [b]) => a - b)).toEqual([0, 1, 2, 3].map((id) => [id, 0]));
    expect(world.state.counts).toMatchObject({ finished: 4, failed: 0 });
    expect(world.notices.join('\n')).toContain('node0: SIGTERM ended the engine; what it ran runs again elsewhere.');
  });

  test('costs its tasks none of the losses that they may have, whether they say how they ended or not', () => {
    for (const maxLost of [undefined, 0]) {
      const world = new SimulatedWorld(itemsOf('tttt'), () => 0, { maxLost });
      world.join(2, lent);
      world.join(1, lent);
      world.run(first, () => world.starts.length === 3);
      // The slot of the first is given another task, which the engine does not start any more.
      world.interrupt(0, [-15]);
      world.run(first);
      expect(world.state.end).toEqual({ why: 'done' });
      expect(codes(world.records).sort(([a], [b]) => a - b)).toEqual([0, 1, 2, 3].map((id) => [id, 0]));
    }
  });

  test('can say so even when the task that it was to finish before it leaves was ended so', () => {
    const world = new SimulatedWorld(itemsOf('tt'), () => 0);
    world.join(1, lent);
    world.join(1, lent);
    world.run(first, () => world.starts.length === 2);
    expect(world.stopEngine(0)).toBeUndefined();
    world.interrupt(0, [-15]);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
    expect(codes(world.records).sort(([a], [b]) => a - b)).toEqual([0, 1].map((id) => [id, 0]));
  });

  test('when the run is ending leaves what it ran without a record, for a resume', () => {
    const world = new SimulatedWorld(itemsOf('tttt'), () => 0);
    world.join(2, lent);
    world.run(first, () => world.starts.length === 2);
    world.softStop();
    world.interrupt(0, [143]);
    world.run(first);
    expect(world.over).toBe(true);
    expect(world.records).toEqual([]);
    expect(world.state.counts).toMatchObject({ finished: 0, interrupted: 2 });
    expect(world.notices.join('\n')).toContain('what it ran has no record');
  });

  test('and was the only one ends the run with its words, and nothing is recorded as failed', () => {
    const world = new SimulatedWorld(itemsOf('ttt'), () => 0);
    world.join(2, lent);
    world.run(first, () => world.starts.length === 2);
    world.interrupt(0, [-15, 143]);
    world.run(first);
    const end = world.state.end;
    expect(end?.why === 'trouble' && end.error.message).toContain('SIGTERM ended the engine');
    expect(world.records).toEqual([]);
  });

  test('records the failure of another engine all the same', () => {
    const world = new SimulatedWorld(itemsOf('tttt'), failing(1));
    world.join(1, lent);
    world.join(1, lent);
    world.run(
      (count) => count - 1,
      () => world.state.doubted.size === 1,
    );
    world.interrupt(0);
    world.run(first);
    expect(codes(world.records).filter(([, code]) => code !== 0)).toEqual([[1, 1]]);
    expect(world.state.end).toEqual({ why: 'done' });
  });
});

test('a signal to the driver just after tasks have ended of it leaves them without a record', () => {
  const world = new SimulatedWorld(itemsOf('tttt'), () => -15);
  world.join(2, lent);
  world.run(first, () => world.state.doubted.size === 2);
  world.signal();
  world.run(first);
  expect(world.over).toBe(true);
  expect(world.records).toEqual([]);
  expect(world.state.counts.failed).toBe(0);
});

describe('a barrier', () => {
  test('waits for a failure that is in doubt', () => {
    const world = new SimulatedWorld(itemsOf('tbt'), failing(0));
    world.join(1, lent);
    world.run(first, () => world.state.doubted.size === 1);
    world.pass(0.5);
    expect(world.records).toEqual([]);
    world.pass(0.6);
    expect(world.records.map(({ kind }) => kind)).toEqual(['task', 'barrier']);
  });

  test('with CHECK sees a failure that was in doubt, and not one that was excused', () => {
    const failed = new SimulatedWorld(itemsOf('tct'), failing(0));
    failed.join(1, lent);
    failed.run(first);
    expect(failed.state.end?.why).toBe('check-failed');

    const excused = new SimulatedWorld(itemsOf('ttct'), () => 0);
    excused.join(1, lent);
    excused.join(1, lent);
    excused.run(first, () => excused.starts.length === 2);
    excused.interrupt(0, [1]);
    excused.run(first);
    expect(excused.state.end).toEqual({ why: 'done' });
  });
});

describe('whenever engines are ended from outside', () => {
  const steps = fc.array(
    fc.tuple(fc.nat(), fc.nat(3), fc.array(fc.constantFrom(...terminatedCodes), { maxLength: 3 })),
    {
      maxLength: 4,
    },
  );

  test('only tasks that fail by themselves are recorded as failed, once, and the others run again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('t', 't', 't', 'b'), { maxLength: 25 }),
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.boolean(), { minLength: 25, maxLength: 25 }),
        steps,
        fc.infiniteStream(fc.nat()),
        fc.constantFrom(undefined, 0, 2),
        (letters, slots, fails, interruptions, chosen, maxLost) => {
          const world = new SimulatedWorld(itemsOf(letters.join('')), (task) => (fails[task.taskId] === true ? 1 : 0), {
            maxLost,
          });
          for (const count of slots) world.join(count, lent);
          const choose = (): number => chosen.next().value as number;
          for (const [after, engine, codesFirst] of interruptions) {
            let left = after % 20;
            world.run(choose, () => left-- === 0);
            world.interrupt(engine, codesFirst);
          }
          world.run(choose);
          expect(world.over).toBe(true);
          const recorded = codes(world.records);
          expect(new Set(recorded.map(([id]) => id)).size).toBe(recorded.length);
          for (const [id, code] of recorded) expect([id, code]).toEqual([id, fails[id] === true ? 1 : 0]);
          if (world.state.end?.why === 'done') {
            expect(world.records).toHaveLength(letters.length);
          } else {
            // Nobody was left.
            expect(world.state.end?.why).toBe('trouble');
            expect(interruptions.length).toBeGreaterThanOrEqual(slots.length);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('also with connections that break and hosts that die, no task that was ended so counts as failed', () => {
    const faults: Fault[] = ['interrupt', 'interrupt', 'interrupt', 'cut', 'heal', 'break connection', 'kill engine'];
    const rare: Fault[] = ['freeze', 'thaw', 'crash', 'proof of death', 'stop context', 'stop engine', 'soft stop'];
    const happening = fc.tuple(
      fc.oneof(
        { weight: 7, arbitrary: fc.constantFrom(...faults) },
        { weight: 2, arbitrary: fc.constantFrom(...rare) },
      ),
      fc.nat(20),
      fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 3000, max: 50_000 })),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 100, max: 60_000 }), { minLength: 5, maxLength: 5 }),
        fc.array(happening, { maxLength: 10 }),
        fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
        (tasks, slots, durations, happenings, fails) => {
          const exitCodeOf = (taskId: number): number => (fails[taskId] === true ? 7 : 0);
          const options = { traits: { revocable: true, retires: true }, exitCodeOf };
          const cluster = new SimulatedCluster(tasks, slots, (id) => durations[id % 5] as number, 2, options);
          for (const [fault, which, ms] of happenings) {
            cluster.strike(fault, which);
            cluster.pass(ms);
          }
          cluster.mend();
          cluster.pass(120 * 60_000);
          expect(cluster.over).toBe(true);
          expect(cluster.wronglyFailed).toEqual([]);
          const recorded = codes(cluster.records);
          expect(new Set(recorded.map(([id]) => id)).size).toBe(recorded.length);
          if (cluster.state.end?.why === 'done') expect(recorded).toHaveLength(tasks);
          for (const [id, code] of recorded) {
            // Lost too often; or ended so, without a word of the engine in time.
            expect([exitCodeOf(id), -100, ...terminatedCodes]).toContain(code);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
