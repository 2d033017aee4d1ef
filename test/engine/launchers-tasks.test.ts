import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asBytes, ofArray } from '../../src/base/byte-string.ts';
import { featureSweep, featureUsage, noSlot, protocolVersion } from '../../src/engine/launcher-protocol.ts';
import { closeEnginesAfterEach, launchers, openEngine } from './fixtures/launchers.ts';
import { type Ended } from './fixtures/test-engine.ts';

const linux = process.platform === 'linux';

/** Signals whose default is not the end of the process. */
const harmless = [
  'SIGCHLD',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGWINCH',
  'SIGINFO',
].map((name) => constants.signals[name as NodeJS.Signals]);
const deadly = Array.from({ length: linux ? 64 : 31 }, (_, i) => i + 1).filter((signal) => !harmless.includes(signal));

closeEnginesAfterEach();

describe.each(launchers)('a task of the $name launcher', (launcher) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'disbatch-test-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('is preceded by a hello that tells what the launcher can do', async () => {
    const engine = await openEngine(launcher);
    expect(engine.frames[0]).toEqual({
      type: 'hello',
      version: protocolVersion,
      pid: engine.pid,
      features: launcher.native ? featureUsage | featureSweep : 0,
      slot: noSlot,
      variables: [],
    });
  });

  test('is reported with every exit code from 0 to 255', { timeout: 60_000 }, async () => {
    const engine = await openEngine(launcher);
    const codes = Array.from({ length: 256 }, (_, code) => code);
    const seen = await runAll(
      engine,
      codes.map((code) => `exit ${code}`),
    );
    expect(seen.map((ended) => ended.exitCode)).toEqual(codes);
  });

  test('is reported as -N when signal N killed it, for every signal that kills', { timeout: 60_000 }, async () => {
    const engine = await openEngine(launcher);
    // One at a time: the portable launcher cannot promise the signals that have no name when many tasks end at once.
    const seen = await runAll(
      engine,
      deadly.map((signal) => `ulimit -c 0; ${signal === 3 ? 'exec sh -c "kill -3 \\$\\$"' : `kill -${signal} $$`}`),
      launcher.native ? 8 : 1,
    );
    expect(seen.map((ended) => ended.exitCode)).toEqual(deadly.map((signal) => -signal));
  });

  test('is told apart from one that exits with 128 and the number of a signal', async () => {
    const engine = await openEngine(launcher);
    expect((await engine.run('exit 137')).exitCode).toBe(137);
    expect((await engine.run('kill -9 $$')).exitCode).toBe(-9);
    expect((await engine.run('bash -c "kill -9 \\$\\$"; exit $?')).exitCode).toBe(137);
  });

  test('is reported with its process id and its times', async () => {
    const engine = await openEngine(launcher);
    const before = Date.now() / 1000;
    const ended = await engine.run('echo $$; sleep 0.2');
    const started = await engine.frame('started');
    expect(ended.output.head).toBe(`${ended.pid}\n`);
    expect(started.pid).toBe(ended.pid);
    expect(started.start).toBe(ended.start);
    expect(ended.start).toBeGreaterThanOrEqual(before - 0.01);
    expect(ended.finish - ended.start).toBeGreaterThan(0.19);
    expect(ended.finish).toBeLessThanOrEqual(Date.now() / 1000 + 0.01);
  });

  test('reads end of file from its standard input', async () => {
    const engine = await openEngine(launcher);
    expect((await engine.run('cat; read x; echo "$?"')).output.head).toBe('1\n');
  });

  test('that is a syntax error fails with the words of bash', async () => {
    const engine = await openEngine(launcher);
    const ended = await engine.run('if then');
    const direct = directly('if then');
    expect(ended.exitCode).toBe(direct.status);
    expect(ended.error.head + ended.error.tail).toBe(direct.stderr.slice(0, 40) + direct.stderr.slice(40).slice(-40));
  });

  test('gets every byte of its command but NUL and newline as it is', async () => {
    const engine = await openEngine(launcher);
    const all = ofArray(Uint8Array.from({ length: 255 }, (_, i) => i + 1).filter((byte) => byte !== 10 && byte !== 39));
    for (const [i, value] of [all, `${all}ende`, '\xff', 'h\xc3\xa9\\x41\\\\ %b', '\\c\xff\\0101'].entries()) {
      const file = join(folder, `bytes${i}`);
      const ended = await engine.run(`printf %s '${value}' >${file}; echo "$0" "$#"`, { bytes: true });
      expect(readFileSync(file, 'latin1')).toBe(value);
      expect(ended).toMatchObject({ exitCode: 0, output: { head: '/bin/bash 0\n' } });
    }
  });

  test('whose command is not UTF-8 keeps its process id and the prefix of error messages', async () => {
    const engine = await openEngine(launcher);
    const ended = await engine.run('echo $$; no-such-command-\xff', { bytes: true });
    expect(ended.output.head).toBe(`${ended.pid}\n`);
    expect(ended.exitCode).toBe(127);
    expect(ended.error.head).toMatch(/^\/bin\/bash: line 1: .*no-such-command-/);
  });

  // The length is the kernel's: 32 pages, here of 4 KiB.
  test('may have 131,071 bytes and no more', { timeout: 60_000 }, async (ctx) => {
    if (!linux) ctx.skip('the limit is that of Linux');
    const engine = await openEngine(launcher);
    for (const filler of ['x', '\xff']) {
      const most = asBytes(`exit 7 # ${filler.repeat(131_071 - 9)}`);
      expect((await engine.run(most, { bytes: true })).exitCode).toBe(7);
      const failed = await engine.runFailing(asBytes(`${most}${filler}`));
      expect(failed.errno).toBe(7);
      expect(failed.reason).toBe(
        'Argument list too long: the command has 131072 bytes, the system takes at most 131071',
      );
      expect(failed.time).toBeCloseTo(Date.now() / 1000, -1);
    }
    expect((await engine.run('exit 3')).exitCode).toBe(3);
  });

  test('can open its outputs by name', async () => {
    const engine = await openEngine(launcher);
    const ended = await engine.run('echo out >/dev/stdout && echo error >/dev/stderr');
    expect(ended).toMatchObject({ exitCode: 0, output: { head: 'out\n' }, error: { head: 'error\n' } });
  });

  test('has exactly the descriptors 0, 1 and 2: /dev/null and two pipes', async (ctx) => {
    if (!linux) ctx.skip('only Linux shows them in /proc');
    // The launcher itself is started with a descriptor too many.
    const engine = await openEngine({
      ...launcher,
      command: ['/bin/bash', '-c', 'exec "$@" 57</dev/null', 'bash', ...launcher.command],
    });
    const types = await engine.run(
      'stat -L -c %F /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2; readlink /proc/$$/fd/0; true',
    );
    expect(types.output.head + types.output.tail).toBe('character special file\nfifo\nfifo\n/dev/null\n');
    // The third is the listing's own.
    expect((await engine.run('ls /proc/self/fd')).output.head).toBe('0\n1\n2\n3\n');
  });

  test('has exactly the environment of the launcher with the given names set', async () => {
    const own = {
      PATH: process.env['PATH'] ?? '/bin:/usr/bin',
      KEPT: 'kept = "x"',
      CHANGED: 'old',
      EMPTY: '',
      'odd.name': '1',
      LINES_: 'a\nb',
    };
    const engine = await openEngine(launcher, { env: own });
    const given: [string, string][] = [
      ['CHANGED', 'new=ü'],
      ['ADDED', 'a'],
      ['TWICE', '1'],
      ['TWICE', '2'],
    ];
    const file = join(folder, 'env');
    await engine.run(`env -0 >${file}; true`, { env: given });
    const expected = directly('env -0; true', { ...own, CHANGED: 'new=ü', ADDED: 'a', TWICE: '2' }).stdout;
    const sorted = (text: string): string[] => text.split('\0').sort();
    expect(sorted(readFileSync(file, 'utf8'))).toEqual(sorted(expected));
    await engine.run(`env -0 >${file}`);
    expect(readFileSync(file, 'utf8')).toContain('CHANGED=old\0');
    expect(readFileSync(file, 'utf8')).not.toContain('ADDED');
  });

  test('has environment values that are not UTF-8 as they were', async (ctx) => {
    if (!linux) ctx.skip('only Linux shows them in /proc');
    // Only a shell can give the launcher such a value.
    const script = `export RAW=$'a\\377b' BASH_ENV=${folder}/startup; exec "$@"`;
    writeFileSync(`${folder}/startup`, 'echo startup\n');
    const engine = await openEngine({ ...launcher, command: ['/bin/bash', '-c', script, 'bash', ...launcher.command] });
    expect((await engine.run('printf %s "$RAW"')).output.head).toBe('startup\na\xffb');
    expect((await engine.run('printf %s "$RAW"', { env: [['RAW', 'given']] })).output.head).toBe('startup\ngiven');
  });

  test('gets the limit on open files that it is to have, and the launcher keeps its own', async () => {
    const engine = await openEngine(launcher, { args: ['--nofile', '77'] });
    expect((await engine.run('ulimit -Sn')).output.head).toBe('77\n');
    const several = Array.from({ length: 60 }, () => 'ulimit -Sn; sleep 0.2');
    const seen = await runAll(engine, several, 60);
    expect(seen.map((ended) => ended.output.head)).toEqual(several.map(() => '77\n'));
    const hard = directly('ulimit -Hn').stdout;
    expect((await engine.run('ulimit -Hn')).output.head).toBe(hard);
  });

  test('starts with default signal dispositions, whatever the launcher was started with', async () => {
    const engine = await openEngine({
      ...launcher,
      command: ['/bin/bash', '-c', 'trap "" HUP PIPE INT; exec "$@"', 'bash', ...launcher.command],
    });
    for (const signal of [1, 2, 13, 15]) expect((await engine.run(`kill -${signal} $$`)).exitCode).toBe(-signal);
    if (linux) {
      const masks = await engine.run("grep -E 'Sig(Blk|Ign)' /proc/self/status | tr -d '0\\n'");
      expect(masks.output.head).toBe('SigBlk:\tSigIgn:\t');
    }
  });

  test('ignores the signals that it is to ignore', async () => {
    const engine = await openEngine(launcher, { args: ['--ignore-signals', '1,12'] });
    const ended = await engine.run('kill -1 $$; kill -12 $$; bash -c "kill -1 \\$\\$"; echo alive; kill -15 $$');
    expect(ended).toMatchObject({ exitCode: -15, output: { head: 'alive\n' } });
  });

  test('leads a session and a process group of its own', async () => {
    const engine = await openEngine(launcher);
    const ended = await engine.run('ps -o sess=,pgid= -p $$ | xargs');
    if (linux) expect(ended.output.head).toBe(`${ended.pid} ${ended.pid}\n`);
    else expect(ended.output.head).toContain(` ${ended.pid}\n`);
  });

  test('that was stopped still runs, and goes on when it is continued', async () => {
    const engine = await openEngine(launcher);
    engine.start(0, 'kill -STOP $$; echo continued');
    const { pid } = await engine.frame('started');
    const state = (): string => spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
    await engine.until(() => state().startsWith('T'), 'the stop');
    expect((await engine.run('echo other', { lane: 1 })).output.head).toBe('other\n');
    expect(engine.frames.some((frame) => frame.type === 'ended' && frame.lane === 0)).toBe(false);
    engine.send({ type: 'signal', lane: 0, signal: constants.signals.SIGCONT });
    expect(await engine.frame('ended', (frame) => frame.lane === 0)).toMatchObject({
      exitCode: 0,
      output: { head: 'continued\n' },
    });
  });

  test('gets signals with its whole process group', async () => {
    const engine = await openEngine(launcher);
    engine.start(
      3,
      'trap "echo got it; exit 5" USR1; (trap "exit 0" USR1; echo ready; sleep 100 & wait; sleep 100) & wait; wait',
    );
    await engine.frame('started');
    engine.send({ type: 'signal', lane: 4, signal: 9 });
    engine.send({ type: 'signal', lane: 3, signal: 0 });
    engine.send({ type: 'signal', lane: 3, signal: 4000 });
    const { pid } = await engine.frame('started');
    // By its name: the words of the command stand in the arguments of bash from the start.
    const sleeps = (): boolean => spawnSync('pgrep', ['-g', String(pid), '-x', 'sleep']).status === 0;
    await engine.until(sleeps, 'the sleep');
    engine.send({ type: 'signal', lane: 3, signal: constants.signals.SIGUSR1 });
    const ended = await engine.frame('ended');
    expect(ended).toMatchObject({ exitCode: 5, output: { head: 'ready\ngot it\n' } });
  });

  test('can send signals to its launcher without harm', async () => {
    const engine = await openEngine(launcher);
    await engine.run('for s in TERM INT HUP QUIT USR1 USR2; do kill -$s $PPID; done');
    expect((await engine.run('echo $PPID')).output.head).toBe(`${engine.pid}\n`);
    expect(engine.exit).toBeUndefined();
    expect(engine.errorText).toBe('');
  });

  test('runs beside 199 others', { timeout: 60_000 }, async () => {
    const engine = await openEngine(launcher);
    for (let lane = 0; lane < 200; lane++) engine.start(lane, `kill -STOP $$; echo ${lane}; exit ${lane}`);
    const started = (): number[] => engine.frames.flatMap((frame) => (frame.type === 'started' ? [frame.pid] : []));
    await engine.until(() => started().length === 200, '200 starts', 40_000);
    const stopped = (): number =>
      spawnSync('ps', ['-o', 'stat=', '-p', started().join()], { encoding: 'utf8' })
        .stdout.split('\n')
        .filter((stat) => stat.startsWith('T')).length;
    await engine.until(() => stopped() === 200, '200 tasks that run');
    for (let lane = 0; lane < 200; lane++) engine.send({ type: 'signal', lane, signal: constants.signals.SIGCONT });
    for (let lane = 0; lane < 200; lane++) {
      const ended = await engine.frame('ended', (frame) => frame.lane === lane);
      expect(ended).toMatchObject({ exitCode: lane, output: { head: `${lane}\n` } });
    }
  });

  test('with a NUL in its command or no name in its environment harms nobody', async () => {
    const engine = await openEngine(launcher);
    expect(await engine.runFailing(asBytes('echo a\0b'))).toMatchObject({ errno: constants.errno.EINVAL });
    expect((await engine.run('')).exitCode).toBe(0);
  });
});

/** What a bash started by the test itself does. Its standard input is no socket: bash would take that for a remote shell. */
function directly(
  command: string,
  env: NodeJS.ProcessEnv = process.env,
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('/bin/bash', ['-c', command], { env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

/** Runs the commands, so many at a time, and returns their ends in their order. */
async function runAll(
  engine: Awaited<ReturnType<typeof openEngine>>,
  commands: readonly string[],
  lanes = 8,
): Promise<Ended[]> {
  const ends: Ended[] = [];
  let next = 0;
  const lane = async (number: number): Promise<void> => {
    while (next < commands.length) {
      const i = next++;
      ends[i] = await engine.run(commands[i]!, { lane: number });
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  return ends;
}
