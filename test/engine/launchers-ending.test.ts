import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { encodeToLauncher } from '../../src/engine/launcher-frames.ts';
import { asBytes } from '../../src/base/byte-string.ts';
import { closeEnginesAfterEach, launchers, openEngine } from './fixtures/launchers.ts';
import { isAlive, plainStart, type TestEngine, until } from './fixtures/test-engine.ts';

const linux = process.platform === 'linux';

closeEnginesAfterEach();

/** Starts `sleep 1000` in so many ways and returns the process ids, bash and sleep of each. */
async function startSleepers(engine: TestEngine): Promise<number[]> {
  engine.start(0, 'sleep 1000; true');
  engine.start(1, 'trap "" TERM; sleep 1000; sleep 1000; true');
  engine.start(2, 'kill -STOP $$; sleep 1000');
  await engine.until(() => engine.frames.filter((frame) => frame.type === 'started').length === 3, '3 starts');
  const pids = engine.frames.flatMap((frame) => (frame.type === 'started' ? [frame.pid] : []));
  const members = (): number[] =>
    pids.flatMap((pid) =>
      spawnSync('pgrep', ['-g', String(pid)], { encoding: 'utf8' })
        .stdout.trim()
        .split('\n')
        .map(Number),
    );
  await engine.until(() => members().length === 5, 'all five processes');
  return members();
}

/** The processes that pgrep finds. */
function pidsOf(args: readonly string[]): number[] {
  return spawnSync('pgrep', args, { encoding: 'utf8' }).stdout.split('\n').filter(Boolean).map(Number);
}

