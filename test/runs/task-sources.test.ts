/** Runs whose tasks a program gives: what it gets for them, and what happens when it does not do as it should. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { serve } from '../kvs/stores.ts';
import { inBash, Program } from '../support/program.ts';
import {
  lives,
  readRecords,
  runDisbatch,
  startDisbatch,
  statusFile,
  testFolder,
  until,
  writeTasks,
  type Finished,
  type Running,
} from '../support/run-disbatch.ts';

const beginning = ['-s', 'localhost:2', '-p', 'run'];

/** Starts a run that waits for a program. */
function startServed(folder: string, ...words: readonly string[]): Running {
  return startDisbatch([...beginning, '--taskserver', ...words], { cwd: folder });
}

function startCommand(folder: string, script: string, ...words: readonly string[]): Running {
  writeFileSync(join(folder, 'feed.sh'), inBash + script);
  return startDisbatch([...beginning, ...words, '--taskcommand', '. ./feed.sh'], { cwd: folder });
}

function runCommand(folder: string, script: string, ...words: readonly string[]): Promise<Finished> {
  return startCommand(folder, script, ...words).finished;
}

const logOf = (folder: string): string => readFileSync(join(folder, 'run_driver.log'), 'utf8');
const pidIn = (folder: string, name: string): number => Number(readFileSync(join(folder, name), 'utf8'));

describe('a program that comes by itself', () => {
  test('has the result of a task before it gives the next, and one line number to each message', async () => {
    const folder = testFolder();
    const run = startServed(folder);
    const program = await Program.ofRun(folder);
    await program.submit('echo first; exit 3');
    expect(await program.result(0)).toEqual({
      ...{
        Flags: 'RO  ',
        TaskId: 0,
        TaskStreamIndex: 1,
        TaskRepIndex: -1,
        ReturnCode: 3,
        TaskCmd: 'echo first; exit 3',
      },
      ...{ OutBytes: 6, OutData: 'first\n', ErrBytes: 0, ErrData: '' },
      ...{ Host: expect.any(String) as string, PID: expect.any(Number) as number },
      Elapsed: expect.any(Number) as number,
      ...{ Start: expect.any(Number) as number, End: expect.any(Number) as number },
    });
    await program.submit('echo second\n\n# nothing\necho third');
    expect(await program.result(2)).toMatchObject({ TaskStreamIndex: 2, OutData: 'third\n' });
    await program.submit('');
    await program.submit('echo fourth');
    expect(await program.result(3)).toMatchObject({ TaskStreamIndex: 4, OutData: 'fourth\n' });
    // The ids in the order of the ends.
    const ended = [];
    for (let i = 0; i < 4; i++) ended.push((await program.client.get('prog result done tasks')).value.toString());
    expect(ended.toSorted()).toEqual(['0', '1', '2', '3']);
    await program.done();
    const { status, stdout, stderr } = await run.finished;
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toContain('Waiting for a program to give tasks through the store at 127.0.0.1:');
    expect(stderr).toContain('4 tasks run, 1 failed');
    expect(
      readRecords(statusFile(folder))
        .map(({ lineNumber }) => lineNumber)
        .toSorted((a, b) => a - b),
    ).toEqual([1, 2, 2, 4]);
  });

  test('gives directives as a task file has them', async () => {
    const folder = testFolder();
    const run = startServed(folder);
    const program = await Program.ofRun(folder);
    await program.submit('#DISBATCH PERENGINE START echo begins\n#DISBATCH PERENGINE STOP echo stops');
    await program.submit("#DISBATCH PREFIX echo '<'; ");
    await program.submit('#DISBATCH REPEAT 3 start 7 echo $DISBATCH_REPEAT_INDEX');
    await program.submit('#DISBATCH BARRIER checkpoint');
    expect((await program.client.get('checkpoint')).value.toString()).toBe('3');
    const results = [await program.result(2), await program.result(0), await program.result(1)];
    expect(results.map(({ TaskId, TaskRepIndex, OutData }) => [TaskId, TaskRepIndex, OutData])).toEqual([
      [2, 9, '<\n9\n'],
      [0, 7, '<\n7\n'],
      [1, 8, '<\n8\n'],
    ]);
    // Its id is that of a task, its key is not.
    expect(await program.result('per-engine 0 start 0')).toMatchObject({
      ...{ Flags: ' O P', TaskId: 0, TaskStreamIndex: 1, OutData: 'begins\n' },
    });
    await program.done();
    expect((await run.finished).status).toBe(0);
    const records = readRecords(statusFile(folder));
    expect(records.map(({ kind }) => kind)).toEqual(['per-engine', 'task', 'task', 'task', 'barrier', 'per-engine']);
  });

  test('ends the run with a directive that is none; what runs is finished and recorded', async () => {
    const folder = testFolder();
    const run = startServed(folder);
    const program = await Program.ofRun(folder);
    await program.submit('touch there; until [ -e go ]; do sleep 0.02; done; echo done');
    await until('it runs', () => existsSync(join(folder, 'there')));
    await program.submit('#DISBATCH BARIER');
    await until('the run has noticed', () => logOf(folder).includes('no directive'));
    writeTasks(folder, '', 'go');
    const { status, stderr } = await run.finished;
    expect(status).toBe(1);
    expect(stderr).toContain('what the program has sent:2: "#DISBATCH BARIER" is no directive that disBatch knows');
    expect(readRecords(statusFile(folder))).toMatchObject([{ taskId: 0, exitCode: 0, outputSnippet: 'done\n' }]);
  });

  test('that leaves 800 results untaken loses none', { timeout: 180_000 }, async () => {
    const folder = testFolder();
    const run = startServed(folder);
    const program = await Program.ofRun(folder);
    await program.submit('#DISBATCH REPEAT 800 :');
    await program.submit('#DISBATCH BARRIER all');
    await program.client.get('all');
    const { keys } = await program.client.dump();
    const counts = new Map(keys.map(({ key, count }) => [String(key), count]));
    expect(counts.get('prog result done tasks')).toBe(800);
    const results = [...counts].filter(([key]) => /^prog result \d+$/.test(key));
    expect(results.length).toBe(800);
    expect(results.filter(([, count]) => count !== 1)).toEqual([]);
    await program.done();
    expect((await run.finished).status).toBe(0);
  });
});

