import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { DisbatchError } from '../../src/base/errors.ts';
import type { StatusRecord } from '../../src/task/status-record.ts';
import { itemsOf, SimulatedWorld } from './simulated-world.ts';

const first = (): number => 0;
const ids = (records: readonly StatusRecord[]): string[] => records.map((record) => `${record.kind} ${record.taskId}`);

describe('a run', () => {
  test('runs every task once and ends', () => {
    const world = new SimulatedWorld(itemsOf('ttt'), () => 0);
    world.join(2);
    world.run(first);
    expect(world.over).toBe(true);
    expect(world.state.end).toEqual({ why: 'done' });
    expect(ids(world.records).sort()).toEqual(['task 0', 'task 1', 'task 2']);
  });

  test('with no task at all ends without an engine', () => {
    const world = new SimulatedWorld([], () => 0);
    world.run(first);
    expect(world.over).toBe(true);
    expect(world.records).toEqual([]);
  });

  test('runs the START tasks of an engine one after another before its first task, and the STOP tasks after its last', () => {
    const world = new SimulatedWorld(itemsOf('ssptt'), () => 0);
    world.join(2);
    world.run(first);
    const order = world.starts.map((task) =>
      `${task.kind} ${task.taskId} ${'moment' in task ? task.moment : ''}`.trim(),
    );
    expect(order).toEqual(['per-engine 0 start', 'per-engine 1 start', 'task 0', 'task 1', 'per-engine 0 stop']);
  });

  test('goes on when a START task fails', () => {
    const world = new SimulatedWorld(itemsOf('st'), (task) => (task.kind === 'per-engine' ? 3 : 0));
    world.join(1);
    world.run(first);
    expect(ids(world.records)).toEqual(['per-engine 0', 'task 0']);
    expect(world.state.counts).toMatchObject({ finished: 1, failed: 0, perEngineFailed: 1 });
  });

  test('gives an engine that joins later its share, START tasks first', () => {
    const world = new SimulatedWorld(itemsOf('stttttt'), () => 0);
    world.join(1);
    world.run(first, () => world.starts.length === 3);
    world.join(1);
    world.run((count) => count - 1);
    const started = world.happened.flatMap((each) =>
      each.what === 'start' && each.engine === 1 ? [each.task.kind] : [],
    );
    expect(started[0]).toBe('per-engine');
    expect(started).toContain('task');
  });

  test('sends an engine that comes too late away', () => {
    const world = new SimulatedWorld(itemsOf('tt'), () => 0);
    world.join(1);
    world.run(first, () => world.starts.length === 2);
    world.softStop();
    world.join(4);
    world.run(first);
    expect(world.over).toBe(true);
    expect(world.happened.every((each) => each.what !== 'start' || each.engine === 0)).toBe(true);
  });
});

describe('a barrier', () => {
  test('is settled when all tasks before it have ended, and only then the next task starts', () => {
    const world = new SimulatedWorld(itemsOf('ttbt'), () => 0);
    world.join(4);
    world.run(first);
    expect(ids(world.records).slice(2)).toEqual(['barrier 2', 'task 3']);
  });

  test('with CHECK ends the run when a task since the last barrier failed, and STOP tasks run all the same', () => {
    const world = new SimulatedWorld(itemsOf('ptctt'), () => 1);
    world.join(2);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'check-failed', barrier: 1 });
    expect(ids(world.records)).toEqual(['task 0', 'check-barrier 1', 'per-engine 0']);
    expect(world.over).toBe(true);
  });

  test('with CHECK does not see failures from before the barrier before it', () => {
    const world = new SimulatedWorld(itemsOf('tbtct'), (task) => (task.taskId === 0 ? 1 : 0));
    world.join(2);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
  });

  test('with CHECK sees the failure of a per-engine task, but not that of a skipped one', () => {
    const failing = new SimulatedWorld(itemsOf('stct'), (task) => (task.kind === 'per-engine' ? 1 : 0));
    failing.join(1);
    failing.run(first);
    expect(failing.state.end?.why).toBe('check-failed');

    const [task, check, last] = itemsOf('tct');
    if (task?.kind !== 'task' || check === undefined || last === undefined) throw new Error('unexpected items');
    const record: StatusRecord = {
      ...{ kind: 'skipped', taskId: 0, lineNumber: 1, repeatIndex: -1, node: 'n', pid: 1, exitCode: 1 },
      ...{ elapsed: 1, start: 0, finish: 1, outputBytes: 0, outputSnippet: '', errorBytes: 0, errorSnippet: '' },
      ...{ outputCut: false, errorCut: false },
      command: task.command,
    };
    const skipping = new SimulatedWorld([{ kind: 'skip', record, written: false }, check, last], () => 0);
    skipping.join(1);
    skipping.run(first);
    expect(skipping.state.end).toEqual({ why: 'done' });
    expect(skipping.state.counts).toMatchObject({ skipped: 1, skippedFailed: 1, finished: 1 });
    expect(ids(skipping.records)).toEqual(['skipped 0', 'check-barrier 1', 'task 2']);
  });

  test('carries in its record how long it was waited for, and the PID of the driver', () => {
    const world = new SimulatedWorld(itemsOf('tb'), () => 0);
    world.join(1);
    world.run(first);
    const barrier = world.records.find((record) => record.kind === 'barrier') as StatusRecord;
    expect(barrier.elapsed).toBe(barrier.finish - barrier.start);
    expect(barrier).toMatchObject({ pid: 1, node: 'head', exitCode: 0 });
  });
});

