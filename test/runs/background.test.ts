/**
 * Processes that tasks leave behind.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lives, readRecords, runDisbatch, statusFile, testFolder, writeTasks } from '../support/run-disbatch.ts';

const pidOf = (folder: string, name: string): number => Number(readFileSync(join(folder, name), 'utf8'));

test.each(['native', 'portable'])(
  'what a task leaves running goes on after the run (%s launcher)',
  async (launcher) => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['sleep 1000 & echo $! > left.pid']);
    const run = await runDisbatch(['-s', 'localhost:1', '--launcher', launcher, tasks], { cwd: folder });
    expect(run.status).toBe(0);
    const pid = pidOf(folder, 'left.pid');
    onTestFinished(() => {
      process.kill(pid, 'SIGKILL');
    });
    expect(lives(pid)).toBe(true);
  },
);

test('with --end-background it is ended at the end of the run, also what has left its session', async () => {
  const folder = testFolder();
  const tasks = writeTasks(folder, [
    'sleep 1000 & echo $! > left.pid',
    "setsid bash -c 'echo $$ > away.pid; exec sleep 1000' &",
    'until [ -s away.pid ]; do sleep 0.05; done',
  ]);
  const run = await runDisbatch(['-s', 'localhost:1', '--end-background', tasks], { cwd: folder });
  expect(run.status).toBe(0);
  for (const name of ['left.pid', 'away.pid']) expect(lives(pidOf(folder, name))).toBe(false);
});

test('when the run is ended by a signal, what ended tasks left behind is ended too', async () => {
  const folder = testFolder();
  const tasks = writeTasks(folder, [
    "setsid bash -c 'echo $$ > away.pid; exec sleep 1000' &",
    'until [ -s away.pid ]; do sleep 0.05; done; kill -INT $(cat disbatch.pid); sleep 1000',
  ]);
  const script = `echo $$ > disbatch.pid; exec ${join(import.meta.dirname, '../../dist/disbatch')} -s localhost:1 ${tasks}`;
  const run = await runDisbatch(['--norc', '-c', script], { cwd: folder, command: '/bin/bash' });
  expect(run.status).toBe(130);
  expect(lives(pidOf(folder, 'away.pid'))).toBe(false);
});

test.each(['native', 'portable'])('300 processes left behind hold nothing up (%s launcher)', async (launcher) => {
  const folder = testFolder();
  const left = 'for i in {1..30}; do sleep 300 & done; jobs -p > $DISBATCH_TASKID.pids; echo left';
  const tasks = writeTasks(folder, [`#DISBATCH REPEAT 10 ${left}`, 'echo done']);
  const run = await runDisbatch(['-s', 'localhost:4', '--launcher', launcher, tasks], { cwd: folder });
  const pids = Array.from({ length: 10 }, (_, id) =>
    readFileSync(join(folder, `${id}.pids`), 'utf8')
      .trim()
      .split('\n')
      .map(Number),
  ).flat();
  onTestFinished(() => {
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  });
  expect(run.status).toBe(0);
  expect(pids.filter(lives)).toHaveLength(300);
  const records = readRecords(statusFile(folder));
  expect(records).toHaveLength(11);
  expect(records.filter((record) => record.outputSnippet === 'left\n')).toHaveLength(10);
});
