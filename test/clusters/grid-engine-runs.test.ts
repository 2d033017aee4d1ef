/** Runs of the built command within jobs of a real Grid Engine. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { until } from '../support/run-disbatch.ts';
import { BedRun, waitFor } from './bed-run.ts';
import { startBed, type Bed } from './bed.ts';
import { gridEngineJobEnded, submitGridEngine } from './grid-engine.ts';

beforeEach((ctx) => skipWithout(ctx, 'namespaces', 'grid-engine'));

/** A run within a job; its files are in alice's home. */
class JobRun extends BedRun {
  job = '';

  /** Submits a job with so many slots, which runs these tasks. */
  static async submit(bed: Bed, slots: number, words: string, tasks: readonly string[]): Promise<JobRun> {
    const home = bed.home('alice');
    writeFileSync(join(home, 'Tasks'), `${tasks.join('\n')}\n`);
    const script = [
      '#!/bin/bash',
      `export PATH=${dirname(bed.node)}:$PATH`,
      `${join(bed.program, 'disbatch')} -p run ${words} Tasks 2>said`,
      'echo $? >status',
    ];
    const run = new JobRun(bed);
    run.job = await submitGridEngine(bed, ['-pe', 'mpi', String(slots)], { input: `${script.join('\n')}\n` });
    return run;
  }

  private constructor(bed: Bed) {
    super(bed, undefined);
  }
}

test('a job runs its tasks on all its hosts, with the slots that each has', async () => {
  const bed = await startBed({ nodes: 2, services: ['grid-engine'], gridEngine: { slots: 3 } });
  const run = await JobRun.submit(bed, 5, '', [
    '#DISBATCH PERENGINE START echo $(hostname) >>started',
    '#DISBATCH PERENGINE STOP echo $(hostname) >>stopped',
    // A task ends when all five run, so that each slot has one.
    `#DISBATCH REPEAT 5 touch there-$DISBATCH_TASKID; ${waitFor('[ "$(ls there-* | wc -l)" = 5 ]')}`,
  ]);
  await run.has('status');
  expect([run.read('status'), run.read('said')]).toEqual(['0\n', expect.stringContaining('5 tasks run, none failed')]);
  const shares = run.taskRecords().map(({ node }) => node);
  expect(['node1', 'node2'].map((node) => shares.filter((each) => each === node).length).sort((a, b) => a - b)).toEqual(
    [2, 3],
  );
  expect(run.lines('started').sort()).toEqual(['node1', 'node2']);
  expect(run.lines('stopped').sort()).toEqual(['node1', 'node2']);
  expect(run.files()).toContain(`_J${run.job}.context.log`);
  await gridEngineJobEnded(bed, run.job);
  await run.nothingRuns();
  expect(run.left()).toEqual([]);
});

test('what ran on a host that crashes runs again on the one that is left', async () => {
  const bed = await startBed({ nodes: 2, services: ['grid-engine'], gridEngine: { slots: 2 } });
  const task =
    'echo $DISBATCH_TASKID $(hostname) >>begun; sleep 0.5; [ -e crashed ] || sleep 600; echo $DISBATCH_TASKID >>done';
  const run = await JobRun.submit(bed, 4, '--heartbeat 3', [`#DISBATCH REPEAT 8 ${task}`]);
  await run.until('all slots are busy', () => run.lines('begun').length === 4);
  // The script of the job, and with it the driver, is on one of the two.
  const own = /on (node\d) \(PID/.exec(run.driverLog())?.[1];
  const other = own === 'node1' ? 2 : 1;
  const onOther = run.lines('begun').filter((line) => line.endsWith(`node${other}`));
  expect(onOther).toHaveLength(2);
  await bed.crash(other);
  run.touch('crashed');
  // Those that sleep on the driver's own host are woken by their end, which is no failure of the run.
  await bed.on(own === 'node1' ? 1 : 2, ['bash', '-c', 'pkill -f "^sleep 600$" || true']);
  await until('the run has ended', () => run.read('status') !== '', 90);
  const records = run.taskRecords();
  expect(records.map(({ taskId }) => taskId)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  for (const line of onOther) {
    const { node, exitCode } = records[Number(line.split(' ')[0])] ?? {};
    expect([node, exitCode]).toEqual([own, 0]);
  }
  expect(run.read('said')).toMatch(/2 tasks that had been lost with what ran them were started again/);
  expect(run.left()).toEqual([]);
});
