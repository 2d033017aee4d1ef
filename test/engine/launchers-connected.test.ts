import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { launcherSocketPaths } from '../../src/engine/launcher-listener.ts';
import { encodeToLauncher } from '../../src/engine/launcher-frames.ts';
import { noEngineStatus, noSlot } from '../../src/engine/launcher-protocol.ts';
import { signalProcess } from '../../src/engine/stray-processes.ts';
import { skipWithout } from '../support/needs.ts';
import {
  type Accepted,
  closeNodesAfterEach,
  connectTo,
  openNode,
  startLauncher,
  type Started,
  testFolder,
} from './fixtures/connecting.ts';
import { launchers, type Launcher } from './fixtures/launchers.ts';
import { isAlive, plainStart, until } from './fixtures/test-engine.ts';

const linux = process.platform === 'linux';
const nobody = 65534;

closeNodesAfterEach();

/** One launcher that has connected, and its process. */
async function connected(launcher: Launcher, ...args: string[]): Promise<{ started: Started; engine: Accepted }> {
  const node = await openNode();
  const started = startLauncher(launcher.command, [...node.connect, ...args]);
  const [engine] = await node.launchers(1);
  return { started, engine: engine! };
}

/** Starts a task that ends only by KILL. @returns its PID */
async function startStubborn(engine: Accepted): Promise<number> {
  const before = engine.all('started').length;
  engine.start(1, 'trap "" TERM; sleep 1000; sleep 1000; true');
  const { pid } = await engine.frame('started', before + 1);
  // Where only bash dies with its launcher, its sleep is left.
  onTestFinished(() => signalProcess(-pid, 'SIGKILL'));
  await until(() => spawnSync('pgrep', ['-g', String(pid), 'sleep']).status === 0, 'the trap');
  return pid;
}

