/** PREFIX_dbUtil.sh: hosts that are added to a run that goes on, and what becomes of their tasks when they are taken away. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { BedRun, waitFor } from './bed-run.ts';
import { startBed, type Bed, type BedCommand } from './bed.ts';

beforeEach((ctx) => skipWithout(ctx, 'namespaces', 'sshd'));

/** Starts a run's PREFIX_dbUtil.sh on the head. */
function addTo(run: BedRun, ...words: readonly string[]): BedCommand {
  return run.bed.start([run.path('_dbUtil.sh'), ...words]);
}

/** How many of the run's tasks each host has done. */
function shares(run: BedRun): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { node } of run.taskRecords()) counts[node] = (counts[node] ?? 0) + 1;
  return counts;
}

test('hosts are added from the head and from another host, get tasks, and are let go at the end', async () => {
  const bed = await startBed({ nodes: 3 });
  // A task ends when all of them run: on the one slot of the beginning and the eight that are added.
  const task = `touch there-$DISBATCH_TASKID; ${waitFor('[ "$(ls there-* | wc -l)" = 9 ]')}`;
  const run = BedRun.of(bed, ['-s', 'node1:2', '-c', '2'], [`#DISBATCH REPEAT 9 ${task}`]);
  await run.has('there-0');

  // -c is taken from the first command line.
  const first = addTo(run, '-s', 'node3:4');
  await run.until('it is part of the run', () =>
    first.stderr().includes('disbatch: SSH1 is part of the run: node3, 2 slots.\n'),
  );
  // Node may be where a login on the other host does not look.
  const line = `PATH=${dirname(bed.node)}:$PATH ./run_dbUtil.sh -s localhost:2,node2:4 -c 1 -l more`;
  const second = bed.start(['ssh', 'node1', line]);
  await run.until('it is part of the run', () =>
    second.stderr().includes('disbatch: more is part of the run: node1, node2, 6 slots.\n'),
  );

  const { status: ended, stderr: told } = await run.finished();
  expect(ended).toBe(0);
  // To let them go is nothing that has to be told.
  expect(told).not.toMatch(/gone|no more tasks/);
  for (const context of [first, second]) {
    const { status, stdout, stderr } = await context.finished;
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toContain('disbatch: Leaving: the run is over.\n');
  }
  expect(shares(run)).toEqual({ node1: 3, node2: 4, node3: 2 });
  expect(run.files()).toEqual(
    expect.arrayContaining([
      ...['_SSH0.context.log', '_SSH1.context.log', '_more.context.log'],
      ...['_SSH0_node1_engine_0.log', '_SSH1_node3_engine_1.log', '_SSH1_node3_engine_wrap.log'],
      ...['_more_node1_engine_2.log', '_more_node2_engine_3.log'],
    ]),
  );
  const launches = run.files().filter((name) => /^_\d+_context_launch\.log$/.test(name));
  expect(launches.map((name) => run.lines(`run${name}`)[0] ?? '').sort()).toEqual([
    'SSH1 is part of the run: node3, 2 slots.',
    'more is part of the run: node1, node2, 6 slots.',
  ]);
  await run.nothingRuns();
  expect(run.left()).toEqual([]);

  const late = await addTo(run, '-s', 'node3:1').finished;
  expect(late.status).toBe(0);
  expect(late.stderr).toBe('disbatch: The run is over; there is nothing left to do for hosts.\n');
});

