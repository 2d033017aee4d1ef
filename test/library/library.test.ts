/** The library as it is built, with real tasks: what programs rely on. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatStatusLine } from '../../src/task/status-line.ts';
import { recordOf } from '../driver/records.ts';
import { readRecords, runDisbatch, testFolder, until } from '../support/run-disbatch.ts';
import { skipWithout } from '../support/needs.ts';
import {
  builtFront,
  children,
  DisBatcher,
  DisbatchError,
  fateOf,
  resources,
  untilAsBefore,
  type Library,
} from './built-library.ts';

/** A run in a folder of the test, which ends with the test. */
async function startRun(options: Library.DisBatcherOptions = {}, folder = testFolder()): Promise<Library.DisBatcher> {
  const run = await DisBatcher.start({ sshNode: 'localhost:2', prefix: join(folder, 'T'), ...options });
  onTestFinished(() => run.end());
  return run;
}

async function idsOf(run: Library.DisBatcher): Promise<number[]> {
  const ids: number[] = [];
  for await (const { taskId } of run) ids.push(taskId);
  return ids;
}

describe('a run of a program', () => {
  test('gives each task its result, with what it wrote and how it ended', async () => {
    const run = await startRun();
    const [good, bad, killed] = (await run.submit(['echo out; echo err >&2', 'exit 3', 'kill -9 $$'])) as [
      number,
      number,
      number,
    ];
    expect(await run.result(good)).toMatchObject({
      ...{ taskId: 0, lineNumber: 1, repeatIndex: -1, command: 'echo out; echo err >&2', exitCode: 0 },
      ...{ failed: false, signal: undefined, outputBytes: 4, outputSnippet: 'out\n', errorSnippet: 'err\n' },
    });
    expect(await run.result(bad)).toMatchObject({ exitCode: 3, failed: true, signal: undefined });
    expect(await run.result(killed)).toMatchObject({ exitCode: -9, failed: true, signal: 'SIGKILL', lost: false });
    expect(await run.done()).toMatchObject({
      why: 'done',
      exitStatus: 0,
      submitted: 3,
      finished: 3,
      failed: 2,
      notRun: 0,
    });
  });

  test('gives the same result whenever it is asked for: at once, from the file, when the run is over', async () => {
    const run = await startRun();
    const [id] = (await run.submit('printf "\\t\\n\\303\\050"; echo é')) as [number];
    const first = await run.result(id);
    const records = (): number => readRecords(run.statusFile as string).length;
    await until('it is in the file', () => records() === 1);
    expect(await run.result(id)).toEqual(first);
    await run.done();
    expect(await run.result(id)).toEqual(first);
    expect(await run.syncTasks([id])).toEqual(new Map([[id, first]]));
  });

  test('starts a task at once, and the program can give the next one from its result', async () => {
    const run = await startRun();
    let value = 1;
    for (let i = 0; i < 5; i++) {
      const [id] = (await run.submit(`echo $((${value} * 2))`)) as [number];
      value = Number((await run.result(id)).outputSnippet);
    }
    expect(value).toBe(32);
  });

  test('counts what is submitted together as one line, and barriers among the ids', async () => {
    const run = await startRun();
    expect(await run.submit('true\ntrue')).toEqual([0, 1]);
    expect(
      await run.submit(['#DISBATCH REPEAT 3 start 5 step 2 echo $DISBATCH_REPEAT_INDEX', '#DISBATCH BARRIER', 'true']),
    ).toEqual([2, 3, 4, 6]);
    const results = await run.syncTasks([1, 4, 6]);
    expect([...results.values()].map(({ lineNumber, repeatIndex }) => [lineNumber, repeatIndex])).toEqual([
      [1, -1],
      [2, 9],
      [2, -1],
    ]);
    await expect(run.result(5)).rejects.toMatchObject({
      code: 'not-run',
      message: expect.stringContaining('barrier') as string,
    });
  });

  test('refuses a mistaken line with all of its call, and goes on as if it had not been said', async () => {
    const run = await startRun();
    await run.submit('#DISBATCH SUFFIX  a');
    await expect(run.submit(['#DISBATCH SUFFIX  b', 'echo', '#DISBATCH BARIER', '#DISBATCH NO'])).rejects.toMatchObject(
      {
        code: 'task-file-mistake',
        exitStatus: 1,
        message: expect.stringMatching(/submit:2: .*BARIER.*\n.*submit:2: .*NO/) as string,
      },
    );
    const [id] = (await run.submit('echo')) as [number];
    expect(id).toBe(0);
    expect((await run.result(id)).outputSnippet).toBe('a\n');
    expect(await run.done()).toMatchObject({ submitted: 1, finished: 1 });
  });

  test('takes near misses as the original does when it is told to, and says so', async () => {
    const notices: string[] = [];
    const run = await startRun({ unknownDirectives: 'warn', onNotice: (text) => void notices.push(text) });
    expect(await run.submit(['#DISBATCH BARRIERS', 'true'])).toEqual([1]);
    await run.done();
    expect(notices.join('\n')).toContain('BARRIERS');
  });

  test('knows only ids that it has given', async () => {
    const run = await startRun();
    await run.submit('true');
    for (const id of [1, -1, 0.5, Number.NaN, '0' as unknown as number]) {
      await expect(run.result(id)).rejects.toMatchObject({ code: 'not-run' });
      await expect(run.syncTasks([0, id])).rejects.toMatchObject({ code: 'not-run' });
    }
  });

  test('tells who waits for a task that is not run any more', async () => {
    const run = await startRun({ sshNode: 'localhost:1' });
    await run.submit(['sleep 0.1', 'true', 'true']);
    const waiting = fateOf(run, 2);
    await until('the first one runs', () => children().length > 0);
    run.stop();
    expect(await waiting).toBe('not-run');
    await expect(run.submit('true')).rejects.toMatchObject({ code: 'not-run' });
    expect(await run.done()).toMatchObject({ why: 'stopped', exitStatus: 1 });
  });

  test('ends running tasks when its signal is aborted', async () => {
    const controller = new AbortController();
    const run = await startRun({ signal: controller.signal });
    const [quick, slow] = (await run.submit(['echo $$', 'echo $$; exec sleep 1000'])) as [number, number];
    await run.result(quick);
    controller.abort();
    expect(await fateOf(run, slow)).toBe('not-run');
    expect(await run.done()).toMatchObject({ why: 'ended', exitStatus: 143, finished: 1, notRun: 1 });
  });

  test('does not begin when its signal is aborted by then', async () => {
    const reason = new Error('changed my mind');
    const folder = testFolder();
    await expect(startRun({ signal: AbortSignal.abort(reason) }, folder)).rejects.toBe(reason);
    expect(existsSync(join(folder, 'T_status.txt'))).toBe(false);
  });

  test('ends at the first failure, with failFast', async () => {
    const run = await startRun({ failFast: true });
    await run.submit(['sleep 1000', 'exit 1']);
    expect(await run.done()).toMatchObject({ why: 'fail-fast', exitStatus: 1, failed: 1, notRun: 1 });
  });

  test('ends at a barrier that checks, and the tasks behind it are not run', async () => {
    const run = await startRun({ exitCode: true });
    const ids = await run.submit(['exit 1', '#DISBATCH BARRIER CHECK', 'true']);
    expect(await fateOf(run, ids[1] as number)).toBe('not-run');
    expect(await run.done()).toMatchObject({ why: 'check-failed', exitStatus: 1 });
  });

  test('resumes an earlier run: results of skipped tasks are those of then', async () => {
    const folder = testFolder();
    const first = await startRun({}, folder);
    await first.submit(['echo $RANDOM', 'exit 1']);
    await first.done();
    const earlier = await first.result(0);
    const options = {
      resumeFrom: first.statusFile as string,
      retry: true,
      prefix: join(folder, 'U'),
      statusHeader: true,
    };
    const second = await startRun(options, folder);
    await second.submit(['echo $RANDOM', 'exit 1']);
    expect(await second.result(0)).toEqual({ ...earlier, skipped: true });
    expect(await second.result(1)).toMatchObject({ exitCode: 1, skipped: false });
    expect(await second.done()).toMatchObject({ finished: 1, failed: 1, skipped: 1, skippedFailed: 0, notRun: 0 });
    expect(new Set(await idsOf(second))).toEqual(new Set([0, 1]));
  });

  test('says what keeps disBatch from going on: by done(), and to who waits', async () => {
    const folder = testFolder();
    const first = await startRun({}, folder);
    await first.submit('true');
    await first.done();
    const second = await startRun({ resumeFrom: first.statusFile as string, prefix: join(folder, 'U') }, folder);
    await second.submit('echo another');
    await expect(second.result(0)).rejects.toMatchObject({ code: 'not-run', cause: { code: 'resume-mismatch' } });
    await expect(second.done()).rejects.toMatchObject({ code: 'resume-mismatch' });
    await second.end();
  });

  test('goes on after another in the same program, and beside it: neither knows of the other', async () => {
    const [a, b] = [
      await startRun({ name: 'A' }),
      await startRun({ name: 'B', env: { PATH: process.env['PATH'], WHO: 'b' } }),
    ];
    const say = 'echo $DISBATCH_NAMETASKS $WHO';
    await Promise.all([a.submit(['true', say]), b.submit(say)]);
    expect((await a.result(1)).outputSnippet).toBe('A\n');
    expect((await b.result(0)).outputSnippet).toBe('B b\n');
    await a.end();
    const [id] = (await b.submit('true')) as [number];
    expect(await fateOf(b, id)).toBe(0);
    expect(await b.done()).toMatchObject({ submitted: 2, finished: 2 });
  });

  test('holds a program back that submits faster than tasks run, and lets it go on when there is room', async () => {
    const folder = testFolder();
    const [gate, earlier] = [join(folder, 'gate'), join(folder, 'earlier_status.txt')];
    // What an earlier run has done takes no time, once the barrier is settled.
    const records = Array.from({ length: 1800 }, (_, i) => `${formatStatusLine(recordOf(i + 2, 'true'))}\n`);
    writeFileSync(earlier, records.join(''));
    const run = await startRun({ resumeFrom: earlier }, folder);
    await run.submit(`until [ -e ${gate} ]; do sleep 0.01; done`);
    await run.submit('#DISBATCH BARRIER');
    let accepted = 0;
    const all = records.map(() => run.submit('true').then(() => accepted++));
    await until('some have room', () => accepted >= 256);
    await new Promise((resolve) => setImmediate(resolve));
    expect(accepted).toBeLessThan(1500);
    writeFileSync(gate, '');
    await Promise.all(all);
    expect(await run.done()).toMatchObject({ finished: 1, skipped: 1800 });
  });

  test('lets go of a program that is held back when the run ends', async () => {
    const run = await startRun({ sshNode: 'localhost:1' });
    const all = ['sleep 1000', ...Array.from({ length: 1800 }, () => 'true')].map((line) => run.submit(line));
    await run.end();
    const ids = (await Promise.all(all)).flat();
    expect(ids.length).toBe(1801);
    expect(await fateOf(run, ids.at(-1) as number)).toBe('not-run');
  });

  test('gives a slow reader every finished task once, in the order of their ends, though nothing is kept for it', async () => {
    const run = await startRun();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { taskId } of run.finished()) {
        seen.push(taskId);
        if (seen.length === 3) await run.done();
      }
    })();
    await run.submit('#DISBATCH REPEAT 300 true');
    void run.done();
    await reading;
    expect(seen).toEqual(readRecords(run.statusFile as string).map(({ taskId }) => taskId));
    expect(new Set(seen).size).toBe(300);
  });

  test('leaves nothing behind when what uses it is over, however it ends', async () => {
    const [before, folder] = [resources(), testFolder()];
    const work = async (): Promise<void> => {
      await using run = await DisBatcher.start({ sshNode: 'localhost:2', prefix: join(folder, 'T') });
      await run.submit('echo $$ > pid; exec sleep 1000'.replace('pid', join(folder, 'pid')));
      await until('it runs', () => existsSync(join(folder, 'pid')) && readFileSync(join(folder, 'pid'), 'utf8') !== '');
      throw new Error('mine');
    };
    await expect(work()).rejects.toThrow('mine');
    expect(children()).toEqual([]);
    const pid = readFileSync(join(folder, 'pid'), 'utf8').trim();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    await untilAsBefore(before);
    expect(existsSync(join(folder, 'T_key.json'))).toBe(false);
  });

  test('is reached by the command: a program can be asked for its state and be stopped', async () => {
    const folder = testFolder();
    const run = await startRun({}, folder);
    const ids = await run.submit(['sleep 0.3', 'true', 'true']);
    await run.result(ids[1] as number);
    const asked = await runDisbatch(['ctl', join(folder, 'T'), 'stop', 'run'], { cwd: folder });
    expect(asked).toMatchObject({ status: 0 });
    expect(await run.done()).toMatchObject({ why: 'stopped' });
  });
});

