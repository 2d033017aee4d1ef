/** The library in a run that another has started: one of ours, and one of the original. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { StoreClient } from '../../src/kvs/client.ts';
import { serve } from '../kvs/stores.ts';
import { skipWithout } from '../support/needs.ts';
import { readRecords, startDisbatch, statusFile, testFolder, until, type Running } from '../support/run-disbatch.ts';
import { builtFront, DisBatcher, fateOf, openFiles, resources, untilAsBefore, type Library } from './built-library.ts';

/** A run that waits for a program, and the address of its store. */
async function served(...options: string[]): Promise<{ folder: string; run: Running; address: string }> {
  const folder = testFolder();
  const run = startDisbatch(['-s', 'localhost:2', '-p', 'run', '--taskserver', ...options], { cwd: folder });
  const file = join(folder, 'run_kvsinfo.txt');
  await until('the run is there', () => existsSync(file));
  return { folder, run, address: readFileSync(file, 'utf8').trim() };
}

async function joined(address: string, options: Library.JoinOptions = {}): Promise<Library.DisBatcher> {
  const program = await DisBatcher.join(address, options);
  onTestFinished(() => program.end());
  return program;
}

describe('a program that joins a run of ours', () => {
  test('gives tasks and gets results as with a run of its own', async () => {
    const before = resources();
    const { folder, run, address } = await served();
    const program = await joined(address, { name: 'searcher é' });
    expect(program.statusFile).toBeUndefined();
    const [first] = (await program.submit('echo first; exit 3')) as [number];
    expect(await program.result(first)).toMatchObject({
      taskId: 0,
      lineNumber: 1,
      exitCode: 3,
      outputSnippet: 'first\n',
      failed: true,
    });
    expect(
      await program.submit([
        '#DISBATCH PREFIX printf "%s" ',
        '#DISBATCH BARRIER',
        '#DISBATCH REPEAT 2 start 4 é$DISBATCH_REPEAT_INDEX',
      ]),
    ).toEqual([2, 3]);
    await expect(program.submit('#DISBATCH BARIER')).rejects.toMatchObject({ code: 'task-file-mistake' });
    expect((await program.submit('a')).concat(await program.submit('b\nc'))).toEqual([4, 5, 6]);
    const results = await program.syncTasks([2, 3, 4, 6]);
    expect([...results.values()].map(({ outputSnippet, lineNumber }) => [outputSnippet, lineNumber])).toEqual([
      ['é4', 2],
      ['é5', 2],
      ['a', 3],
      ['c', 4],
    ]);
    const summary = program.done();
    const seen = new Map<number, Library.TaskResult>();
    for await (const result of program) seen.set(result.taskId, result);
    expect([...seen.keys()].toSorted((a, b) => a - b)).toEqual([0, 2, 3, 4, 5, 6]);
    expect(await summary).toMatchObject({
      why: 'done',
      exitStatus: 0,
      submitted: 6,
      finished: 6,
      failed: 1,
      notRun: 0,
    });
    expect(await program.result(0)).toEqual(seen.get(0));
    expect((await run.finished).status).toBe(0);
    const written = readRecords(statusFile(folder)).filter(({ kind }) => kind === 'task');
    expect(written.map(({ taskId }) => taskId)).toEqual([...seen.keys()]);
    await program.end();
    await untilAsBefore(before);
  });

  test('has all results, also when it has said at once that nothing more comes', async () => {
    for (let i = 0; i < 5; i++) {
      const { run, address } = await served();
      const program = await joined(address);
      await program.submit('#DISBATCH REPEAT 40 true');
      expect(await program.done()).toMatchObject({ finished: 40, notRun: 0 });
      expect((await run.finished).status).toBe(0);
    }
  });

  test('is told when the run ends without its tasks', async () => {
    const { run, address } = await served('--fail-fast');
    const program = await joined(address);
    const [, , last] = (await program.submit(['sleep 1000', 'exit 1', 'true'])) as [number, number, number];
    const done = program.done();
    await expect(done).rejects.toMatchObject({ code: 'no-store' });
    expect(await fateOf(program, last)).toBe('not-run');
    expect((await run.finished).status).toBe(1);
  });

  test('leaves it with end(): the run goes on with what it has, and then ends', async () => {
    const { folder, run, address } = await served();
    const before = resources();
    const program = await joined(address);
    const ids = await program.submit(['sleep 0.2', 'sleep 0.2', 'touch there']);
    await program.end();
    expect(await fateOf(program, ids[2] as number)).toBe('not-run');
    expect(await program.done()).toMatchObject({ why: 'ended', exitStatus: 1, notRun: 3 });
    await untilAsBefore(before);
    expect(openFiles('/tmp/disbatch-results-')).toEqual([]);
    expect((await run.finished).status).toBe(0);
    expect(existsSync(join(folder, 'there'))).toBe(true);
  });

  test('as what --taskcommand starts: it finds the address in its environment', async () => {
    const folder = testFolder();
    writeFileSync(
      join(folder, 'program.mjs'),
      `import { DisBatcher } from '${builtFront}';
       const run = await DisBatcher.join(process.env.KVSSTCP_HOST + ':' + process.env.KVSSTCP_PORT);
       const [id] = await run.submit('echo $((6 * 7))');
       console.log((await run.result(id)).outputSnippet);
       await run.done();`,
    );
    const command = ['-s', 'localhost:1', '-p', 'run', '--taskcommand', `${process.execPath} program.mjs`];
    const { status, stderr } = await startDisbatch(command, { cwd: folder }).finished;
    expect(stderr).toContain('42\n');
    expect(status).toBe(0);
  });
});