describe('a command that gives the tasks', () => {
  test('is told of each result, also after it has said that no more come', async () => {
    const folder = testFolder();
    const script = `sign_in; task 'echo a'; result 0 >0.json; task 'sleep 0.3; exit 5'; finish; result 1 >1.json`;
    const { status, stdout } = await runCommand(folder, script, '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ end: 'done', finished: 2, failed: 1, total: null });
    const results = ['0.json', '1.json'].map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as object);
    expect(results).toMatchObject([{ ReturnCode: 0, OutData: 'a\n' }, { ReturnCode: 5 }]);
  });

  test('is heard: what it prints on both outputs is said on standard error, and kept', async () => {
    const folder = testFolder();
    const script = `sign_in; echo to the output; printf 'to the error\\nno end' >&2; finish`;
    const { status, stdout, stderr } = await runCommand(folder, script);
    expect([status, stdout]).toEqual([0, '']);
    for (const line of ['to the output', 'to the error', 'no end']) {
      expect(stderr.split('\n')).toContain(line);
      expect(readFileSync(join(folder, 'run_taskcommand.log'), 'utf8')).toContain(line);
    }
  });

  test.each([
    [
      'fails before it signs in',
      'echo no input >&2; exit 7',
      [],
      7,
      /ended with exit status 7\. Its error output ends with: no input\. /,
    ],
    ['is killed before it signs in', 'kill -9 $BASHPID', [], 137, /was ended by SIGKILL\. It has printed no error\. /],
    ['ends well without a word', 'true', [], 1, /ended without having signed in\. /],
    ['has signed in by half', "put 'task source name' x; sure; exit 0", [], 1, /ended without having signed in\. /],
    [
      'does not sign in for too long',
      'echo $$ >pid; exec sleep 1000',
      ['--sign-in', '1'],
      1,
      /has not signed in within 1\.00 s\. /,
    ],
  ])('and %s ends the run with a sentence, and its status', async (_, script, words, status, sentence) => {
    const folder = testFolder();
    const run = await runCommand(folder, script, ...words);
    expect(run.status).toBe(status);
    expect(run.stderr).toMatch(sentence);
    expect(run.stderr).toContain(`All that it printed is in ${join(folder, 'run_taskcommand.log')}.`);
    expect(readRecords(statusFile(folder))).toEqual([]);
    if (existsSync(join(folder, 'pid'))) expect(lives(pidIn(folder, 'pid'))).toBe(false);
  });

  test('and fails later ends the run with its status; what runs is finished and recorded', async () => {
    const folder = testFolder();
    const script = `
      sign_in; task 'touch there; until [ -e go ]; do sleep 0.02; done'; until [ -e there ]; do sleep 0.02; done
      echo $BASHPID >pid; echo out of numbers >&2; exit 5`;
    const run = startCommand(folder, script);
    await until('the command is gone', () => existsSync(join(folder, 'pid')) && !lives(pidIn(folder, 'pid')));
    writeTasks(folder, '', 'go');
    const { status, stderr } = await run.finished;
    expect(status).toBe(5);
    expect(stderr).toMatch(/ended with exit status 5\. Its error output ends with: out of numbers\. /);
    expect(readRecords(statusFile(folder))).toMatchObject([{ taskId: 0, exitCode: 0 }]);
  });

  test('and ends well without having said done is taken to have: what it has put runs', async () => {
    const folder = testFolder();
    const script = `sign_in; task '#DISBATCH REPEAT 20 :'; task 'echo last'; exit 0`;
    expect((await runCommand(folder, script)).status).toBe(0);
    expect(readRecords(statusFile(folder))).toHaveLength(21);
  });

  test('and fails when all were given is told of, and fails nothing', async () => {
    const folder = testFolder();
    const { status, stderr } = await runCommand(
      folder,
      `sign_in; task 'echo x'; finish; result 0 >r; echo oops >&2; exit 6`,
    );
    expect(status).toBe(0);
    expect(stderr).toMatch(/ended with exit status 6 when all were given\. Its error output ends with: oops\./);
  });

  test('and floods its error output is cited with the end of it', { timeout: 120_000 }, async () => {
    const folder = testFolder();
    const flood = 'head -c 20000000 /dev/zero | tr "\\0" x >&2; echo >&2; echo the reason >&2; exit 4';
    const { status, stderr } = await runCommand(folder, flood);
    expect(status).toBe(4);
    const told = stderr.split('\n').find((line) => line.includes('ended with exit status 4')) ?? '';
    expect(told).toContain('the reason');
    expect(told.length).toBeLessThan(2000);
    // Not all is said, and how much is.
    expect(stderr.length).toBeLessThan(1_000_000);
    expect(stderr).toMatch(/^\(\d+ lines more are in .*run_taskcommand\.log\)$/m);
    expect(readFileSync(join(folder, 'run_taskcommand.log')).length).toBe(20_000_000 + '\nthe reason\n'.length);
  });

  test('and leaves something behind that holds its outputs is not waited for', async () => {
    const folder = testFolder();
    const run = await runCommand(folder, `sign_in; sleep 1000 & echo $! >pid; finish`);
    const left = pidIn(folder, 'pid');
    expect([run.status, lives(left)]).toEqual([0, true]);
    process.kill(left, 'SIGKILL');
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'goes with the run, and all that it has started, at a %s',
    async (signal) => {
      const folder = testFolder();
      const script = `echo $BASHPID >0.pid; sleep 1000 & echo $! >1.pid; sign_in; task 'echo $$ >2.pid; exec sleep 1000'; wait`;
      const run = startCommand(folder, script);
      await until(
        'its task runs',
        () => existsSync(join(folder, '2.pid')) && readFileSync(join(folder, '2.pid')).length > 0,
      );
      run.child.kill(signal);
      const { status, stderr } = await run.finished;
      expect(status).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(stderr).toMatch(
        /^ {10}disbatch -r \S+run_status\.txt -s localhost:2 --taskcommand '\. \.\/feed\.sh' -p run$/m,
      );
      expect(['0.pid', '1.pid', '2.pid'].filter((name) => lives(pidIn(folder, name)))).toEqual([]);
    },
  );

  test('gets the results of what a resume takes over too, and its further tasks run', async () => {
    const folder = testFolder();
    const script = (last: string): string => `
      sign_in; task 'echo one'; task 'exit 3'; result 0 >0.json; result 1 >1.json; ${last}`;
    expect((await runCommand(folder, script('exit 9'))).status).toBe(9);
    const resumed = await runCommand(
      folder,
      script(`task 'echo three'; result 2 >2.json; finish`),
      '-r',
      'run_status.txt',
    );
    expect(resumed.status).toBe(0);
    expect(resumed.stderr).toContain('1 task run, 2 taken over from earlier (1 of them failed)');
    const results = [0, 1, 2].map((id) => JSON.parse(readFileSync(join(folder, `${id}.json`), 'utf8')) as object);
    expect(results).toMatchObject([
      { Flags: ' O S', OutData: 'one\n' },
      { Flags: 'R  S', ReturnCode: 3 },
      { Flags: ' O  ', OutData: 'three\n' },
    ]);
  });

  test('that gives other tasks than before ends the resume with a sentence', async () => {
    const folder = testFolder();
    expect((await runCommand(folder, `sign_in; task 'echo one'; finish`)).status).toBe(0);
    const resumed = await runCommand(folder, `sign_in; task 'echo two'; finish`, '-r', 'run_status.txt');
    expect(resumed.status).toBe(1);
    expect(resumed.stderr).toContain(
      'what the program has sent:1: task 0 is not the one that the status file tells of',
    );
  });
});

describe("somebody else's store", () => {
  test('has barrier keys and the state of a run of a task file, also when that is over', async () => {
    const folder = testFolder();
    const store = await serve();
    const tasks = writeTasks(folder, ['echo $DISBATCH_KVSSTCP_HOST >address', '#DISBATCH BARRIER b', 'false']);
    const run = await runDisbatch([...beginning, '--kvsserver', store.address, tasks], { cwd: folder });
    expect(run.status).toBe(0);
    expect(run.stderr).toContain(
      `The store at ${store.address} is not of this run. Whoever reaches it can read what the run puts there.`,
    );
    expect(readFileSync(join(folder, 'address'), 'utf8')).toBe(`${store.address}\n`);
    const { client } = await Program.at(store.host, Number(store.port));
    expect((await client.get('b')).value.toString()).toBe('1');
    const state = JSON.parse((await client.view('DisBatch status')).value.toString()) as object;
    expect(state).toMatchObject({ more: 'No more tasks.', currentReturnCode: 1, engines: { 0: { finished: 2 } } });
  });

  test('has the tasks of a program, and takes their results', async () => {
    const folder = testFolder();
    const store = await serve();
    const run = startDisbatch([...beginning, `--taskserver=${store.address}`], { cwd: folder });
    const program = await Program.at(store.host, Number(store.port));
    await program.submit('echo here');
    expect(await program.result(0)).toMatchObject({ OutData: 'here\n' });
    await program.submit('exit 2');
    await program.done();
    const { status, stderr } = await run.finished;
    expect(status).toBe(0);
    expect(stderr).toContain('Whoever reaches it can run commands as you: tasks come from it.');
    // It outlives the run.
    expect(await program.result(1)).toMatchObject({ ReturnCode: 2 });
  });

  test('is found by the environment, for a command too', async () => {
    const folder = testFolder();
    const store = await serve();
    writeFileSync(join(folder, 'feed.sh'), `${inBash} sign_in; task 'echo $DISBATCH_KVSSTCP_HOST >address'; finish`);
    const run = await runDisbatch([...beginning, '--kvsserver', '--taskcommand', '. ./feed.sh'], {
      cwd: folder,
      env: { ...process.env, KVSSTCP_HOST: store.host, KVSSTCP_PORT: store.port },
    });
    expect(run.status).toBe(0);
    expect(readFileSync(join(folder, 'address'), 'utf8')).toBe(`${store.address}\n`);
  });

  test('that dies ends the run with a sentence; what runs is finished and recorded', async () => {
    const folder = testFolder();
    const store = await serve();
    const run = startDisbatch([...beginning, '--taskserver', store.address, '--json'], { cwd: folder });
    const program = await Program.at(store.host, Number(store.port));
    await program.submit('touch there; until [ -e go ]; do sleep 0.02; done; echo done');
    await until('it runs', () => existsSync(join(folder, 'there')));
    store.child.kill('SIGKILL');
    await until('the run has noticed', () => logOf(folder).includes('is gone'));
    writeTasks(folder, '', 'go');
    const { status, stdout } = await run.finished;
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ end: 'trouble', exitStatus: 1, finished: 1 },
      problem: expect.stringMatching(
        new RegExp(`^The store at ${store.address} is gone \\(.*\\), and with it what gives the tasks`),
      ) as string,
    });
    expect(readRecords(statusFile(folder))).toMatchObject([{ taskId: 0, exitCode: 0, outputSnippet: 'done\n' }]);
  });

  test('that is not there is told before anything runs', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['touch ran']);
    const run = await runDisbatch([...beginning, '--kvsserver', '127.0.0.1:1', tasks], { cwd: folder });
    expect([run.status, existsSync(join(folder, 'ran'))]).toEqual([1, false]);
    expect(run.stderr).toContain('disbatch: There is no store at 127.0.0.1:1 that answers (connection refused).');
  });
});
