import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findStrays, taskMark } from '../../src/engine/stray-processes.ts';
import { lives, until } from '../support/run-disbatch.ts';

const started: ChildProcess[] = [];
const onLinux = process.platform === 'linux';

beforeEach((ctx) => {
  if (!onLinux) ctx.skip('there is no /proc on this system, so that no stray process can be found');
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

const sorted = (pids: readonly number[]): number[] => [...pids].sort((a, b) => a - b);

const runId = `stray-test-${process.pid}`;

interface TaskOf {
  readonly runId: string;
  readonly engineRank: number;
  readonly taskId: number;
  readonly slot: number;
}

const ours: TaskOf = { runId, engineRank: 1, taskId: 12, slot: 3 };

function markOf(of: Partial<TaskOf> = {}): ReturnType<typeof taskMark> {
  const { runId: run, engineRank, taskId, slot } = { ...ours, ...of };
  return taskMark(run, engineRank, taskId, slot);
}

function variables(of: Partial<TaskOf>): NodeJS.ProcessEnv {
  const { runId: run, engineRank, taskId, slot } = { ...ours, ...of };
  return {
    DISBATCH_RUN_ID: run,
    DISBATCH_ENGINE_RANK: String(engineRank),
    DISBATCH_TASKID: String(taskId),
    DISBATCH_CYLINDER_RANK: String(slot),
  };
}

/** A process with the variables of a task, and a session of its own. */
async function sleeping(of: Partial<TaskOf>, env: NodeJS.ProcessEnv = {}): Promise<number> {
  const child = spawn('/bin/sleep', ['600'], { env: { ...env, ...variables(of) }, detached: true, stdio: 'ignore' });
  started.push(child);
  const pid = child.pid as number;
  await until('it is a sleep', () => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('/bin/sleep'));
  return pid;
}

test('the processes of a task are found, in whatever session, and no others', async () => {
  const wanted = [await sleeping({}), await sleeping({}, { PATH: '/bin', ZZZ: 'last' })];
  await sleeping({ taskId: 1 });
  await sleeping({ taskId: 123 });
  await sleeping({ slot: 0 });
  await sleeping({ engineRank: 0 });
  await sleeping({ engineRank: 11 });
  await sleeping({ runId: `${runId}x` });
  await sleeping({ runId: `x${runId}` });
  expect(sorted(findStrays([markOf()]))).toEqual(sorted(wanted));
});

test('several tasks are looked for at once', async () => {
  const pids = [await sleeping({ taskId: 5, slot: 0 }), await sleeping({ taskId: 6, slot: 1 })];
  await sleeping({ taskId: 5, slot: 1 });
  const marks = [markOf({ taskId: 5, slot: 0 }), markOf({ taskId: 6, slot: 1 })];
  expect(sorted(findStrays(marks))).toEqual(sorted(pids));
});

test('a per-engine task is told from the task with its number', async () => {
  const perEngine = await sleeping({ taskId: 0, slot: -1 });
  await sleeping({ taskId: 0, slot: 0 });
  expect(findStrays([markOf({ taskId: 0, slot: -1 })])).toEqual([perEngine]);
});

test('with nothing to look for nothing is found', async () => {
  await sleeping({});
  expect(findStrays([])).toEqual([]);
});

test('a process that is killed is found no more', async () => {
  const pid = await sleeping({});
  process.kill(pid, 'SIGKILL');
  await until('it is gone', () => !lives(pid));
  expect(findStrays([markOf()])).toEqual([]);
});

test('a variable whose value only holds what is looked for is no match', async () => {
  const hidden = Object.entries(variables({}))
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  const child = spawn('/bin/sleep', ['600'], { env: { NOTE: hidden }, stdio: 'ignore' });
  started.push(child);
  await until('it is there', () => readFileSync(`/proc/${child.pid}/environ`, 'utf8').includes('NOTE='));
  expect(findStrays([markOf()])).toEqual([]);
});