describe('the end before the end', () => {
  test('a soft stop lets running tasks finish, starts none, and runs the STOP tasks', () => {
    const world = new SimulatedWorld(itemsOf('ptttttt'), () => 0);
    world.join(2);
    world.run(first, () => world.starts.length === 3);
    world.softStop();
    world.run(first);
    expect(world.state.end).toEqual({ why: 'soft-stop' });
    expect(world.starts.filter((task) => task.kind === 'task')).toHaveLength(3);
    expect(world.state.counts.finished).toBe(3);
    expect(ids(world.records)).toContain('per-engine 0');
  });

  test('a signal ends running tasks, which then have no record, and runs no STOP task', () => {
    const world = new SimulatedWorld(itemsOf('ptttt'), () => 0);
    world.join(2);
    world.run(first, () => world.starts.length === 3);
    world.signal();
    world.run(first);
    expect(world.over).toBe(true);
    expect(world.state.counts).toMatchObject({ finished: 1, interrupted: 2 });
    expect(ids(world.records)).toEqual(['task 0']);
  });

  test('a signal during the STOP tasks still ends the run', () => {
    const world = new SimulatedWorld(itemsOf('ptt'), () => 0);
    world.join(2);
    world.run(first, () => world.starts.some((task) => task.kind === 'per-engine'));
    world.signal();
    world.run(first);
    expect(world.over).toBe(true);
  });

  test('with fail-fast the first failure ends the other tasks, without a record, and STOP tasks run', () => {
    const world = new SimulatedWorld(itemsOf('ptttttt'), (task) => (task.taskId === 1 ? 7 : 0), { failFast: true });
    world.join(3);
    world.run(
      (count) => (count > 1 ? 1 : 0),
      () => world.state.phase !== 'running',
    );
    world.run(first);
    expect(world.state.end?.why).toBe('fail-fast');
    expect(world.over).toBe(true);
    expect(ids(world.records)).toContain('per-engine 0');
    expect(world.records.filter((record) => record.exitCode !== 0)).toHaveLength(1);
  });

  test('when the only engine vanishes the run ends with an error, and what it ran has no record, so that it runs on a resume', () => {
    const world = new SimulatedWorld(itemsOf('ttt'), () => 0);
    world.join(2);
    world.run(first, () => world.starts.length === 2);
    world.vanish(0);
    world.run(first);
    expect(world.over).toBe(true);
    const end = world.state.end;
    expect(end?.why === 'trouble' && end.error).toBeInstanceOf(DisbatchError);
    expect(world.records).toEqual([]);
    expect(world.state.counts).toMatchObject({ finished: 0, interrupted: 2 });
  });

  test('what an engine that vanishes ran, and the rest, is run by the others', () => {
    const world = new SimulatedWorld(itemsOf('tttttt'), () => 0);
    world.join(1);
    world.join(1);
    world.run(first, () => world.starts.length === 2);
    world.vanish(0);
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
    expect(world.records.map((record) => record.exitCode)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(world.state.counts.rerun).toBe(1);
  });

  test('a task that is lost again and again is run three times, then recorded as lost', () => {
    const world = new SimulatedWorld(itemsOf('t'), () => 0);
    for (let i = 0; i < 4; i++) world.join(1);
    world.run(first, () => world.starts.length === 1);
    for (let i = 0; i < 3; i++) {
      const runner = [...world.state.engines.values()].find(({ running }) => running.size > 0);
      world.vanish(runner?.rank ?? -1);
    }
    world.run(first);
    expect(world.starts).toHaveLength(3);
    expect(world.records.map((record) => record.exitCode)).toEqual([-100]);
    expect(world.state.end).toEqual({ why: 'done' });
  });

  test('without reruns a lost task is recorded as lost at once', () => {
    const world = new SimulatedWorld(itemsOf('ttt'), () => 0, { maxLost: undefined });
    world.join(1);
    world.join(1);
    world.run(first, () => world.starts.length === 2);
    world.vanish(0);
    world.run(first);
    expect(world.records.map((record) => record.exitCode)).toEqual([-100, 0, 0]);
    expect(world.state.counts).toMatchObject({ finished: 3, failed: 1, rerun: 0 });
  });

  test('a barrier waits for what was lost before it to run again', () => {
    const world = new SimulatedWorld(itemsOf('ttbt'), () => 0);
    world.join(1);
    world.join(1);
    world.run(first, () => world.starts.length === 2);
    world.vanish(1);
    world.run(first);
    expect(ids(world.records).slice(2)).toEqual(['barrier 2', 'task 3']);
  });
});

describe('a context', () => {
  test('whose user wants its nodes back gets no more tasks, runs its STOP tasks and is sent away; the others go on', () => {
    const world = new SimulatedWorld(itemsOf('ptttttt'), () => 0);
    world.join(1);
    world.join(1);
    world.run(first, () => world.starts.length === 2);
    world.context(0, { type: 'stop', how: 'finish' });
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
    expect(world.happened.filter((each) => each.what === 'start' && each.engine === 0)).toHaveLength(2);
    expect(world.toContext.filter(({ message }) => message.type === 'leave').map(({ rank }) => rank)).toEqual([0, 1]);
    expect(world.records.filter((record) => record.kind === 'task')).toHaveLength(6);
  });

  test('that ends its tasks leaves them to the others', () => {
    const world = new SimulatedWorld(itemsOf('tttt'), () => 0);
    world.join(2);
    world.join(1);
    world.run(first, () => world.starts.length === 3);
    world.context(0, { type: 'stop', how: 'end' });
    world.run((count) => count - 1);
    expect(world.state.end).toEqual({ why: 'done' });
    expect(world.records.map((record) => record.exitCode)).toEqual([0, 0, 0, 0]);
  });

  test('that dies gets no more tasks, and its engines finish what they run', () => {
    const world = new SimulatedWorld(itemsOf('ttttt'), () => 0);
    world.join(1);
    world.join(1);
    world.run(first, () => world.starts.length === 2);
    world.context(0, { type: 'left', problem: 'killed' });
    world.run(first);
    expect(world.state.end).toEqual({ why: 'done' });
    expect(world.happened.filter((each) => each.what === 'start' && each.engine === 0)).toHaveLength(1);
  });

  test('that comes when the run is ending is sent away', () => {
    const world = new SimulatedWorld(itemsOf('tt'), () => 0);
    world.join(1);
    world.run(first, () => world.starts.length === 1);
    world.softStop();
    world.join(4);
    expect(world.toContext.at(-1)).toMatchObject({ rank: 1, message: { type: 'leave' } });
  });

  test('none of whose engines can be started leaves the run with an error that says why', () => {
    const world = new SimulatedWorld(itemsOf('tt'), () => 0);
    world.bring(2);
    for (const engine of [0, 1]) {
      const problem = `node${engine}: Permission denied (publickey).`;
      world.context(0, { type: 'engine-ended', engine, problem, dead: true });
    }
    expect(world.over).toBe(true);
    const end = world.state.end;
    expect(end?.why === 'trouble' && end.error.message).toContain('node1: Permission denied (publickey)');
  });
});

test('the number of a barrier that is settled is put under its key', () => {
  const items = itemsOf('tbt').map((item) => (item.kind === 'barrier' ? { ...item, key: asBytes('half') } : item));
  const world = new SimulatedWorld(items, () => 0);
  world.join(1);
  world.run(first);
  expect(world.keys).toEqual([['half', 1]]);
});

describe('any run', () => {
  const notation = fc
    .tuple(
      fc.array(fc.constantFrom('s', 'p'), { maxLength: 3 }),
      fc.array(fc.constantFrom('t', 't', 't', 't', 'b', 'c'), { maxLength: 40 }),
    )
    .map(([perEngine, rest]) => [...perEngine, ...rest].join(''));
  const engines = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
  const choices = fc.infiniteStream(fc.nat());

  test('starts and records each task exactly once, and none before its barrier is settled', () => {
    fc.assert(
      fc.property(
        notation,
        engines,
        choices,
        fc.array(fc.boolean(), { minLength: 41, maxLength: 41 }),
        (tasks, slots, chosen, fails) => {
          const items = itemsOf(tasks);
          const world = new SimulatedWorld(items, (task) => (fails[task.taskId] === true ? 1 : 0));
          for (const count of slots) world.join(count);
          world.run(() => chosen.next().value as number);
          expect(world.over).toBe(true);

          const barriers = new Set(items.flatMap((item) => (item.kind === 'barrier' ? [item.taskId] : [])));
          const started = new Set<number>();
          const recorded = new Set<number>();
          for (const each of world.happened) {
            if (each.what === 'start' && each.task.kind === 'task') {
              const { taskId } = each.task;
              expect(started.has(taskId)).toBe(false);
              started.add(taskId);
              for (const barrier of barriers) if (barrier < taskId) expect(recorded.has(barrier)).toBe(true);
            }
            if (each.what === 'record' && each.record.kind !== 'per-engine') {
              const { taskId } = each.record;
              expect(recorded.has(taskId)).toBe(false);
              recorded.add(taskId);
              if (barriers.has(taskId)) for (let id = 0; id < taskId; id++) expect(recorded.has(id)).toBe(true);
            }
          }
          // What was started has its record; and all of it was, unless a check ended the run.
          expect([...started].every((id) => recorded.has(id))).toBe(true);
          if (world.state.end?.why === 'done') {
            expect(recorded.size).toBe(items.filter((item) => item.kind !== 'per-engine').length);
          } else {
            expect(world.state.end?.why).toBe('check-failed');
          }
          const stops = items.filter((item) => item.kind === 'per-engine' && item.moment === 'stop').length;
          const stopped = world.starts.filter((task) => task.kind === 'per-engine' && task.moment === 'stop').length;
          expect(stopped).toBe(stops * slots.length);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('ends, with each task in at most one record, whatever breaks at any moment', () => {
    const disaster = fc.constantFrom('vanish', 'softStop', 'signal', 'trouble', 'join', 'finish', 'end');
    fc.assert(
      fc.property(
        notation,
        engines,
        choices,
        fc.array(fc.tuple(fc.nat(60), disaster, fc.nat(4)), { maxLength: 4 }),
        fc.boolean(),
        (tasks, slots, chosen, disasters, failFast) => {
          const world = new SimulatedWorld(itemsOf(tasks), (task) => (task.taskId % 7 === 6 ? 2 : 0), { failFast });
          for (const count of slots) world.join(count);
          for (const [after, kind, which] of disasters) {
            let steps = 0;
            world.run(
              () => chosen.next().value as number,
              () => world.over || steps++ > after,
            );
            if (world.over) break;
            if (kind === 'vanish') world.vanish(which);
            else if (kind === 'softStop') world.softStop();
            else if (kind === 'signal') world.signal();
            else if (kind === 'join') world.join(1 + which);
            else if (kind === 'finish' || kind === 'end') world.context(which, { type: 'stop', how: kind });
            else world.trouble(new Error('disk full'));
          }
          world.run(() => chosen.next().value as number);
          expect(world.over).toBe(true);
          const recorded = world.records
            .filter((record) => record.kind !== 'per-engine')
            .map((record) => record.taskId);
          expect(new Set(recorded).size).toBe(recorded.length);
          const { finished, interrupted, rerun } = world.state.counts;
          expect(finished + interrupted + rerun).toBe(world.starts.filter((task) => task.kind === 'task').length);
        },
      ),
      { numRuns: 600 },
    );
  });
});
