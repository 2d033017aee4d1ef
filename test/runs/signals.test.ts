import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  disbatch,
  lives,
  readRecords,
  runDisbatch,
  startDisbatch,
  statusFile,
  testFolder,
  until,
  writeTasks,
} from '../support/run-disbatch.ts';

/** A task that says its PID and that of a child, and then takes its time. */
const slow = (name: string): string => `sleep 1000 & echo $$ $! > ${name}.pids; wait`;

function pidsOf(folder: string, ...names: string[]): number[] {
  return names.flatMap((name) =>
    readFileSync(join(folder, `${name}.pids`), 'utf8')
      .trim()
      .split(' ')
      .map(Number),
  );
}

const written = (folder: string, name: string): boolean =>
  existsSync(join(folder, `${name}.pids`)) && readFileSync(join(folder, `${name}.pids`), 'utf8').endsWith('\n');

describe.each(['native', 'portable'])('with the %s launcher', (launcher) => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends the tasks, keeps the records, and prints the command that resumes', async (signal, status) => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['echo done', slow('a'), slow('b'), 'touch never']);
    const run = startDisbatch(['-s', 'localhost:2', '--launcher', launcher, tasks], { cwd: folder });
    await until('tasks run', () => written(folder, 'a') && written(folder, 'b'));
    const pids = pidsOf(folder, 'a', 'b');
    expect(pids.every(lives)).toBe(true);
    run.child.kill(signal);
    const { status: ended, stderr } = await run.finished;
    expect(ended).toBe(status);
    await until('tasks are dead', () => !pids.some(lives));
    const path = statusFile(folder);
    expect(readRecords(path).map((record) => record.taskId)).toEqual([0]);
    expect(stderr).toContain(`disbatch -r ${path} -s localhost:2`);
    expect(stderr).toContain('3 tasks are left');
    expect(readdirSync(folder)).not.toContain('never');
  });

  test('a task that ignores TERM is killed after the grace', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, [`trap '' TERM; echo $$ 0 > a.pids; while :; do sleep 0.1; done`]);
    const run = startDisbatch(['-s', 'localhost:1', '--launcher', launcher, tasks], { cwd: folder });
    await until('the task runs', () => written(folder, 'a'));
    const [pid] = pidsOf(folder, 'a') as [number];
    run.child.kill('SIGTERM');
    expect((await run.finished).status).toBe(143);
    await until('the task is dead', () => !lives(pid));
  });

  test('a second Ctrl-C does not wait for the grace', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, [`trap 'touch asked' TERM; echo $$ 0 > a.pids; while :; do sleep 0.1; done`]);
    const run = startDisbatch(['-s', 'localhost:1', '--launcher', launcher, tasks], { cwd: folder });
    await until('the task runs', () => written(folder, 'a'));
    const [pid] = pidsOf(folder, 'a') as [number];
    run.child.kill('SIGINT');
    await until('the task was asked to end', () => existsSync(join(folder, 'asked')));
    const asked = Date.now();
    run.child.kill('SIGINT');
    expect((await run.finished).status).toBe(130);
    expect(Date.now() - asked).toBeLessThan(4000);
    await until('the task is dead', () => !lives(pid));
  });

  test('a task that ends well while it is asked to end keeps its record', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, [
      `trap 'echo saved; exit 0' TERM; echo $$ 0 > a.pids; while :; do sleep 0.1; done`,
    ]);
    const run = startDisbatch(['-s', 'localhost:1', '--launcher', launcher, tasks], { cwd: folder });
    await until('the task runs', () => written(folder, 'a'));
    run.child.kill('SIGTERM');
    await run.finished;
    expect(readRecords(statusFile(folder))).toMatchObject([{ exitCode: 0, outputSnippet: 'saved\n' }]);
  });

  test('kill -9 of the command leaves no task behind for longer than a few seconds', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['echo done', slow('a'), slow('b')]);
    const run = startDisbatch(['-s', 'localhost:2', '--launcher', launcher, tasks], { cwd: folder });
    await until('tasks run', () => written(folder, 'a') && written(folder, 'b'));
    const pids = pidsOf(folder, 'a', 'b');
    run.child.kill('SIGKILL');
    await until('tasks are dead', () => !pids.some(lives), 8);
    expect(readRecords(statusFile(folder)).map((record) => record.taskId)).toEqual([0]);
  });
});

