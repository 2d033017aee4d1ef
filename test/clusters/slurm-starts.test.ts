/** How the engines of a job of a real Slurm come up: many at once, or with a node that is not there. */
import { readdirSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { waitFor } from './bed-run.ts';
import { startBed } from './bed.ts';
import { nodeStates, setNodeDown } from './slurm.ts';
import { allDone, SlurmRun } from './slurm-run.ts';

beforeEach((ctx) => skipWithout(ctx, 'namespaces', 'slurm'));

test('sixteen nodes with four slots each all come up', async () => {
  const bed = await startBed({ nodes: 16, services: ['slurm'] });
  const tasks = Array.from({ length: 64 }, (_, i) => `touch there.${i}; ${waitFor('[ -e go ]')}`);
  const run = await SlurmRun.submit(bed, ['-N', '16', '--ntasks-per-node=4'], [], tasks);
  const there = (): number => readdirSync(run.folder).filter((name) => name.startsWith('there.')).length;
  await run.until('a task runs in each slot', () => there() === 64);
  run.touch('go');
  expect(await run.outcome()).toEqual(allDone);
  expect(run.shares()).toEqual(Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`node${i + 1}`, 4])));
  // None had to be started a second time.
  expect(run.read(`run_J${run.job}.context.log`)).not.toContain('tried again');
});

test('a node that is not there any more is named with the words of srun, and the others go on', async () => {
  const bed = await startBed({ nodes: 3, services: ['slurm'], slurm: { cpus: 2 } });
  const script = ['touch allocated', waitFor('[ -e go ]'), 'DISBATCH TASKS'];
  const tasks = Array.from({ length: 12 }, () => 'sleep 0.1');
  const run = await SlurmRun.submitScript(bed, ['-N', '3', '-n', '6', '--no-kill'], script, tasks);
  await run.has('allocated');
  await setNodeDown(bed, 3);
  run.touch('go');
  expect(await run.outcome([3])).toEqual(allDone);
  expect(Object.keys(run.shares()).sort()).toEqual(['node1', 'node2']);
  expect(run.said()).toMatch(/^node3: .*(not available|invalid|down).*\.$/im);
  expect((await nodeStates(bed))['node3']).toBe('down');
});

test('what srun says of an option that it does not take reaches the user', async () => {
  const bed = await startBed({ nodes: 2, services: ['slurm'], slurm: { cpus: 2 } });
  const script = [
    'echo SLURM_CONSTRAINT=nowhere >options',
    'SLURM_CONSTRAINT=nowhere srun -N1 -n1 -w node1 true 2>words',
    'DISBATCH_SLURM_SRUN_OPTIONS_FILE=options DISBATCH TASKS',
  ];
  const run = await SlurmRun.submitScript(bed, ['-N', '2', '-n', '4'], script, ['true']);
  const { status, missing } = await run.outcome();
  expect([status, missing]).toEqual([1, [0]]);
  const words =
    run
      .lines('words')
      .at(-1)
      ?.replace(/^srun: error: /, '') ?? '';
  expect(words).not.toBe('');
  for (const node of ['node1', 'node2']) expect(run.said()).toContain(`${node}: ${words}.\n`);
  expect(run.said()).toContain('No engine is left to run tasks: ');
});