describe.each(launchers)('the $name launcher that connects by itself', (launcher) => {
  test('runs tasks, and neither reads its standard input nor writes its standard output', async () => {
    const { started, engine } = await connected(launcher);
    expect(engine.all('hello')).toMatchObject([{ pid: started.pid, slot: noSlot, variables: [] }]);
    const ended = await engine.run('cat; echo out; echo err >/dev/stderr; exit 7');
    expect(ended).toMatchObject({ exitCode: 7, output: { head: 'out\n' }, error: { head: 'err\n' } });
    engine.link.send({ type: 'leave' });
    expect(await started.exited()).toEqual({ code: 0, signal: null });
    expect([started.stdout, started.stderr]).toEqual(['', '']);
    await until(() => engine.exits.length > 0, 'the exit, told to the engine');
    expect(engine.exits).toEqual([undefined]);
  });

  test('tells its slot, and of the variables that it is to tell those that are set', async () => {
    const node = await openNode();
    const env = { ...process.env, FIRST: 'é=1', EMPTY: '', OTHER: 'not asked for' };
    const tell = ['FIRST', 'NOT_SET', 'EMPTY'].flatMap((name) => ['--tell', name]);
    startLauncher(launcher.command, [...node.connect, '--slot', '3', ...tell], env);
    const [engine] = await node.launchers(1);
    expect(engine!.frames).toMatchObject([
      {
        slot: 3,
        variables: [
          ['FIRST', '\u00c3\u00a9=1'],
          ['EMPTY', ''],
        ],
      },
    ]);
  });

  if (linux)
    test('tells, and hands on, every byte of a variable as it was given it', async () => {
      const node = await openNode();
      const raw = `RAW=$'\\xff\\n\\xc3 \\x80' DISBATCH_RAW=$'\\xfe' exec "$@"`;
      const tell = ['--tell', 'RAW', '--tell', 'DISBATCH_RAW'];
      startLauncher(['/bin/bash', '-c', raw, 'bash', ...launcher.command], [...node.connect, ...tell]);
      const [engine] = await node.launchers(1);
      const [hello] = engine!.all('hello');
      const seen = ['\u00ff\n\u00c3 \u0080', '\u00fe'];
      expect(hello!.variables).toEqual([
        ['RAW', seen[0]],
        ['DISBATCH_RAW', seen[1]],
      ]);
      expect((await engine!.run('printf %s "$RAW"')).output.head).toBe(seen[0]);
    });

  if (linux)
    test('keeps its connection to itself: a task has its three descriptors and no more', async () => {
      const { engine } = await connected(launcher);
      const ended = await engine.run(
        'cd /proc/$$/fd; for fd in *; do if [ -e $fd ]; then echo $fd; fi; [ -S $fd ] && echo socket; done',
      );
      expect(ended.output.head).toBe('0\n1\n2\n');
    });

  test('waits for an engine that comes late, and takes the first path where one listens', async () => {
    const [none, late] = [testFolder(), testFolder()];
    const paths = launcherSocketPaths([none, late], 'run', 1);
    mkdirSync(join(none, 'disbatch-run-1'), { mode: 0o700 });
    const started = startLauncher(launcher.command, connectTo(paths));
    // It has begun to try: the mask of signals that it ignores is set before.
    if (linux) await until(() => ignoresTerm(started.pid), 'the launcher to be up');
    const node = await openNode([late]);
    const [engine] = await node.launchers(1);
    expect((await engine!.run('exit 3')).exitCode).toBe(3);
  });

  test('gives up after its patience, with one line and a status of its own', async () => {
    const folder = testFolder();
    const paths = [join(folder, 'none/slots'), join(folder, 'x'.repeat(200), 'slots')];
    const before = performance.now();
    const started = startLauncher(launcher.command, [...connectTo(paths), '--patience', '300']);
    expect(await started.exited()).toEqual({ code: noEngineStatus, signal: null });
    expect(performance.now() - before).toBeGreaterThan(300);
    expect(started.stderr).toMatch(
      /^disBatch launcher: there is no engine to connect to within 300 ms \(.*none\/slots: no such file.*; .*too long.*\)\n$/i,
    );
    expect(started.stdout).toBe('');
  });

  test('does not speak with an engine of another user', async (ctx) => {
    skipWithout(ctx, 'util-linux');
    if (process.getuid?.() !== 0) ctx.skip('only root can start a launcher as another user');
    const folder = testFolder();
    chmodSync(folder, 0o755);
    // Where the other user can read it.
    const file = join(folder, basename(launcher.command.at(-1)!));
    copyFileSync(launcher.command.at(-1)!, file);
    chmodSync(file, 0o755);
    let bytes = 0;
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
    });
    const path = join(folder, 'slots');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => void server.close());
    chmodSync(path, 0o777);
    const as = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];
    const command = [...as, ...launcher.command.slice(0, -1), file];
    const started = startLauncher(command, [...connectTo([path]), '--patience', '200']);
    expect(await started.exited()).toEqual({ code: noEngineStatus, signal: null });
    expect(started.stderr).toMatch(/another user listens there|not one that only this user can write to/);
    expect(bytes).toBe(0);
  });

  test('ends its tasks and itself when the engine has gone', { timeout: 30_000 }, async () => {
    const { started, engine } = await connected(launcher);
    const pid = await startStubborn(engine);
    engine.socket.destroy();
    expect(await started.exited()).toEqual({ code: 0, signal: null });
    await until(() => !isAlive(pid), 'the death of the task');
  });

  test('still reports how its tasks ended to an engine that only listens', { timeout: 30_000 }, async () => {
    const { started, engine } = await connected(launcher);
    engine.start(0, 'sleep 1000; true');
    await engine.frame('started');
    const pid = await startStubborn(engine);
    engine.socket.end();
    await engine.frame('done');
    expect(engine.all('ended').map(({ exitCode }) => exitCode)).toEqual([-15, -9]);
    expect(await started.exited()).toEqual({ code: 0, signal: null });
    await until(() => !isAlive(pid), 'the death of the task');
  });

  test('dies at once when its engine kills it, and where the system can do that its tasks too', async () => {
    const { started, engine } = await connected(launcher);
    const pid = await startStubborn(engine);
    engine.link.kill();
    expect(await started.exited()).toEqual({ code: null, signal: 'SIGKILL' });
    await until(() => engine.exits.length > 0, 'the exit, told to the engine');
    engine.link.kill();
    engine.link.send({ type: 'leave' });
    expect(engine.exits).toEqual(['the launcher was killed']);
    if (launcher.native) await until(() => !isAlive(pid), 'the death of the task', 3000);
  });

  test('is missed by its engine when it is killed by another', async () => {
    const { started, engine } = await connected(launcher);
    const pid = await startStubborn(engine);
    process.kill(started.pid, 'SIGKILL');
    await until(() => engine.exits.length > 0, 'the exit, told to the engine');
    expect(engine.exits).toEqual(['the launcher closed its connection']);
    if (launcher.native) await until(() => !isAlive(pid), 'the death of the task', 3000);
  });

  test('and its tasks are not touched by the signals that a resource manager sends it', async () => {
    const { started, engine } = await connected(launcher);
    engine.start(1, 'f=$(mktemp -u); mkfifo $f; echo $f; echo go <$f; rm $f; exit 5');
    await engine.frame('started');
    for (const signal of ['SIGTERM', 'SIGCONT', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const)
      process.kill(started.pid, signal);
    expect((await engine.run('exit 4')).exitCode).toBe(4);
    expect([started.exit, engine.exits]).toEqual([undefined, []]);
  });

  test('serves as one of many on its node, each with its slot', async () => {
    const node = await openNode();
    const slots = [0, 1, 2, 3];
    for (const slot of slots) {
      startLauncher(launcher.command, [...node.connect, '--slot', String(slot), '--tell', 'MINE'], {
        ...process.env,
        MINE: `of ${slot}`,
      });
    }
    const all = await node.launchers(4);
    const bySlot = all.map((engine) => ({ engine, hello: engine.all('hello')[0]! }));
    bySlot.sort((a, b) => a.hello.slot - b.hello.slot);
    expect(bySlot.map(({ hello }) => [hello.slot, hello.variables[0]?.[1]])).toEqual(
      slots.map((slot) => [slot, `of ${slot}`]),
    );
    const ends = await Promise.all(bySlot.map(({ engine }) => engine.run('printf %s "$MINE"')));
    expect(ends.map(({ output }) => output.head)).toEqual(slots.map((slot) => `of ${slot}`));
  });

  test('is not hurried by an engine that does not read, and loses no report', { timeout: 60_000 }, async () => {
    const { engine } = await connected(launcher);
    engine.socket.pause();
    const failing = encodeToLauncher({
      type: 'start',
      lane: 0,
      command: asBytes('\0'.repeat(10)),
      ...plainStart,
      env: [],
    });
    const count = 200_000; // about 10 MB of FAILED frames
    for (let i = 0; i < count; i += 10_000)
      engine.socket.write(Buffer.concat(Array.from({ length: 10_000 }, () => failing)));
    engine.start(0, 'exit 5');
    // It stops reading: most of what was sent still waits on this side.
    if (linux) await until(() => engine.socket.writableLength > 0, 'the launcher to stop reading');
    engine.socket.resume();
    expect((await engine.frame('ended')).exitCode).toBe(5);
    expect(engine.all('failed')).toHaveLength(count);
  });

  test.each([
    ['a slot that is no number', ['--slot', 'x']],
    ['a negative patience', ['--patience', '-1']],
    ['more paths than it tries', connectTo(['/a', '/b', '/c', '/d', '/e'])],
    ['more variables than it tells', Array.from({ length: 17 }, (_, i) => ['--tell', `V${i}`]).flat()],
    ['a flag without its value', ['--connect']],
    ['a flag that it does not know', ['--conect', '/a']],
  ])('ends with status 2 and one line when it is given %s', async (_what, args) => {
    const started = startLauncher(launcher.command, args);
    expect(await started.exited()).toEqual({ code: 2, signal: null });
    expect(started.stderr).toMatch(/^.+\n$/);
  });
});

/** Whether a process ignores TERM, or has a handler for it. Linux. */
function ignoresTerm(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/status`)) return false;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const masks = [...status.matchAll(/^Sig(?:Ign|Cgt):\t([0-9a-f]+)$/gm)].map(([, mask]) => BigInt(`0x${mask}`));
  return masks.some((mask) => (mask & (1n << 14n)) !== 0n);
}
