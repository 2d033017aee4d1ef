/**
 * What breaks on real hosts while tasks run there: each run ends with every task done once, or with a sentence and a resume
 * that does the rest. Tasks hold a lock, so none can run in two places at a time without a complaint.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { startBed, type Bed } from './bed.ts';
import { allDone, ClusterRun } from './cluster-run.ts';

let bed: Bed;

beforeEach(async (ctx) => {
  skipWithout(ctx, 'namespaces', 'sshd');
  bed = await startBed({ nodes: 3 });
});

const hosts = 'node1:2,node2:2,node3:2';

/** Kills, with -9, the processes of alice on a host whose command line holds the words; their children stay. */
async function killOn(node: number, words: string): Promise<void> {
  await bed.on(node, ['pkill', '-KILL', '-u', 'alice', '-f', words]);
}

/** PIDs outside of the bed of alice's processes with these words in their command lines. */
function pidsOnHead(words: RegExp): number[] {
  const list = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  return list
    .split('\n')
    .filter((line) => words.test(line) && line.includes('disbatch') && line.includes('ssh'))
    .map((line) => Number(line.trim().split(' ')[0]))
    .filter((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8').includes(bed.folder));
}

describe('killed with -9', () => {
  test('an engine has its tasks run again elsewhere, at once', async () => {
    const run = ClusterRun.start(bed, hosts, 30, 0.3);
    await run.hasBegun('node2', 2);
    await killOn(2, 'engine.cjs');
    expect(await run.outcome()).toEqual(allDone);
    const { stderr } = await run.finished();
    expect(stderr).toMatch(/node2: .*(died|gone)/);
  });

  test('all engines end the run with an error, and its resume does the rest', async () => {
    const run = ClusterRun.start(bed, hosts, 30, 0.4);
    await run.hasRecords(6);
    await Promise.all([1, 2, 3].map((node) => killOn(node, 'engine.cjs')));
    const { status, stderr } = await run.finished();
    expect(status).toBe(1);
    expect(stderr).toMatch(/No engine is left to run tasks: node\d: .*\n/);
    expect(stderr).toContain('disbatch -r ');
    await run.nothingRuns();
    expect(await run.resume('node1:3').outcome()).toEqual(allDone);
  });

  test('a launcher has its tasks run again', async () => {
    const run = ClusterRun.start(bed, hosts, 30, 0.3);
    await run.hasBegun('node1', 2);
    await killOn(1, 'launcher-linux');
    expect(await run.outcome()).toEqual(allDone);
    expect(run.driverLog()).toMatch(/was lost on node1 and runs again/);
  });

  test('every ssh leaves the run going on', async () => {
    const run = ClusterRun.start(bed, hosts, 40, 0.3);
    await run.hasBegun('node3', 2);
    await run.hasBegun('node2', 2);
    await run.hasBegun('node1', 2);
    const pids = pidsOnHead(/\bssh -T\b/);
    expect(pids).toHaveLength(3);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    expect(await run.outcome()).toEqual(allDone);
    expect(run.driverLog()).not.toContain('runs again');
  });

  test('the driver has its tasks ended on all hosts, and a resume does the rest', async () => {
    const run = ClusterRun.start(bed, hosts, 30, 1);
    await run.hasRecords(4);
    run.command.kill('SIGKILL');
    await run.finished();
    await run.nothingRuns();
    expect(await run.resume('node1:4,node2:4').outcome()).toEqual(allDone);
  });
});

describe('a host', () => {
  test('that crashes has its tasks run elsewhere when its lease has ended', async () => {
    const run = ClusterRun.start(bed, hosts, 30, 0.3);
    await run.hasBegun('node2', 2);
    await bed.crash(2);
    expect(await run.outcome()).toEqual(allDone);
    expect((await run.finished()).stderr).toMatch(/node2 has not been heard of for \d+ s; its \d+ tasks? runs? again/);
  });

  test('that freezes for less than the lease loses nothing', async () => {
    const run = ClusterRun.start(bed, hosts, 30, 0.3);
    await run.hasBegun('node2', 2);
    await bed.freeze(2);
    const before = run.records().length;
    await run.hasRecords(before + 4);
    await bed.thaw(2);
    expect(await run.outcome()).toEqual(allDone);
    expect(run.driverLog()).not.toContain('runs again');
  });

  test('that freezes for more than the lease has its tasks run elsewhere, and works again when it is thawed', async () => {
    const run = ClusterRun.start(bed, 'node1:1,node2:1', 24, 1, 'unlocked');
    await run.hasBegun('node2', 1);
    await bed.freeze(2);
    await run.until('its task runs again', () => run.driverLog().includes('was lost on node2 and runs again'));
    const before = run.begunOn('node2').length;
    await bed.thaw(2);
    await run.hasBegun('node2', before + 1);
    expect(await run.outcome()).toEqual(allDone);
    // The task that was frozen has not come to its end.
    const done = run.lines('done').map((line) => line.split(' ')[0]);
    expect(done.filter((id, i) => done.indexOf(id) !== i)).toEqual([]);
  });

  test('whose engine hangs has its tasks ended all the same, and they run elsewhere', async () => {
    const run = ClusterRun.start(bed, hosts, 30, 0.5);
    await run.hasBegun('node2', 2);
    await bed.on(2, ['pkill', '-STOP', '-u', 'alice', '-f', 'engine.cjs']);
    await run.until('it is taken for lost', () => run.driverLog().includes('node2 has not been heard of'));
    expect((await run.finished()).status).toBe(0);
    await bed.on(2, ['pkill', '-CONT', '-u', 'alice', '-f', 'engine.cjs']);
    expect(await run.outcome()).toEqual(allDone);
  });

  test('that is cut off and healed within the lease loses nothing', async () => {
    const run = ClusterRun.start(bed, hosts, 40, 0.3);
    await run.hasBegun('node2', 2);
    await bed.cut(2);
    const before = run.records().length;
    await run.hasRecords(before + 4);
    await bed.heal(2);
    expect(await run.outcome()).toEqual(allDone);
    expect(run.driverLog()).not.toContain('runs again');
  });

  test('that is cut off has its tasks run elsewhere, and when it is healed after the lease it works again', async () => {
    const run = ClusterRun.start(bed, 'node1:1,node2:1', 24, 1);
    await run.hasBegun('node2', 1);
    await bed.cut(2);
    await run.until('it is taken for lost', () => run.driverLog().includes('node2 has not been heard of'));
    await run.until('its task runs again', () => run.driverLog().includes('was lost on node2 and runs again'));
    const before = run.begunOn('node2').length;
    await bed.heal(2);
    await run.hasBegun('node2', before + 1);
    expect(await run.outcome()).toEqual(allDone);
    expect((await run.finished()).stderr).toContain('node2 is there again');
  });

  test('that is cut off when the run is ended has its tasks ended too, and the run waits for that', async () => {
    const run = ClusterRun.start(bed, hosts, 6, 60);
    await run.hasBegun('node1', 2);
    await run.hasBegun('node2', 2);
    await bed.cut(2);
    run.command.kill('SIGINT');
    const { status, stderr } = await run.finished();
    expect(status).toBe(130);
    expect(stderr).toContain('disbatch -r ');
    expect(run.records()).toEqual([]);
    // Nobody has healed it: what ran there has been ended by its lease alone.
    await run.until('no task runs anywhere', () => !bed.commandsOf('alice').includes('lock-task'));
    expect(run.lines('complaints')).toEqual([]);
  });
});

test('a signal ends the tasks on all hosts', async () => {
  const run = ClusterRun.start(bed, hosts, 12, 60);
  for (const host of ['node1', 'node2', 'node3']) await run.hasBegun(host, 2);
  run.command.kill('SIGTERM');
  const { status, stderr } = await run.finished();
  expect(status).toBe(143);
  expect(stderr).toContain('12 tasks are left. Of these, 6 ran and were ended.');
  await run.nothingRuns();
});
