/** What a task finds around it in a job of a real Slurm: what an srun for the same request gives, and what disBatch adds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { waitFor } from './bed-run.ts';
import { startBed, type Bed, type BedOptions } from './bed.ts';
import { allDone, SlurmRun } from './slurm-run.ts';

beforeEach((ctx) => skipWithout(ctx, 'namespaces', 'slurm', 'util-linux'));

/** Writes the environment and the processors of who calls it to NAME-NODE-SLOT.env and .cpus, and its open files to .nofile. */
const look = `#!/bin/bash
env -0 >"$1-$(hostname)-$2.env"
taskset -p $$ | sed 's/.*: //' >"$1-$(hostname)-$2.cpus"
ulimit -Sn >"$1-$(hostname)-$2.nofile"
`;

const slots = 2;

/**
 * Has each slot of a job look around: once from an srun a node, made by hand, and once from a task. Both have the same shell
 * in between.
 */
async function lookAround(bed: Bed, nodes: number, job: readonly string[]): Promise<void> {
  const all = nodes * slots;
  const path = join(bed.home('alice'), 'look');
  const script = [
    ...['#SBATCH -N ' + nodes, `#SBATCH --ntasks-per-node=${slots}`],
    `cat >look <<'X'\n${look}X`,
    'chmod +x look; export OF_THE_SCRIPT="two\nlines"',
    ...Array.from(
      { length: nodes },
      (_, i) =>
        `SLURM_CPU_BIND=cores SLURM_MPI_TYPE=none srun -N1 -n ${slots} -c 1 -w node${i + 1} /bin/bash -c '${path} srun $SLURM_LOCALID'`,
    ),
    'DISBATCH TASKS',
  ];
  const tasks = Array.from(
    { length: all },
    (_, i) =>
      `touch there.${i}; ${waitFor(`[ "$(ls there.* | wc -l)" = ${all} ]`)}; ${path} task $DISBATCH_CYLINDER_RANK`,
  );
  const run = await SlurmRun.submitScript(bed, job, script, tasks);
  expect(await run.outcome()).toEqual(allDone);
}

function environment(bed: Bed, who: 'srun' | 'task', node: number, slot: number): Map<string, string> {
  const text = readFileSync(join(bed.home('alice'), `${who}-node${node}-${slot}.env`), 'utf8');
  return new Map(
    text
      .split('\0')
      .slice(0, -1)
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

/** Names of variables that are not the same in both. */
function differences(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string[] {
  const names = [...new Set([...one.keys(), ...other.keys()])];
  return names.filter((name) => one.get(name) !== other.get(name)).sort();
}

function options(more: BedOptions['slurm'], nodes: number): BedOptions {
  return { nodes, services: ['slurm'], ...(more === undefined ? {} : { slurm: more }) };
}

/** What is not the same, and why. */
const different = [
  // Added by disBatch.
  /^DISBATCH_/,
  // srun calls a step by the command that it starts; disBatch's step has the name of the job.
  /^SLURM_JOB_NAME$/,
  // Each step has its own.
  /^SLURM_(STEP_ID|STEPID|SRUN_COMM_PORT|STEP_LAUNCHER_PORT|LAUNCH_NODE_IPADDR|TASK_PID)$/,
];

test('is the environment that srun gives, in each slot on each node', async () => {
  const bed = await startBed(options({ gpus: 2 }, 2));
  await lookAround(bed, 2, ['--gpus-per-task=1']);
  for (const node of [1, 2]) {
    for (const slot of [0, 1]) {
      const [srun, task] = [environment(bed, 'srun', node, slot), environment(bed, 'task', node, slot)];
      expect(srun.get('OF_THE_SCRIPT')).toBe('two\nlines');
      const names = differences(srun, task);
      expect(names.filter((name) => !different.some((each) => each.test(name)))).toEqual([]);
      expect(names).toContain('DISBATCH_TASKID');
      expect([task.get('CUDA_VISIBLE_DEVICES'), task.get('SLURM_LOCALID')]).toEqual([String(slot), String(slot)]);
      const [srunFiles, taskFiles] = ['srun', 'task'].map((who) =>
        readFileSync(join(bed.home('alice'), `${who}-node${node}-${slot}.nofile`), 'utf8'),
      );
      expect(taskFiles).toBe(srunFiles);
    }
  }
});

test('are the processors that srun gives', async () => {
  const bed = await startBed(options({ cpus: 2, taskPlugin: 'affinity' }, 1));
  await lookAround(bed, 1, []);
  const masks = ['srun', 'task'].map((who) =>
    [0, 1].map((slot) => readFileSync(join(bed.home('alice'), `${who}-node1-${slot}.cpus`), 'utf8').trim()),
  );
  expect(masks[1]).toEqual(masks[0]);
  // Bound, and to processors of its own.
  expect(masks[1]).toEqual(['1', '2']);
});