test('what it cannot do it says, and only the owner of the run can use it', async () => {
  const bed = await startBed({ nodes: 1 });
  const run = BedRun.of(bed, ['-s', 'node1:1'], [`touch there; ${waitFor('[ -e go ]')}`]);
  await run.has('there');
  const help = await addTo(run, '--help').finished;
  expect([help.status, help.stderr]).toEqual([0, '']);
  expect(help.stdout).toMatch(/-s, --ssh-node HOST:CORES/);
  expect(help.stdout).not.toContain('--resume-from');
  expect(await addTo(run, '--mon').finished).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(
      /^disbatch: The monitor needs a terminal, for its keys and its screen\. Look once with: disbatch ctl \S+ status\n$/,
    ) as string,
  });
  expect(await addTo(run).finished).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('Name them with -s HOST:CORES, or submit this script as a job') as string,
  });
  const failing = await addTo(run, '-s', 'nowhere:1').finished;
  expect(failing.status).toBe(0);
  expect(failing.stderr).toContain('disbatch: nowhere: Could not resolve hostname nowhere: ');
  expect(failing.stderr).toContain('disbatch: Leaving: none of its engines is left.\n');

  expect(statSync(run.path('_key.json')).mode & 0o777).toBe(0o600);
  expect(statSync(run.path('_dbUtil.sh')).mode & 0o777).toBe(0o700);
  const bob = { user: 'bob', cwd: bed.home('alice') };
  const script = await bed.run([run.path('_dbUtil.sh'), '-s', 'node1:1'], bob);
  expect(script.status).toBe(126);
  expect(script.stderr).toContain('Permission denied');
  const byHand = await bed.run([`${bed.program}/disbatch`, '--context', run.path(''), '-s', 'node1:1'], bob);
  expect(byHand.status).toBe(1);
  expect(byHand.stderr).toBe(
    `disbatch: The file ${run.path('_key.json')}, which says how to reach the run, cannot be used (permission denied).\n`,
  );
  run.touch('go');
  expect(await run.finished()).toMatchObject({ status: 0 });
  expect(shares(run)).toEqual({ node1: 1 });
});

describe('hosts that are taken away', () => {
  /** A run of ten tasks with one slot on node1, and a context with two on node2; on each slot a task runs. */
  async function withTwoContexts(): Promise<{ bed: Bed; run: BedRun; added: BedCommand }> {
    const bed = await startBed({ nodes: 2 });
    const task = `echo $DISBATCH_TASKID $(hostname) >>begun; ${waitFor('[ -e go ]')}; echo $DISBATCH_TASKID >>done`;
    const run = BedRun.of(bed, ['-s', 'node1:1'], [`#DISBATCH REPEAT 10 ${task}`]);
    await run.until('one task runs', () => run.lines('begun').length === 1);
    const added = addTo(run, '-s', 'node2:2');
    await run.until('three tasks run', () => run.lines('begun').length === 3);
    return { bed, run, added };
  }

  /** Ends the run, and sees that each of its tasks has been done once. */
  async function allDone(run: BedRun): Promise<void> {
    expect((await run.finished()).status).toBe(0);
    const records = run.taskRecords();
    expect(records.map(({ taskId, exitCode }) => [taskId, exitCode])).toEqual(
      Array.from({ length: 10 }, (_, i) => [i, 0]),
    );
    expect(
      run
        .lines('done')
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 10 }, (_, i) => i));
    await run.nothingRuns();
    expect(run.left()).toEqual([]);
  }

  test('by one Ctrl-C finish their tasks and get no new ones', async () => {
    const { run, added } = await withTwoContexts();
    added.kill('SIGINT');
    await run.until('the run knows', () => run.command.stderr().includes('SSH1 gets no more tasks'));
    run.touch('go');
    const { status, stderr } = await added.finished;
    expect(status).toBe(0);
    expect(stderr).toContain('SIGINT: no new tasks here, those that run may finish');
    expect(stderr).toContain('Leaving: ');
    await allDone(run);
    expect(shares(run)).toEqual({ node1: 8, node2: 2 });
    expect(run.lines('begun')).toHaveLength(10);
  });

  test('by two have their tasks ended, which run again elsewhere', async () => {
    const { run, added } = await withTwoContexts();
    added.kill('SIGINT');
    await run.until('the run knows', () => run.command.stderr().includes('SSH1 gets no more tasks'));
    added.kill('SIGINT');
    // Its tasks wait for what comes only when it is gone.
    const { status, stderr } = await added.finished;
    expect(status).toBe(0);
    expect(stderr).toContain('Ending the tasks here');
    expect(run.command.stderr()).toContain('The tasks of SSH1 are ended; they run again elsewhere.');
    run.touch('go');
    await allDone(run);
    expect(shares(run)).toEqual({ node1: 10 });
    const begun = run.lines('begun');
    expect(begun).toHaveLength(12);
    expect(begun.filter((line) => line.endsWith(' node2'))).toHaveLength(2);
  });

  test('by kill -9 lose nothing', async () => {
    const { run, added } = await withTwoContexts();
    added.kill('SIGKILL');
    await added.finished;
    await run.until('the run knows', () => run.command.stderr().includes('SSH1 is gone'));
    run.touch('go');
    await allDone(run);
    // Those that ran there were let finish, or run again: never both.
    const { node1, node2 = 0 } = shares(run);
    expect(run.lines('begun')).toHaveLength(12 - node2);
    expect(node1).toBe(10 - node2);
  });
});
