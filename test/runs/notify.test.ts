/** Whole runs that tell of themselves: --mailTo and --notify. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { certificate, privateKey } from '../channel/fixtures/certificate.ts';
import { deadPort, mailbox, silentServer } from '../notify/fixtures/mailbox.ts';
import {
  readRecords,
  runDisbatch,
  startDisbatch,
  statusFile,
  testFolder,
  until,
  writeTasks,
} from '../support/run-disbatch.ts';

const through = (port: number): NodeJS.ProcessEnv => ({
  ...process.env,
  DISBATCH_SMTP_URL: `smtp://localhost:${port}`,
});

interface Told {
  readonly event: string;
  readonly tasks: readonly { readonly taskId: number }[];
  readonly [name: string]: unknown;
}

const told = (folder: string): Told[] =>
  readFileSync(join(folder, 'news.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Told);

/** A task that waits until the test says so. */
const untilThere = (name: string): string => `until [ -e ${name} ]; do sleep 0.02; done`;

test('mails come every N tasks, at once at the first failure, and at the end with the command that resumes', async () => {
  const [box, folder] = [await mailbox({ cert: certificate, key: privateKey }), testFolder()];
  const tasks = writeTasks(folder, [
    ...['echo a', 'echo b; echo Bcc: eve@example.com', '#DISBATCH BARRIER'],
    `${untilThere('one')}; echo "no such file" >&2; exit 3`,
    ...[untilThere('two'), 'true'],
  ]);
  const words = ['-s', 'localhost:1', '-q', '-p', 'run', '--mailTo', 'ada@example.com', '--mailFreq', '2', tasks];
  const run = startDisbatch(words, { cwd: folder, env: through(box.port) });
  await until('the first mail', () => box.mails.length === 1);
  writeFileSync(join(folder, 'one'), '');
  await until('the mail of the failure', () => box.mails.length === 2);
  expect(existsSync(join(folder, 'two'))).toBe(false);
  writeFileSync(join(folder, 'two'), '');
  expect(await run.finished).toMatchObject({ status: 0, stderr: '' });
  const [completions, failure, end] = box.mails;
  expect(box.mails.map(({ to, from, secure }) => [to, from, secure])).toEqual(
    Array(3).fill([['ada@example.com'], 'ada@example.com', true]),
  );
  expect(completions?.headers['subject']).toBe('disBatch Tasks: 2 of 5 done');
  expect(completions?.text).toMatch(/^2 tasks have ended.*:\ndone {4}task 0 .*: echo a\ndone {4}task 1 .*$/m);
  expect(failure?.headers['subject']).toBe('disBatch Tasks: first failure, 3 of 5 done');
  expect(failure?.text).toMatch(/FAILED {2}task 3 \(line 4\) on .*, exit code 3, .*\n {12}no such file\n$/);
  expect(failure?.text).not.toContain('task 1 ');
  expect(end?.headers['subject']).toBe('disBatch Tasks: finished, 1 failed, 5 of 5 done');
  expect(end?.text).toMatch(/^disBatch: 5 tasks run, 1 failed, in /);
  expect(end?.text).toContain(
    `disbatch -r ${folder}/run_status.txt -R -s localhost:1 -p run --mailTo ada@example.com `,
  );
  expect(end?.text).toMatch(/2 tasks have ended since the last news:\ndone {4}task 4 .*\ndone {4}task 5 .*\n$/);
});

test('a burst of tasks is one mail, which shows some of them', async () => {
  const [box, folder] = [await mailbox({ disabledCommands: ['STARTTLS'] }), testFolder()];
  const tasks = writeTasks(folder, '#DISBATCH REPEAT 500 true\n');
  const words = ['-s', 'localhost:2', '-q', '--mailTo', 'ada@example.com', tasks];
  expect(await runDisbatch(words, { cwd: folder, env: through(box.port) })).toMatchObject({ status: 0, stderr: '' });
  expect(box.mails.length).toBeLessThanOrEqual(2);
  const counts = box.mails.map(({ text }) => Number(/^(\d+) tasks? ha(?:ve|s) ended/m.exec(text)?.[1] ?? 0));
  expect(counts.reduce((sum, count) => sum + count)).toBe(500);
  expect(box.mails.some(({ text }) => / more: see the status file /.test(text))).toBe(true);
});