describe('a whole program', () => {
  /** Runs the text of a module, with `start` at hand. */
  function runProgram(
    folder: string,
    text: string,
    ...prefix: string[]
  ): { status: number | null; stdout: string; stderr: string } {
    writeFileSync(join(folder, 'program.mjs'), `import { DisBatcher, DisbatchError } from '${builtFront}';\n${text}`);
    return spawnSync('env', [...prefix, process.execPath, 'program.mjs'], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 60_000,
    });
  }

  test('ends by itself after done(), having printed nothing that it did not print itself', () => {
    const folder = testFolder();
    const said = runProgram(
      folder,
      `const run = await DisBatcher.start({ sshNode: 'localhost:1' });
       const [id] = await run.submit('echo x; exit 4');
       const { statusFile, failed } = await run.done();
       console.log((await run.result(id)).exitCode, failed, process.listenerCount('SIGINT'), process.listenerCount('SIGTERM'));
       console.log(statusFile);`,
    );
    expect(said).toMatchObject({ status: 0, stderr: '' });
    const [figures, statusFile = ''] = said.stdout.trim().split('\n');
    expect(figures).toBe('4 1 0 0');
    expect(basename(statusFile)).toMatch(/^DisBatcher_disBatch_\d{12}_\d{3}_status\.txt$/);
  });

  test('is not ended by a promise that it never asked for, when the run fails', () => {
    const folder = testFolder();
    writeFileSync(join(folder, 'earlier_status.txt'), '');
    const said = runProgram(
      folder,
      `const run = await DisBatcher.start({ sshNode: 'localhost:1', launcher: 'native' });
       await run.submit('#DISBATCH REPEAT 50 kill -KILL $PPID');
       await new Promise((resolve) => { const look = () => run.submit('true').then(() => setTimeout(look, 10), resolve); look(); });
       await run.end();
       console.log('still here');`,
    );
    expect(said).toMatchObject({ status: 0, stdout: 'still here\n', stderr: '' });
  });

  test('is told when the status file cannot hold what became of its tasks', (ctx) => {
    skipWithout(ctx, 'util-linux');
    const folder = testFolder();
    const said = runProgram(
      folder,
      `const run = await DisBatcher.start({ sshNode: 'localhost:1', prefix: 'T', logfile: '/dev/null' });
       const ids = await run.submit('#DISBATCH REPEAT 2000 : ' + 'x'.repeat(200));
       const error = await run.done().catch((error) => error);
       console.log(error instanceof DisbatchError, error.code);
       const fates = await Promise.allSettled(ids.map((id) => run.result(id)));
       console.log(new Set(fates.map(({ status, reason }) => reason?.code ?? status)));`,
      ...['prlimit', '--fsize=40000'],
    );
    expect(said).toMatchObject({ status: 0, stderr: '' });
    expect(said.stdout).toBe("true status-unwritable\nSet(2) { 'fulfilled', 'not-run' }\n");
    expect(() => readRecords(join(folder, 'T_status.txt'))).not.toThrow();
  });

  test('meets its own mistake in a notice as its own, and the run goes on', () => {
    const said = runProgram(
      testFolder(),
      `let mistakes = 0;
       process.on('uncaughtException', () => mistakes++);
       const onNotice = () => { throw new Error('mine'); };
       const run = await DisBatcher.start({ sshNode: 'localhost:1', retry: true, onNotice });
       await run.submit('true');
       console.log((await run.done()).finished, mistakes);`,
    );
    expect(said).toMatchObject({ status: 0, stdout: '1 1\n', stderr: '' });
  });

  test('reads results back from a file that another has changed with an error, and nothing else', async () => {
    const run = await startRun();
    const [id] = (await run.submit('true')) as [number];
    await run.done();
    writeFileSync(run.statusFile as string, 'nothing like it\n');
    await expect(run.result(id)).rejects.toMatchObject({ code: 'status-unreadable' });
    await expect(idsOf(run)).rejects.toBeInstanceOf(DisbatchError);
    writeFileSync(run.statusFile as string, '');
    await expect(run.result(id)).rejects.toMatchObject({ code: 'status-unreadable' });
    await expect(idsOf(run)).rejects.toMatchObject({ code: 'status-unreadable' });
  });
});
