/**
 * A run whose contexts come and go: jobs of a real Slurm and hosts by ssh. Tasks hold a lock, so none can run in two places
 * at a time without a complaint.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { RunOverview } from '../../src/contract/overview.ts';
import { skipWithout } from '../support/needs.ts';
import type { Finished } from '../support/run-disbatch.ts';
import { lockTasks } from './bed-locks.ts';
import { waitFor } from './bed-run.ts';
import { startBed, untilAsked, type Bed } from './bed.ts';
import { jobEnded, jobState, submit } from './slurm.ts';
import { allDone, SlurmRun } from './slurm-run.ts';

beforeEach((ctx) => skipWithout(ctx, 'namespaces', 'sshd', 'slurm'));

function ctl(bed: Bed, ...words: readonly string[]): Promise<Finished> {
  return bed.run([join(bed.program, 'disbatch'), 'ctl', 'run', ...words]);
}

async function overview(bed: Bed): Promise<RunOverview> {
  const { status, stdout, stderr } = await ctl(bed, 'status', '--json');
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as RunOverview;
}

/** Submits the script that adds a context. */
function add(bed: Bed, job: readonly string[], ...words: readonly string[]): Promise<string> {
  return submit(bed, ['-o', 'added-%j.out', ...job, './run_dbUtil.sh', ...words]);
}

test('contexts of two kinds come, are stopped, limited and killed, and every task is done once', async () => {
  const bed = await startBed({ nodes: 7, services: ['sshd', 'slurm'], slurm: { cpus: 2 } });
  const locked = lockTasks(bed.home('alice'), 70, 0.5);
  const waits = (file: string, count: number): string[] =>
    Array.from({ length: count }, () => `echo ${file} $(hostname) >>begun; ${waitFor(`[ -e ${file} ]`)}`);
  // However slow the machine is, there are tasks for all slots when all contexts have come, and when some have left.
  const tasks = ['exit 3', ...locked.slice(0, 30), ...waits('go', 24), ...locked.slice(30), ...waits('end', 6)];
  const run = SlurmRun.onHead(bed, ['-S', '-e', '--heartbeat', '3'], tasks);
  await run.until('it says that it waits, and for what', () =>
    /101 tasks wait for hosts\. Add some: \S+run_dbUtil\.sh -s HOST:CORES, or within a cluster: sbatch -n TASKS /.test(
      run.said(),
    ),
  );
  expect((await overview(bed)).tasks).toEqual({
    ...{ total: 101, finished: 0, failed: 0, skipped: 0, skippedFailed: 0, perEngineFailed: 0, running: 0, lost: 0 },
    taskSeconds: 0,
  });
  const waiting = ctl(bed, 'wait');

  const two = ['-N', '1', '-n', '2'];
  const array = await add(bed, ['--array=1-2', '-w', 'node1', '-N', '1', '-n', '1']);
  const pair = await add(bed, ['-w', 'node[2-3]', '-N', '2', '-n', '4']);
  const doomed = await add(bed, ['-w', 'node4', ...two]);
  const limited = await add(bed, ['-w', 'node5', ...two], '-C', '3', '-l', 'limited');
  const bySsh = bed.start([run.path('_dbUtil.sh'), '-s', 'node6:1,node7:2', '-l', 'by-ssh']);
  await untilAsked('all have come', async () => (await overview(bed)).contexts.length === 6);
  await run.hasBegun('node4', 2);
  await run.hasBegun('node7', 1);
  await run.hasBegun('node3', 1);

  const seen = await overview(bed);
  const labels = Object.fromEntries(seen.contexts.map(({ label, taskLimit }) => [label, taskLimit]));
  expect(Object.keys(labels)).toEqual(expect.arrayContaining([`J${pair}`, `J${doomed}`, 'by-ssh', 'limited']));
  expect(labels['limited']).toBe(3);
  const slots = Object.fromEntries(seen.engines.map((engine) => [`${engine.node} ${engine.slots}`, engine.running]));
  // Both elements of the array are on one node.
  expect(Object.keys(slots).sort()).toEqual(
    ['node1 1', 'node2 2', 'node3 2', 'node4 2', 'node5 2', 'node6 1', 'node7 2'].sort(),
  );
  expect(seen.phase).toBe('running');
  expect(seen.engines.reduce((sum, { running }) => sum + running, 0)).toBe(seen.tasks.running);
  expect(seen.engines.reduce((sum, { finished }) => sum + finished, 0)).toBe(seen.tasks.finished);

  // One is stopped softly, an engine of another, and one is killed.
  expect(await ctl(bed, 'stop', 'context', 'by-ssh')).toMatchObject({ status: 0, stderr: '' });
  const third = seen.engines.find(({ node }) => node === 'node3');
  expect(await ctl(bed, 'stop', 'engine', String(third?.rank))).toMatchObject({ status: 0, stderr: '' });
  await bed.output(['scancel', doomed]);
  await jobEnded(bed, doomed);
  run.touch('go');
  const left = await bySsh.finished;
  expect([left.status, left.stderr]).toEqual([0, expect.stringContaining('Leaving: ')]);
  await jobEnded(bed, limited);
  expect(await jobState(bed, limited)).toBe('COMPLETED');
  expect(run.read(`added-${limited}.out`)).toContain('Leaving: ');

  const later = await overview(bed);
  const stages = Object.fromEntries(later.engines.map((engine) => [engine.node, engine.stage]));
  for (const node of ['node4', 'node5', 'node6', 'node7']) expect([node, stages[node]]).toEqual([node, 'gone']);
  expect(later.contexts.filter((context) => context.left).map(({ label }) => label)).toEqual(
    expect.arrayContaining(['by-ssh', 'limited', `J${doomed}`]),
  );
  expect(later.engines.find(({ node }) => node === 'node5')?.assigned).toBe(3);
  expect(await ctl(bed, 'stop', 'context', 'nobody')).toMatchObject({ status: 1 });
  run.touch('end');

  // Tasks that were ended with their context are not recorded as failed.
  const { failed, ...rest } = await run.outcome();
  expect(failed.map(({ taskId, exitCode }) => [taskId, exitCode])).toEqual([[0, 3]]);
  expect(rest).toEqual({ status: 1, complaints: [], missing: [], doubled: [], left: [] });
  const waited = await waiting;
  expect([waited.status, waited.stdout]).toEqual([1, expect.stringContaining('101 of 101 tasks done, 1 failed')]);
  expect(run.shares()['node5']).toBe(3);
  for (const id of [array, pair]) {
    await jobEnded(bed, id);
    expect([...new Set((await jobState(bed, id)).split(' '))]).toEqual(['COMPLETED']);
  }
  expect(run.said()).toMatch(/J\d+ .*(gone|gets no more tasks|ended)/);
});

test('a context that comes when all is done leaves in good order', async () => {
  const bed = await startBed({ nodes: 1, services: ['slurm'] });
  const run = SlurmRun.onHead(bed, ['-S', '--heartbeat', '3'], ['until [ -e go ]; do sleep 0.1; done']);
  await run.has('run_dbUtil.sh');
  const first = await add(bed, ['-n', '1']);
  await run.until('the task runs', () => run.lines('run-ids').length === 1);
  // It starts when the first has ended, and with it the run.
  const late = await add(bed, ['-n', '1', `--dependency=afterany:${first}`]);
  writeFileSync(join(run.folder, 'go'), '');
  expect(await run.outcome()).toEqual(allDone);
  await jobEnded(bed, late);
  expect(run.read(`added-${late}.out`)).toContain('The run is over; there is nothing left to do for hosts.');
  expect(await jobState(bed, late)).toBe('COMPLETED');
});