test('what a resume takes over is no news', async () => {
  const folder = testFolder();
  const tasks = writeTasks(folder, ['true', '[ -e go ]', '#DISBATCH BARRIER', 'true']);
  const first = await runDisbatch(['-s', 'localhost:1', '-q', '-p', 'first', tasks], { cwd: folder });
  expect(first.status).toBe(0);
  writeFileSync(join(folder, 'go'), '');
  const notify = ['--notify', 'cat >> news.jsonl', '--mailFreq', '1'];
  const resume = ['-s', 'localhost:1', '-q', '-p', 'second', '-r', statusFile(folder, 'first'), '-R', ...notify, tasks];
  expect(await runDisbatch(resume, { cwd: folder })).toMatchObject({ status: 0, stderr: '' });
  const news = told(folder);
  expect(news.flatMap((each) => each.tasks.map(({ taskId }) => taskId))).toEqual([1]);
  expect(news.at(-1)).toMatchObject({
    ...{ event: 'end', end: 'done', exitStatus: 0, taskName: 'Tasks', prefix: join(folder, 'second') },
    counts: { finished: 1, skipped: 2, total: 3 },
  });
});

describe('when nobody can be told', () => {
  test('it is one warning each, and the run, its records and its exit status are as ever', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['true', 'exit 3', untilThere('tried'), 'true']);
    const notify = ['--mailTo', 'ada@example.com', '--notify', 'cat >> tried; exit 5'];
    const words = ['-s', 'localhost:1', '-q', '-e', ...notify, tasks];
    const run = await runDisbatch(words, { cwd: folder, env: through(await deadPort()) });
    expect(run.status).toBe(1);
    expect(run.stderr.trim().split('\n').toSorted()).toEqual([
      expect.stringMatching(
        /^Warning: no mail could be sent to ada@example.com through localhost:\d+ \(nothing listens/,
      ),
      expect.stringMatching(/^Warning: the command of --notify has failed \(ended with exit status 5\)/),
    ]);
    expect(readRecords(statusFile(folder)).map(({ exitCode }) => exitCode)).toEqual([0, 3, 0, 0]);
    expect(readFileSync(join(folder, 'tried'), 'utf8').split('\n')).toHaveLength(3);
  });

  test('because the server hangs, tasks do not wait, and Ctrl-C ends the wait for the last mail', async () => {
    const [silent, folder] = [await silentServer(), testFolder()];
    const tasks = writeTasks(folder, ['exit 3', 'sleep 0.2', '#DISBATCH REPEAT 50 true', ': > last']);
    const words = ['-s', 'localhost:1', '--mailTo', 'ada@example.com', tasks];
    const run = startDisbatch(words, { cwd: folder, env: through(silent.port) });
    await until('the run is over', () => run.stderr().includes('disBatch: 53 tasks run, 1 failed'));
    expect(existsSync(join(folder, 'last'))).toBe(true);
    await until('it says what it waits for', () => /The last news is on its way; Ctrl-C/.test(run.stderr()));
    run.child.kill('SIGINT');
    const { status, stderr } = await run.finished;
    expect(status).toBe(0);
    expect(stderr.match(/Warning: /g)).toHaveLength(1);
    expect(stderr).toMatch(/Warning: no mail could be sent .*\(the end was not waited for\)/);
  });
});

test('a run that is ended by Ctrl-C tells of that, with the command that resumes', async () => {
  const folder = testFolder();
  const tasks = writeTasks(folder, [': > started; sleep 1000', 'true']);
  const words = ['-s', 'localhost:1', '-q', '-p', 'run', '--notify', 'cat >> news.jsonl', tasks];
  const run = startDisbatch(words, { cwd: folder });
  await until('a task runs', () => existsSync(join(folder, 'started')));
  run.child.kill('SIGINT');
  expect((await run.finished).status).toBe(130);
  expect(told(folder)).toEqual([
    expect.objectContaining({
      ...{ event: 'end', end: 'signal', exitStatus: 130 },
      resumeCommand: expect.stringMatching(/^disbatch -r .*run_status\.txt -s localhost:1 /) as string,
      summary: expect.stringContaining('Ended by SIGINT. 2 tasks are left.') as string,
    }),
  ]);
});

test('an address that is none is said before the run', async () => {
  const folder = testFolder();
  const tasks = writeTasks(folder, ['true']);
  const run = await runDisbatch(['-s', 'localhost:1', '--mailTo', 'ada@x\nBcc: eve@y', tasks], { cwd: folder });
  expect(run).toMatchObject({
    status: 2,
    stderr: 'disbatch: --mailTo: "ada@x\\nBcc: eve@y" is no mail address. Write one, like ada@example.com.\n',
  });
  expect(existsSync(join(folder, 'Tasks_status.txt'))).toBe(false);
});
