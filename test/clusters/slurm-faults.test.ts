/**
 * What breaks on a real Slurm while tasks run: each run ends with every task done once, and with nothing left. Tasks hold a
 * lock, so none can run in two places at a time without a complaint.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { lockTasks } from './bed-locks.ts';
import { waitFor } from './bed-run.ts';
import { startBed, untilAsked, type Bed } from './bed.ts';
import { allDone, SlurmRun } from './slurm-run.ts';

let bed: Bed;

beforeEach(async (ctx) => {
  skipWithout(ctx, 'namespaces', 'slurm');
  bed = await startBed({ nodes: 3, services: ['slurm'], slurm: { cpus: 2 } });
});

/** Two slots on each of the three nodes. The command itself runs on node1. */
const job = ['-N', '3', '-n', '6', '--no-kill', '--no-requeue'];

/** Sends a signal to those of alice's processes on a host whose command line matches; their children stay. */
async function signalOn(node: number, signal: string, words: string): Promise<void> {
  await bed.on(node, ['pkill', `-${signal}`, '-u', 'alice', '-f', words]);
}

describe('a node', () => {
  test('that crashes has its tasks run elsewhere when its lease has ended', async () => {
    const run = await SlurmRun.locked(bed, job, [], 36, 0.5);
    await run.hasBegun('node3', 2);
    await bed.crash(3);
    expect(await run.outcome([3])).toEqual(allDone);
    expect(run.driverLog()).toMatch(/was lost on node3 and runs again/);
  });

  test('that is cut off for longer than the lease has its tasks run elsewhere; healed, it works again', async () => {
    const run = await SlurmRun.locked(bed, job, [], 36, 1);
    await run.hasBegun('node2', 2);
    await bed.cut(2);
    await run.until('its tasks run again', () => run.driverLog().includes('was lost on node2 and runs again'));
    const before = run.begunOn('node2').length;
    await bed.heal(2);
    await run.hasBegun('node2', before + 1);
    expect(await run.outcome()).toEqual(allDone);
    expect(run.said()).toContain('node2 is there again');
  });
});

describe('killed with -9', () => {
  test('an srun has the tasks of its node run elsewhere', async () => {
    const run = await SlurmRun.locked(bed, job, [], 36, 0.5);
    await run.hasBegun('node2', 2);
    await signalOn(1, 'KILL', '^srun .* -w node2 ');
    // Slurm kills the step, whose engine can do nothing any more.
    expect(await run.outcome([], [2])).toEqual(allDone);
  });

  test('an engine has its tasks run again, at once', async () => {
    const run = await SlurmRun.locked(bed, job, [], 36, 0.5);
    await run.hasBegun('node2', 2);
    await signalOn(2, 'KILL', 'engine.cjs');
    expect(await run.outcome()).toEqual(allDone);
    expect(run.said()).toMatch(/node2: .*(died|gone|ended)/);
    expect(run.driverLog()).toMatch(/was lost on node2 and runs again/);
  });

  test('the launcher of a slot has its task run again, and another takes its place', async () => {
    const run = await SlurmRun.locked(bed, job, [], 42, 0.5);
    await run.hasBegun('node2', 2);
    await signalOn(2, 'KILL', 'launcher-linux.* --slot 1 ');
    const before = run.begunOn('node2').length;
    await run.hasBegun('node2', before + 4);
    expect(await run.outcome()).toEqual(allDone);
    expect(run.driverLog()).toMatch(/was lost on node2 and runs again/);
    expect(run.said()).not.toContain('node2: ');
  });

  test('what keeps the launcher of a slot has nothing lost', async () => {
    const run = await SlurmRun.locked(bed, job, [], 36, 0.5);
    await run.hasBegun('node2', 2);
    await signalOn(2, 'KILL', '^/bin/sh .*/slot.sh ');
    expect(await run.outcome()).toEqual(allDone);
  });
});

test('a controller that is away for a while is not missed', async () => {
  const [first, rest] = [lockTasks(bed.home('alice'), 6, 0.5), (file: string) => waitFor(`[ -e ${file} ]`)];
  const away = Array.from({ length: 12 }, () => rest('away'));
  const back = Array.from({ length: 6 }, () => rest('back'));
  const run = await SlurmRun.submit(bed, job, ['--heartbeat', '3'], [...first, ...away, ...back]);
  const isThere = (): boolean => bed.processes().some(({ command }) => command === 'slurmctld');
  await run.hasBegun('node3', 2);
  expect(isThere()).toBe(true);
  await bed.output(['bash', '-c', 'kill $(cat "$1")', 'bash', `${bed.folder}/slurm/slurmctld.pid`], { user: 'root' });
  await run.until('it is away', () => !isThere());
  run.touch('away');
  await run.until('tasks go on', () => run.finalRecords().length === first.length + away.length);
  await bed.output(['slurmctld'], { user: 'root' });
  await untilAsked('it is back', async () => (await bed.run(['squeue', '-h'])).status === 0);
  run.touch('back');
  expect(await run.outcome()).toEqual(allDone);
  expect(run.driverLog()).not.toContain('runs again');
});