describe.each(launchers)('the end of the $name launcher', (launcher) => {
  test('ENDs tasks with TERM at once, stopped ones too', async () => {
    const engine = await openEngine(launcher);
    engine.start(0, 'trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.05; done');
    engine.start(1, 'kill -STOP $$; sleep 1000');
    await engine.until(() => engine.frames.filter((frame) => frame.type === 'started').length === 2, '2 starts');
    const trapped = engine.frames.find((frame) => frame.type === 'started' && frame.lane === 0)!;
    const stopped = engine.frames.find((frame) => frame.type === 'started' && frame.lane === 1)!;
    if (trapped.type !== 'started' || stopped.type !== 'started') throw new Error('not started');
    const state = (pid: number): string =>
      spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
    const children = (pid: number): string => spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).stdout;
    await engine.until(
      () => state(stopped.pid).startsWith('T') && children(trapped.pid) !== '',
      'the stop and the trap',
    );
    const before = performance.now();
    engine.send({ type: 'end', graceMs: 10_000 });
    await engine.frame('done');
    expect(performance.now() - before).toBeLessThan(5000);
    expect(engine.frames.at(-1)).toEqual({ type: 'done', swept: 0 });
    expect(await engine.frame('ended', (frame) => frame.lane === 0)).toMatchObject({
      exitCode: 3,
      output: { head: 'ready\nbye\n' },
    });
    expect(await engine.frame('ended', (frame) => frame.lane === 1)).toMatchObject({ exitCode: -15 });
  });

  test('ENDs tasks that ignore TERM with KILL after the grace', async () => {
    const engine = await openEngine(launcher);
    const pids = await startSleepers(engine);
    const before = performance.now();
    engine.send({ type: 'end', graceMs: 600 });
    await engine.frame('done');
    expect(performance.now() - before).toBeGreaterThan(590);
    expect(await engine.frame('ended', (frame) => frame.lane === 1)).toMatchObject({ exitCode: -9 });
    await engine.until(() => !pids.some(isAlive), 'the death of all', 5000);
  });

  test('lets what a task started finish within the grace, though the task itself is gone', async () => {
    const engine = await openEngine(launcher);
    engine.start(
      0,
      'bash -c "trap \\"sleep 0.3; echo saved >$FILE; exit\\" TERM; echo ready; while :; do sleep 0.05; done"; true',
      [['FILE', '/dev/stderr']],
    );
    const { pid } = await engine.frame('started');
    await engine.until(() => spawnSync('pgrep', ['-g', String(pid), 'sleep']).status === 0, 'the trap');
    engine.send({ type: 'end', graceMs: 10_000 });
    await engine.frame('done');
    const ended = await engine.frame('ended');
    expect(ended.exitCode).toBe(-15);
    expect(ended.error.head).toContain('saved\n');
  });

  test('has its grace shortened by a second END', async () => {
    const engine = await openEngine(launcher);
    const pids = await startSleepers(engine);
    engine.send({ type: 'end', graceMs: 100_000 });
    await engine.frame('ended', (frame) => frame.lane === 0);
    engine.send({ type: 'end', graceMs: 0 });
    await engine.frame('done');
    await engine.until(() => !pids.some(isAlive), 'the death of all', 5000);
    expect(await engine.frame('ended', (frame) => frame.lane === 1)).toMatchObject({ exitCode: -9 });
  });

  test('starts nothing while it ENDs, and can start again after that', async () => {
    const engine = await openEngine(launcher);
    engine.start(0, 'trap "" TERM; sleep 1000; true');
    const { pid } = await engine.frame('started');
    await engine.until(() => pidsOf(['-g', String(pid), 'sleep']).length > 0, 'the trap');
    engine.send({ type: 'end', graceMs: 300 });
    expect((await engine.runFailing(asBytes('true'), 5)).errno).toBe(125);
    await engine.frame('done');
    expect((await engine.run('exit 4', { lane: 5 })).exitCode).toBe(4);
  });

  test('survives 300 background processes left behind', { timeout: 120_000 }, async () => {
    const engine = await openEngine(launcher);
    // Each only waits, and is a fork of bash without an exec, which is quick to start.
    const wait = 'f=$(mktemp -u); mkfifo $f; exec 3<>$f; rm $f';
    const ended = await engine.run(`${wait}; for i in {1..300}; do read -u 3 & done; exit 8`, { withinMs: 100_000 });
    expect(ended.exitCode).toBe(8);
    expect((await engine.run('echo fine')).output.head).toBe('fine\n');
    engine.send({ type: 'end', graceMs: 0 });
    const done = await engine.frame('done');
    if (launcher.native) {
      expect(done.swept).toBe(300);
      expect(spawnSync('pgrep', ['-g', String(ended.pid)]).status).toBe(1);
    } else {
      process.kill(-ended.pid, 'SIGKILL');
    }
  });

  if (launcher.native)
    test('sweeps what left the session of its task, and what that started', async () => {
      const engine = await openEngine(launcher);
      const ended = await engine.run(
        'setsid bash -c "echo \\$\\$; (sleep 1000 & sleep 1000); true" & sleep 0.2; exit 0',
      );
      const escaped = Number(ended.output.head);
      expect(isAlive(escaped)).toBe(true);
      engine.send({ type: 'end', graceMs: 0 });
      expect((await engine.frame('done')).swept).toBe(4);
      expect(isAlive(escaped)).toBe(false);
    });

  test('leaves background processes alone when it is told to LEAVE', async () => {
    const engine = await openEngine(launcher);
    const ended = await engine.run('sleep 1000 >/dev/null 2>&1 & echo $!');
    const left = Number(ended.output.head);
    engine.send({ type: 'leave' });
    expect(await engine.exited()).toEqual({ code: 0, signal: null });
    expect(isAlive(left)).toBe(true);
    process.kill(left, 'SIGKILL');
  });

  test('comes, with all its tasks, when its standard input is closed', { timeout: 30_000 }, async () => {
    const engine = await openEngine(launcher);
    const pids = await startSleepers(engine);
    engine.child.stdin!.end();
    expect(await engine.exited(8000)).toEqual({ code: 0, signal: null });
    expect(engine.frames.filter((frame) => frame.type === 'ended')).toHaveLength(3);
    await engine.until(() => !pids.some(isAlive), 'the death of all', 5000);
  });

  test('comes, with all its tasks, when nobody can read its output any more', { timeout: 30_000 }, async () => {
    const engine = await openEngine(launcher);
    const pids = await startSleepers(engine);
    engine.child.stdout!.destroy();
    expect(await engine.exited(8000)).toEqual({ code: 0, signal: null });
    await engine.until(() => !pids.some(isAlive), 'the death of all', 5000);
  });

  test('comes, with all its tasks, when the engine is killed', { timeout: 30_000 }, async () => {
    // The engine is a shell that holds the other end of the launcher's standard input.
    const start = encodeToLauncher({
      type: 'start',
      lane: 0,
      command: asBytes('sleep 1000; true'),
      ...plainStart,
      env: [],
    });
    const octal = [...start].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
    const quoted = launcher.command.map((part) => `'${part}'`).join(' ');
    const script = `exec 4> >(exec ${quoted} >/dev/null); echo $!; printf '${octal}' >&4; kill -STOP $$`;
    const engine = spawn('/bin/bash', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let launcherPid = 0;
    engine.stdout.on('data', (chunk: Buffer) => (launcherPid = Number(chunk.toString())));
    const tasks = (): number[] => (launcherPid === 0 ? [] : pidsOf(['-P', String(launcherPid), 'bash']));
    await until(() => tasks().length === 1, 'the task', 15_000);
    const [task] = tasks();
    engine.kill('SIGKILL');
    await until(() => !isAlive(task!) && !isAlive(launcherPid), 'the death of task and launcher', 8000);
    expect(tasks()).toEqual([]);
  });

  if (launcher.native)
    test('by kill -9 takes the bash of every task with it', async () => {
      const engine = await openEngine(launcher);
      engine.start(0, 'sleep 3; sleep 3; true');
      const { pid } = await engine.frame('started');
      engine.start(1, 'kill -9 $PPID; sleep 1000');
      expect(await engine.exited()).toEqual({ code: null, signal: 'SIGKILL' });
      await engine.until(() => !isAlive(pid), 'the death of the other task', 2000);
    });

  test.each([
    ['an unknown type', [1, 0, 0, 0, 99]],
    ['a length of zero', [0, 0, 0, 0]],
    ['a length over 64 MiB', [255, 255, 255, 255]],
    ['a START shorter than its command', [10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 50, 0, 0, 0]],
    ['a START shorter than a path', [19, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 58, 50, 0, 0, 0, 0, 0, 0, 0]],
    ['a SIGNAL without a number', [5, 0, 0, 0, 2, 0, 0, 0, 0]],
    [
      'a START on a lane that is busy',
      [...encodeToLauncher({ type: 'start', lane: 0, command: asBytes('true'), ...plainStart, env: [] })],
    ],
    [
      'a START on a lane past all reason',
      [...encodeToLauncher({ type: 'start', lane: 4e9, command: asBytes('true'), ...plainStart, env: [] })],
    ],
  ])('comes with status 2 and one line after %s', async (_what, bytes) => {
    const engine = await openEngine(launcher);
    engine.start(0, 'sleep 1000; true');
    const { pid } = await engine.frame('started');
    engine.sendRaw(Buffer.from(bytes));
    expect(await engine.exited(8000)).toEqual({ code: 2, signal: null });
    expect(engine.errorText).toMatch(/^disBatch launcher: not a frame of the protocol: .*\n$/);
    await engine.until(() => !isAlive(pid), 'the death of the task', 2000);
  });

  test('is not hurried by an engine that does not read, and loses no report', { timeout: 60_000 }, async () => {
    const engine = await openEngine(launcher);
    engine.child.stdout!.pause();
    const failing = encodeToLauncher({
      type: 'start',
      lane: 0,
      command: asBytes('\0'.repeat(10)),
      ...plainStart,
      env: [],
    });
    const count = 200_000; // about 10 MB of FAILED frames
    for (let i = 0; i < count; i += 10_000)
      engine.sendRaw(Buffer.concat(Array.from({ length: 10_000 }, () => failing)));
    engine.start(0, 'exit 5');
    if (linux) {
      // It stops reading: most of what was sent still waits on this side.
      await engine.until(() => engine.child.stdin!.writableLength > 0, 'the launcher to stop reading');
    }
    engine.child.stdout!.resume();
    await engine.until(() => engine.frames.at(-1)?.type === 'ended', 'the end of the last task', 50_000);
    expect(engine.frames.at(-1)).toMatchObject({ exitCode: 5 });
    expect(engine.frames.filter((frame) => frame.type === 'failed')).toHaveLength(count);
  });
});