describe('joining', () => {
  test('needs an address with a store that lets the program in', async () => {
    await expect(DisBatcher.join('nowhere')).rejects.toMatchObject({ code: 'usage' });
    await expect(DisBatcher.join('127.0.0.1:1')).rejects.toMatchObject({ code: 'no-store' });
  });

  test('is given up when the store does not answer in time, or the signal is aborted', async () => {
    const before = resources();
    const silent = createServer((socket) => void socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await expect(DisBatcher.join(address, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'no-store' });
    const controller = new AbortController();
    const joining = DisBatcher.join(address, { signal: controller.signal });
    const reason = new Error('changed my mind');
    controller.abort(reason);
    await expect(joining).rejects.toBe(reason);
    await new Promise((resolve) => silent.close(resolve));
    await untilAsBefore(before);
  });

  test('a store that goes away, or sends what is no result, is an error and nothing else', async () => {
    const store = await serve();
    const program = await joined(store.address);
    const [id] = (await program.submit('true')) as [number];
    const result = program.result(id);
    const other = await StoreClient.connect(store.host, Number(store.port));
    onTestFinished(() => other.destroy());
    const key = (await other.get('task source result key')).value.toString();
    await other.put(`${key} done tasks`, '0');
    await other.put(`${key} 0`, '{"TaskId": "none"}');
    await expect(result).rejects.toMatchObject({ code: 'not-run', cause: { code: 'no-store' } });
    await expect(program.done()).rejects.toMatchObject({ code: 'no-store' });
  });
});

describe('a program that joins a run of the original', () => {
  test('gives its tasks and gets their results', { timeout: 120_000 }, async (ctx) => {
    skipWithout(ctx, 'python3');
    const original = process.env['DISBATCH_ORIGINAL'];
    if (original === undefined) ctx.skip('DISBATCH_ORIGINAL does not name a folder with the original');
    const folder = testFolder();
    // It looks ahead by one task, so it has all of them before it runs the last.
    writeFileSync(
      join(folder, 'program.mjs'),
      `import { DisBatcher } from '${builtFront}';
       const run = await DisBatcher.join(process.env.KVSSTCP_HOST + ':' + process.env.KVSSTCP_PORT);
       await run.submit('#DISBATCH PERENGINE START true');
       const ids = await run.submit(['echo one', '#DISBATCH REPEAT 2 start 5 exit $DISBATCH_REPEAT_INDEX', 'kill -9 $$']);
       const summary = await run.done();
       const results = await run.syncTasks(ids);
       console.log(JSON.stringify([summary.finished, [...results.values()].map((r) => [r.taskId, r.exitCode, r.outputSnippet])]));`,
    );
    const run = startDisbatch(
      ['-m', 'disbatch', '-s', 'localhost:2', '--taskcommand', `exec ${process.execPath} program.mjs > said`],
      {
        cwd: folder,
        command: 'python3',
        env: { ...process.env, PYTHONPATH: original, PYTHONDONTWRITEBYTECODE: '1' },
      },
    );
    await run.finished;
    expect(JSON.parse(readFileSync(join(folder, 'said'), 'utf8'))).toEqual([
      4,
      [
        [0, 0, 'one\n'],
        [1, 5, ''],
        [2, 6, ''],
        [3, -9, ''],
      ],
    ]);
  });
});
