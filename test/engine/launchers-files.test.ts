import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import type { OutputFiles } from '../../src/contract/result-files.ts';
import { skipWithout } from '../support/needs.ts';
import { lives, testFolder, until } from '../support/run-disbatch.ts';
import { closeEnginesAfterEach, launchers, openEngine } from './fixtures/launchers.ts';

const linux = process.platform === 'linux';
const { EEXIST, EFBIG, EIO, ENOSPC, ENOTDIR } = constants.errno;

closeEnginesAfterEach();

function filesIn(folder: string, name = 'task'): OutputFiles {
  return { output: join(folder, `${name}.out`), error: join(folder, `${name}.err`) };
}

/** Processes whose parent is this one, by name. */
function childrenOf(pid: number, name: string): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid), name], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}

describe.each(launchers)('the files of a task of the $name launcher', (launcher) => {
  test('hold what it wrote to each output, byte for byte', async () => {
    const engine = await openEngine(launcher);
    const files = filesIn(testFolder());
    const ended = await engine.run("printf '\\0\\1\\377\\376\\r\\n\\0'; printf 'b\\303\\n' >&2; printf end", { files });
    expect(readFileSync(files.output)).toEqual(Buffer.from('\0\x01\xff\xfe\r\n\0end', 'latin1'));
    expect(readFileSync(files.error)).toEqual(Buffer.from('b\xc3\n', 'latin1'));
    expect(ended.output).toEqual({ bytes: 10, head: '\0\x01\xff\xfe\r\n\0end', tail: '', fileError: 0 });
    expect(ended.error).toMatchObject({ bytes: 3, fileError: 0 });
  });

  test('hold 50 MB each that come at once', { timeout: 60_000 }, async () => {
    const engine = await openEngine(launcher);
    const files = filesIn(testFolder());
    const size = 50_000_000;
    const command = `yes output | head -c ${size} & yes error | head -c ${size} >&2; wait`;
    const ended = await engine.run(command, { files, withinMs: 50_000 });
    expect([ended.output.bytes, ended.error.bytes]).toEqual([size, size]);
    expect(readFileSync(files.output).equals(Buffer.alloc(size, 'output\n'))).toBe(true);
    expect(readFileSync(files.error).equals(Buffer.alloc(size, 'error\n'))).toBe(true);
    expect([ended.output.fileError, ended.error.fileError]).toEqual([0, 0]);
  });

  test('are not made for an output that stays empty, nor is a folder', async () => {
    const engine = await openEngine(launcher);
    const folder = testFolder();
    await engine.run('true', { files: filesIn(join(folder, 'new')) });
    expect(readdirSync(folder)).toEqual([]);
    await engine.run('echo x >&2', { files: filesIn(folder) });
    expect(readdirSync(folder)).toEqual(['task.err']);
  });

  test('are made for one output alone when only that is to be kept', async () => {
    const engine = await openEngine(launcher);
    const folder = testFolder();
    const ended = await engine.run('echo x; echo y >&2', { files: { output: '', error: join(folder, 'only') } });
    expect(readdirSync(folder)).toEqual(['only']);
    expect(ended.output).toMatchObject({ bytes: 2, fileError: 0 });
  });

  test('take the place of those of an earlier run, also when there is nothing to keep this time', async () => {
    const engine = await openEngine(launcher);
    const folder = testFolder();
    const files = filesIn(folder);
    for (const path of [files.output, files.error]) writeFileSync(path, 'of an earlier run, and longer');
    await engine.run('echo new', { files });
    expect(readFileSync(files.output, 'utf8')).toBe('new\n');
    expect(existsSync(files.error)).toBe(false);
  });

  test('of an earlier run are gone when the task could not be started, too', async () => {
    const engine = await openEngine(launcher);
    const folder = testFolder();
    const files = filesIn(folder);
    writeFileSync(files.output, 'of an earlier run');
    const from = engine.frames.length;
    engine.send({
      ...{ type: 'start', lane: 0, command: asBytes('x'.repeat(5_000_000)), followMemory: false, files, env: [] },
    });
    await engine.frame('failed', () => true, from);
    await until('the end of the old file', () => !existsSync(files.output));
    expect(readdirSync(folder)).toEqual([]);
  });

  test('are in folders that are made as far as they are missing, with the modes that the umask leaves', async () => {
    const engine = await openEngine({
      ...launcher,
      command: ['/bin/bash', '-c', 'umask 027; exec "$@"', 'bash', ...launcher.command],
    });
    const folder = testFolder();
    const files = filesIn(join(folder, 'a/b/c'));
    const ended = await engine.run('echo x; echo y >&2', { files });
    expect([ended.output.fileError, ended.error.fileError]).toEqual([0, 0]);
    const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    expect(['a', 'a/b', 'a/b/c'].map((name) => modeOf(join(folder, name)))).toEqual(['750', '750', '750']);
    expect([files.output, files.error].map(modeOf)).toEqual(['640', '640']);
  });

  test('of many tasks at once have each its own', { timeout: 60_000 }, async () => {
    const engine = await openEngine(launcher);
    const folder = testFolder();
    const runs = Array.from({ length: 50 }, async (_, lane) => {
      for (let round = 0; round < 3; round++) {
        const files = filesIn(join(folder, String(lane)), String(round));
        const ended = await engine.run(`echo ${lane} ${round}; echo ${lane} ${round} >&2`, { lane, files });
        expect([ended.output.fileError, ended.error.fileError]).toEqual([0, 0]);
        for (const path of [files.output, files.error]) expect(readFileSync(path, 'utf8')).toBe(`${lane} ${round}\n`);
      }
    });
    await Promise.all(runs);
  });

  test('are never written through a link that somebody has put there', async () => {
    const engine = await openEngine(launcher);
    const folder = testFolder();
    const files = filesIn(folder);
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'precious');
    // At the start it is removed as any old file.
    symlinkSync(victim, files.output);
    expect((await engine.run('echo x', { files })).output.fileError).toBe(0);
    expect(readFileSync(files.output, 'utf8')).toBe('x\n');
    // And after that: the task does it, when it sees that the old file is gone.
    const command = `until [ ! -e ${files.output} ]; do :; done; ln -s ${victim} ${files.output}; echo x; exit 3`;
    const ended = await engine.run(command, { files });
    expect(ended).toMatchObject({ exitCode: 3, output: { bytes: 2, head: 'x\n', fileError: EEXIST } });
    expect(readFileSync(victim, 'utf8')).toBe('precious');
  });

  test('that cannot be made cost the task nothing, and their error is told', async () => {
    const engine = await openEngine(launcher);
    const folder = testFolder();
    writeFileSync(join(folder, 'file'), '');
    const files = filesIn(join(folder, 'file/below'));
    const ended = await engine.run('head -c 1000000 /dev/zero; echo x >&2; exit 4', { files });
    expect(ended).toMatchObject({ exitCode: 4, output: { bytes: 1_000_000, fileError: ENOTDIR } });
    expect(ended.error).toMatchObject({ bytes: 2, head: 'x\n', fileError: ENOTDIR });
  });

  test('that are folders are left alone, and the error is told though there is nothing to write', async () => {
    const engine = await openEngine(launcher);
    const files = filesIn(testFolder());
    mkdirSync(files.error);
    const ended = await engine.run('true', { files });
    expect(ended.output.fileError).toBe(0);
    expect(ended.error.fileError).toBeGreaterThan(0);
    expect(statSync(files.error).isDirectory()).toBe(true);
  });

  test('over the limit on file sizes end there, and the task goes on', async () => {
    const engine = await openEngine({
      ...launcher,
      command: ['/bin/bash', '-c', 'ulimit -f 64; exec "$@"', 'bash', ...launcher.command],
    });
    const files = filesIn(testFolder());
    const ended = await engine.run('head -c 1000000 /dev/zero; printf end', { files });
    expect(ended).toMatchObject({ exitCode: 0, output: { bytes: 1_000_003, fileError: EFBIG } });
    expect(ended.output.tail.endsWith('end')).toBe(true);
    expect(readFileSync(files.output).equals(Buffer.alloc(64 * 1024))).toBe(true);
    expect((await engine.run('echo x', { files })).output.fileError).toBe(0);
  });

  test('on a disk that is full end there, the task goes on, and the next has its files', async (ctx) => {
    skipWithout(ctx, 'namespaces');
    const mount = testFolder();
    const engine = await openEngine({
      ...launcher,
      command: [
        ...['unshare', '--mount', '--propagation', 'private', '/bin/sh', '-c'],
        ...[`mount -t tmpfs -o size=1m tmpfs ${mount} && exec "$@"`, 'sh', ...launcher.command],
      ],
    });
    const files = filesIn(mount);
    const inside = (path: string): Buffer => readFileSync(join(`/proc/${engine.pid}/root`, path));
    const ended = await engine.run('head -c 3000000 /dev/zero; printf end; echo x >&2; exit 5', { files });
    expect(ended).toMatchObject({ exitCode: 5, output: { bytes: 3_000_003, fileError: ENOSPC } });
    const kept = inside(files.output);
    expect(kept.length).toBeGreaterThan(900_000);
    expect(kept.equals(Buffer.alloc(kept.length))).toBe(true);
    const next = await engine.run('echo next', { files });
    expect(next.output.fileError).toBe(0);
    expect(inside(files.output).toString()).toBe('next\n');
  });

  test('have nothing of what a background process writes after the report', async () => {
    const engine = await openEngine(launcher);
    const folder = testFolder();
    const files = filesIn(folder);
    const ended = await engine.run(`(sleep 1; echo late; echo late >&2; touch ${folder}/wrote) & echo first`, {
      files,
    });
    expect(ended.output).toMatchObject({ bytes: 6, fileError: 0 });
    const rest = engine.run('echo other', { files: filesIn(folder, 'other') });
    await until('what the background process writes', () => existsSync(join(folder, 'wrote')));
    await rest;
    expect(readFileSync(files.output, 'utf8')).toBe('first\n');
    expect(existsSync(files.error)).toBe(false);
  });

  test('have as much as is counted of a background process that never stops writing', async () => {
    const engine = await openEngine(launcher);
    const files = filesIn(testFolder());
    const flooded = await engine.run('yes & exit 2', { files });
    expect(flooded).toMatchObject({ exitCode: 2, output: { fileError: 0 } });
    expect(flooded.output.bytes).toBeGreaterThan(1000);
    expect(statSync(files.output).size).toBe(flooded.output.bytes);
    process.kill(-flooded.pid, 'SIGKILL');
  });

  test('have what was written when the launcher is killed, and nothing of it stays behind', async (ctx) => {
    if (!linux) ctx.skip('tasks die with their launcher on Linux only');
    const engine = await openEngine(launcher);
    const files = filesIn(testFolder());
    const from = engine.frames.length;
    engine.send({ type: 'start', lane: 0, command: asBytes('yes'), followMemory: true, files, env: [] });
    const { pid } = await engine.frame('started', () => true, from);
    await until('a file that grows', () => existsSync(files.output) && statSync(files.output).size > 1_000_000);
    const helpers = childrenOf(engine.pid, 'disbatch-');
    expect(helpers.length).toBeGreaterThanOrEqual(launcher.native ? 1 : 0);
    process.kill(engine.pid, 'SIGKILL');
    await engine.exited();
    if (!launcher.native) process.kill(-pid, 'SIGKILL');
    await until('the end of all', () => ![pid, ...helpers].some(lives));
    const kept = readFileSync(files.output);
    expect(kept.equals(Buffer.alloc(kept.length, 'y\n'))).toBe(true);
  });

  if (launcher.native)
    test('tell an error when their writer is killed, and the next task has another', async () => {
      const engine = await openEngine(launcher);
      const folder = testFolder();
      const files = filesIn(folder);
      const go = join(folder, 'go');
      const run = engine.run(`echo before; until [ -e ${go} ]; do sleep 0.01; done; echo after; exit 6`, { files });
      await until('the first line', () => existsSync(files.output) && statSync(files.output).size > 0);
      for (const pid of childrenOf(engine.pid, 'disbatch-write')) process.kill(pid, 'SIGKILL');
      await until('their end', () => !childrenOf(engine.pid, 'disbatch-write').some(lives));
      writeFileSync(go, '');
      expect(await run).toMatchObject({
        exitCode: 6,
        output: { bytes: 13, fileError: EIO },
        error: { fileError: EIO },
      });
      expect(readFileSync(files.output, 'utf8')).toBe('before\n');
      expect((await engine.run('echo next', { files })).output.fileError).toBe(0);
      expect(readFileSync(files.output, 'utf8')).toBe('next\n');
    });
});
