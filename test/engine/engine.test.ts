/** The engine, with a launcher as it should be. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bytesOfText } from '../../src/base/byte-string.ts';
import { perEngineSlot, type FromEngine, type RunnableTask } from '../../src/contract/messages.ts';
import { until } from '../support/run-disbatch.ts';
import {
  command,
  ends,
  engine,
  folder,
  has,
  logged,
  of,
  run,
  said,
  startEngine,
  startEngineWith,
  told,
  useFakeLaunchers,
} from './fixtures/engine-under-test.ts';

useFakeLaunchers();

describe('with a launcher as it should be', () => {
  test('an engine joins once, runs what it is given, and leaves when it is told to', async () => {
    startEngine(command('good'));
    await has('joined');
    expect(said).toEqual([{ type: 'joined', node: 'node1', pid: process.pid, slots: 4, notes: [] }]);
    run(2, 'exit 3');
    await has('ended');
    const pid = of('started')[0]?.pid;
    const sample = { bytes: 3, head: 'out', tail: '', fileError: 0 };
    const cpu = { userCpu: 1, systemCpu: 2, cpuFrom: 'wait4' };
    expect(said.slice(1)).toEqual([
      { type: 'started', slot: 2, pid, start: 10 },
      {
        type: 'ended',
        slot: 2,
        outcome: {
          pid,
          exitCode: 3,
          start: 10,
          finish: 12,
          output: sample,
          error: sample,
          usage: { ...cpu, peakMemory: 4, memoryFrom: 'samples', largestProcess: 3 },
        },
      },
    ]);
    engine.receive({ type: 'leave', endBackground: false });
    await has('left');
    expect(of('left')).toEqual([{ type: 'left', problem: undefined }]);
    expect(told()).toEqual(['start 3 exit 3', 'leave']);
  });

  test('an engine that is told to end its tasks while it leaves still leaves', async () => {
    startEngine(command('good'));
    await has('joined');
    engine.receive({ type: 'leave', endBackground: false });
    engine.receive({ type: 'end-tasks', graceMs: 100 });
    await has('left');
    expect(said.at(-1)).toEqual({ type: 'left', problem: undefined });
  });

  test('what comes before the launcher is up is not lost, and keeps its order', async () => {
    startEngine(command('good'));
    for (let slot = 0; slot < 4; slot++) run(slot, `exit ${slot}`);
    engine.receive({ type: 'leave', endBackground: false });
    await has('left');
    expect(said[0]?.type).toBe('joined');
    expect(ends().map(([slot, exitCode]) => [slot, exitCode])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(said.at(-1)).toEqual({ type: 'left', problem: undefined });
  });

  test('a per-engine task has the lane that no slot has', async () => {
    startEngine(command('good'));
    const start: RunnableTask = {
      kind: 'per-engine',
      moment: 'start',
      taskId: 0,
      lineNumber: 1,
      command: bytesOfText('exit 0'),
    };
    engine.receive({ type: 'run', slot: perEngineSlot, task: start });
    run(0, 'exit 0');
    await has('ended', 2);
    expect(told()).toEqual(['start 0 exit 0', 'start 1 exit 0']);
    expect(ends().map(([slot]) => slot)).toEqual([perEngineSlot, 0]);
  });

  test('a task finds the variables of its engine and its own', async () => {
    startEngine(command('good'));
    run(3, 'show');
    await has('ended');
    const env = JSON.parse(readFileSync(join(folder, 'env'), 'utf8')) as Record<string, string>;
    expect(env).toMatchObject({
      DISBATCH_JOBID: folder.slice(folder.lastIndexOf('/') + 1),
      DISBATCH_NAMETASKS: 'Tasks',
      DISBATCH_CORES_PER_TASK: '2',
      DISBATCH_ENGINE_RANK: '5',
      DISBATCH_CYLINDER_RANK: '3',
      DISBATCH_TASKID: '0',
      DISBATCH_STREAM_INDEX_ZP: '000009',
      DISBATCH_REPEAT_INDEX_ZP: '-00001',
      PATH: process.env['PATH'],
    });
  });

  test('when the tasks are ended, their ends come first and the answer last, and the slots work again', async () => {
    startEngine(command('good'));
    for (const slot of [0, 1, 2]) run(slot, 'hold');
    await has('started', 3);
    engine.receive({ type: 'end-tasks', graceMs: 10 });
    await has('tasks-ended');
    expect(said.slice(-4).map((message) => message.type)).toEqual(['ended', 'ended', 'ended', 'tasks-ended']);
    expect(ends().map(([slot, exitCode]) => [slot, exitCode])).toEqual([
      [0, -15],
      [1, -15],
      [2, -15],
    ]);
    run(1, 'exit 4');
    await has('ended', 4);
    expect(ends().at(-1)?.slice(0, 2)).toEqual([1, 4]);
  });

  test('told to end what tasks left behind, it leaves only after that is done', async () => {
    startEngine(command('good'));
    await has('joined');
    engine.receive({ type: 'leave', endBackground: true });
    await has('left');
    expect(told()).toEqual(['end', 'leave']);
    expect(of('left')).toEqual([{ type: 'left', problem: undefined }]);
  });

  test('a command with a NUL in it is a task that could not be started, and says why', async () => {
    startEngine(command('good'));
    await has('joined');
    run(0, 'exit 0\0exit 1');
    await has('ended');
    expect(ends()).toEqual([[0, 200, -1]]);
    const reason = 'the command holds a NUL byte, and no program can be given one';
    expect(of('ended')[0]?.outcome.error).toEqual({
      bytes: reason.length,
      head: reason.slice(0, 40),
      tail: reason.slice(40),
      fileError: 0,
    });
  });
});

describe('a task that cannot be started', () => {
  test('is recorded with the errno and the reason, and its slot works again', async () => {
    startEngine(command('good'));
    run(0, 'refuse 7 9');
    await has('ended');
    const { outcome } = of('ended')[0] as Extract<FromEngine, { type: 'ended' }>;
    expect([outcome.exitCode, outcome.pid, outcome.start, outcome.error.head]).toEqual([7, -1, 10, 'it cannot be']);
    run(0, 'exit 0');
    await has('ended', 2);
    expect(ends().at(-1)?.slice(0, 2)).toEqual([0, 0]);
  });

  test('for want of processes is tried again, and runs when there are some', async () => {
    startEngine(command('good'));
    run(0, 'refuse 11 2');
    await has('ended');
    expect(ends().map((end) => end.slice(0, 2))).toEqual([[0, 0]]);
    expect(told()).toHaveLength(3);
    expect(logged.filter((line) => line.startsWith('WARNING task 0 could not be started (it cannot be)'))).toHaveLength(
      2,
    );
  });

  test('and waits to be tried again when the tasks are ended is not tried again', async () => {
    startEngine(command('good'));
    run(0, 'refuse 11 99');
    await until('it was refused', () => logged.some((line) => line.includes('trying again')));
    engine.receive({ type: 'end-tasks', graceMs: 10 });
    await has('tasks-ended');
    expect(ends()).toEqual([[0, 11, -1]]);
    expect(said.at(-1)?.type).toBe('tasks-ended');
  });
});

describe('what is kept and found out of a task', () => {
  const wanted = (): unknown[] =>
    readFileSync(join(folder, 'wanted'), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown);

  test('is nothing unless it is asked for', async () => {
    startEngine(command('good'));
    run(0, 'show');
    await has('ended');
    expect(wanted()).toEqual([{ followMemory: false }]);
  });

  test('is in files named for the task, or for the engine and the per-engine task', async () => {
    startEngineWith({ results: '/results', followMemory: true }, command('good'));
    engine.receive({
      ...{ type: 'run', slot: 1 },
      task: { kind: 'task', taskId: 1777, lineNumber: 9, repeatIndex: -1, command: bytesOfText('show') },
    });
    await has('ended');
    engine.receive({
      ...{ type: 'run', slot: perEngineSlot },
      task: { kind: 'per-engine', moment: 'stop', taskId: 2, lineNumber: 9, command: bytesOfText('show') },
    });
    await has('ended', 2);
    expect(wanted()).toEqual([
      { followMemory: true, files: { output: '/results/0/1500/1777.out', error: '/results/0/1500/1777.err' } },
      {
        followMemory: true,
        files: { output: '/results/per-engine/0/5/stop-2.out', error: '/results/per-engine/0/5/stop-2.err' },
      },
    ]);
  });
});