test('USR1 lets the running tasks finish, starts no more, runs STOP tasks, and prints the command that resumes', async () => {
  const folder = testFolder();
  const task = 'echo $$ 0 > a.pids; until [ -e go ]; do sleep 0.05; done; echo finished';
  const tasks = writeTasks(folder, ['#DISBATCH PERENGINE STOP echo cleaned', task, 'touch never']);
  const run = startDisbatch(['-s', 'localhost:1', tasks], { cwd: folder });
  await until('the task runs', () => written(folder, 'a'));
  run.child.kill('SIGUSR1');
  await until('it is heard', () => run.stderr().includes('Stopping'));
  writeTasks(folder, '', 'go');
  const { status, stderr } = await run.finished;
  expect(status).toBe(1);
  expect(stderr).toContain('disbatch -r ');
  expect(readRecords(statusFile(folder)).map((record) => record.outputSnippet)).toEqual(['finished\n', 'cleaned\n']);
});

test('under nohup a hang-up does nothing, to the command and to its tasks', async () => {
  const folder = testFolder();
  const task = 'kill -HUP $$; echo $$ 0 > a.pids; until [ -e go ]; do sleep 0.05; done; echo finished';
  const tasks = writeTasks(folder, [task]);
  const args = ['nohup', join(import.meta.dirname, '../../dist/disbatch'), '-s', 'localhost:1', tasks];
  const run = startDisbatch(args, { cwd: folder, command: '/usr/bin/env' });
  await until('the task runs', () => written(folder, 'a'));
  run.child.kill('SIGHUP');
  run.child.kill('SIGUSR1');
  await until('a later signal is heard', () => run.stderr().includes('Stopping'));
  writeTasks(folder, '', 'go');
  expect((await run.finished).status).toBe(0);
  expect(readRecords(statusFile(folder))).toMatchObject([{ exitCode: 0, outputSnippet: 'finished\n' }]);
});

test('with --fail-fast the first failure ends the running tasks at once', async () => {
  const folder = testFolder();
  const tasks = writeTasks(folder, [slow('a'), 'until [ -s a.pids ]; do sleep 0.05; done; exit 9', 'touch never']);
  const run = await runDisbatch(['-s', 'localhost:2', '-f', tasks], { cwd: folder });
  expect(run.status).toBe(1);
  expect(run.stderr).toContain('--fail-fast');
  expect(readRecords(statusFile(folder))).toMatchObject([{ taskId: 1, exitCode: 9 }]);
  await until('tasks are dead', () => !pidsOf(folder, 'a').some(lives));
  expect(readdirSync(folder)).not.toContain('never');
});

test('a terminal that goes away ends the tasks in order, and leaves no core file', async () => {
  const folder = testFolder();
  const tasks = writeTasks(folder, ['echo done', slow('a')]);
  // The first shell ends with its terminal; the second stays, and tells how the command ended.
  const command = `'${disbatch}' -s localhost:2 -p run ${tasks}`;
  const line = `(trap : HUP; ${command}; echo $? > ended.new; mv ended.new ended); :`;
  const terminal = spawn('script', ['-qfc', line, '/dev/null'], { cwd: folder, stdio: ['pipe', 'ignore', 'ignore'] });
  onTestFinished(() => void terminal.kill('SIGKILL'));
  await until('the task runs', () => written(folder, 'a'));
  const pids = pidsOf(folder, 'a');
  terminal.kill('SIGKILL');
  await until('the command has ended', () => existsSync(join(folder, 'ended')));
  expect(readFileSync(join(folder, 'ended'), 'utf8')).toBe('129\n');
  await until('the task is dead', () => !pids.some(lives));
  expect(readRecords(join(folder, 'run_status.txt')).map(({ taskId }) => taskId)).toEqual([0]);
});
