/** The engine, with a launcher that dies, says nonsense or nothing. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LauncherCommand } from '../../src/engine/spawned-launcher.ts';
import { lives, until } from '../support/run-disbatch.ts';
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
  starts,
  task,
  useFakeLaunchers,
} from './fixtures/engine-under-test.ts';

useFakeLaunchers();

describe('when the launcher dies', () => {
  test.each(['die', 'garbage', 'huge'])('(%s) what it ran is lost, and another takes over its slots', async (how) => {
    startEngine(command('good'));
    run(0, 'hold');
    run(1, 'exit 6');
    await has('ended');
    run(2, how);
    await has('ended', 3);
    expect(
      ends()
        .slice(1)
        .sort((a, b) => a[0] - b[0]),
    ).toEqual([
      [0, -100, -1],
      [2, -100, -1],
    ]);
    run(0, 'exit 4');
    await has('ended', 4);
    expect(ends().at(-1)?.slice(0, 2)).toEqual([0, 4]);
    expect([starts(), of('joined').length, of('left').length]).toEqual([2, 1, 0]);
    expect(logged.some((line) => line.startsWith('ERROR the launcher'))).toBe(true);
  });

  test('a lost task has the time from its start to the moment at which its loss was known', async () => {
    startEngine(command('good'));
    const before = Date.now() / 1000;
    run(0, 'hold');
    run(1, 'die-unstarted');
    await has('ended', 2);
    const outcomes = new Map(of('ended').map(({ slot, outcome }) => [slot, outcome]));
    expect(outcomes.get(0)?.start).toBe(10);
    expect(outcomes.get(1)?.start).toBeGreaterThanOrEqual(before - 0.001);
    for (const { finish } of outcomes.values()) expect(finish).toBeGreaterThanOrEqual(before);
  });

  test('a task that it had started a moment before is killed before it is reported as lost', async () => {
    startEngine(command('good'));
    await has('joined');
    let aliveAtReport: boolean | undefined;
    const push = said.push.bind(said);
    said.push = (...messages) => {
      if (messages.some((message) => message.type === 'ended')) aliveAtReport = lives(leftOver());
      return push(...messages);
    };
    const leftOver = (): number => Number(readFileSync(join(folder, 'left-over'), 'utf8'));
    run(0, 'left-over');
    await has('ended');
    expect(leftOver()).toBeGreaterThan(1);
    expect(aliveAtReport).toBe(false);
    expect(ends()).toEqual([[0, -100, -1]]);
  });

  test('while the tasks are ended, what it ran is lost and the end is told all the same', async () => {
    startEngine(command('good'));
    run(0, 'hold');
    await has('started');
    engine.receive({ type: 'run', slot: 1, task: task('die') });
    engine.receive({ type: 'end-tasks', graceMs: 10 });
    await has('tasks-ended');
    expect(said.at(-1)?.type).toBe('tasks-ended');
    expect(ends().sort((a, b) => a[0] - b[0])).toEqual([
      [0, -100, -1],
      [1, -100, -1],
    ]);
  });

  test('what is given to the engine before the next one is up runs there', async () => {
    startEngine(command('good'));
    run(0, 'die');
    await has('started');
    await until('it is dead', () => logged.some((line) => line.startsWith('ERROR')));
    run(1, 'exit 5');
    await has('ended', 2);
    expect(ends().map((end) => end.slice(0, 2))).toEqual(
      expect.arrayContaining([
        [0, -100],
        [1, 5],
      ]),
    );
  });

  test('again and again with nothing done between, the engine leaves and says why', async () => {
    startEngine(command('good'));
    await has('joined');
    for (let i = 0; of('left').length === 0; i++) {
      run(0, 'die');
      await until('the task is lost or the engine gone', () => of('ended').length > i || of('left').length > 0);
    }
    expect(of('left')[0]?.problem).toMatch(/^the launcher died 10 times in a row \(.*SIGKILL\)$/);
    expect(said.at(-1)?.type).toBe('left');
    expect(starts()).toBe(10);
  });

  test('now and then with tasks done between, the engine stays', async () => {
    startEngine(command('good'));
    for (let i = 0; i < 11; i++) {
      run(0, 'die');
      await has('ended', 2 * i + 1);
      run(0, 'exit 0');
      await has('ended', 2 * i + 2);
    }
    expect(of('left')).toEqual([]);
    expect(starts()).toBe(12);
  });

  test('after it was told to leave, the engine leaves all the same', async () => {
    startEngine(command('good'));
    await has('joined');
    run(0, 'die');
    engine.receive({ type: 'leave', endBackground: false });
    await has('left');
    expect(said.at(-1)?.type).toBe('left');
  });
});

describe('a launcher that says what cannot be', () => {
  test('about lanes in which nothing runs makes no record', async () => {
    startEngine(command('good'));
    run(0, 'idle');
    await has('ended');
    run(0, 'exit 3');
    await has('ended', 2);
    expect(ends().map((end) => end.slice(0, 2))).toEqual([
      [0, 0],
      [0, 3],
    ]);
    expect(of('started').map(({ slot }) => slot)).toEqual([0, 0]);
    expect(logged.filter((line) => line.startsWith('ERROR'))).toHaveLength(2);
  });

  test('twice makes one record', async () => {
    startEngine(command('good'));
    run(0, 'twice');
    await has('ended');
    run(1, 'exit 0');
    await has('ended', 2);
    expect(ends().map((end) => end.slice(0, 2))).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });
});

describe('a launcher that does not come up', () => {
  const missing: LauncherCommand = { kind: 'native', file: '/no/such/launcher', args: [] };

  test('because there is none leaves it to the next, and no task is lost by that', async () => {
    startEngine(missing, command('good'));
    run(0, 'exit 4');
    await has('ended');
    expect(said.map((message) => message.type)).toEqual(['joined', 'started', 'ended']);
    expect(ends()[0]?.slice(0, 2)).toEqual([0, 4]);
    expect(logged.some((line) => line.includes('/no/such/launcher does not start'))).toBe(true);
  });

  test.each(['dies-at-once', 'other-version', 'garbage-at-once'])(
    '(%s) leaves it to the next, and no task is lost by that',
    async (role) => {
      startEngine(command(role, 'good'), command('good'));
      run(0, 'exit 4');
      await has('ended');
      expect(said.map((message) => message.type)).toEqual(['joined', 'started', 'ended']);
      expect(ends()[0]?.slice(0, 2)).toEqual([0, 4]);
    },
  );

  test('but hangs without a word is given up after a while', async () => {
    startEngine(command('never-hello', 'good'), command('good'));
    run(0, 'exit 4');
    await has('ended');
    expect(ends()[0]?.slice(0, 2)).toEqual([0, 4]);
  });

  test('nor any other ends in an engine that leaves and says so, without having joined', async () => {
    startEngine(missing, command('dies-at-once'));
    run(0, 'exit 4');
    await has('left');
    expect(said).toEqual([{ type: 'left', problem: 'no launcher starts on this node' }]);
  });
});

describe('an engine that is killed', () => {
  test('says nothing more, and takes its launcher with it', async () => {
    startEngine(command('good'));
    run(0, 'hold');
    await has('started');
    const pid = Number(readFileSync(join(folder, 'start-0'), 'utf8'));
    engine.kill();
    const count = said.length;
    await until('the launcher is dead', () => !lives(pid));
    run(1, 'exit 0');
    expect(said.length).toBe(count);
  });

  test('while its launcher has not said a word takes it along too', async () => {
    startEngine(command('never-hello'));
    await until('it is there', () => existsSync(join(folder, 'start-0')));
    const pid = Number(readFileSync(join(folder, 'start-0'), 'utf8'));
    engine.kill();
    await until('the launcher is dead', () => !lives(pid));
    expect(said).toEqual([]);
  });

  test('just after its launcher died starts no other, and says nothing more', async () => {
    startEngine(command('good'));
    await has('joined');
    run(0, 'left-over');
    await until('the launcher is dead', () => logged.some((line) => line.startsWith('ERROR')));
    engine.kill();
    const count = said.length;
    await until('what it left is dead', () => !lives(Number(readFileSync(join(folder, 'left-over'), 'utf8'))));
    // As long as it takes to start another program: a launcher would be there by then.
    for (let i = 0; i < 2; i++) {
      execFileSync(process.execPath, ['-e', '0']);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect([starts(), said.slice(count)]).toEqual([1, []]);
  });
});
