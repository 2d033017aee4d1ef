/** GPUs, and other things that are shared out over slots, in jobs of a real Slurm. */
import { beforeEach, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { startBed, type Bed } from './bed.ts';
import { allDone, SlurmRun, together } from './slurm-run.ts';

beforeEach((ctx) => skipWithout(ctx, 'namespaces', 'slurm'));

/** What the task in each slot has in a variable: `NODE SLOT VALUE`. */
async function seenBy(
  bed: Bed,
  name: string,
  job: string,
  words: readonly string[],
  slots: number,
  variable = 'CUDA_VISIBLE_DEVICES',
): Promise<{ seen: string[]; said: string }> {
  const env = { LIST: 'a,b,c' };
  const run = SlurmRun.salloc(bed, job.split(' '), words, together(name, slots, `\${${variable}-none}`), { name, env });
  expect(await run.outcome()).toEqual(allDone);
  const places = run.lines(`places-${name}`).map((line) => line.split(' '));
  return { seen: places.map(([node, slot, , , , value]) => `${node} ${slot} ${value}`).sort(), said: run.said() };
}

const oneEach = ['node1 0 0', 'node1 1 1', 'node2 0 0', 'node2 1 1'];

test('each task sees GPUs of its own, however they were asked for', async () => {
  const bed = await startBed({ nodes: 2, services: ['slurm'], slurm: { gpus: 2 } });
  const each = '-N 2 -n 4 --ntasks-per-node=2';
  expect((await seenBy(bed, 'per-task', `${each} --gpus-per-task=1`, [], 4)).seen).toEqual(oneEach);
  expect((await seenBy(bed, 'per-task-g', `${each} --gpus-per-task=1`, ['-g'], 4)).seen).toEqual(oneEach);
  expect((await seenBy(bed, 'node-g', `${each} --gres=gpu:2`, ['-g'], 4)).seen).toEqual(oneEach);
  const together2 = oneEach.map((line) => line.replace(/.$/, '0,1'));
  expect((await seenBy(bed, 'node', `${each} --gres=gpu:2`, [], 4)).seen).toEqual(together2);
  // Three GPUs for the whole job, of which one node has but one: so many slots there are.
  const three = await seenBy(bed, 'three', '-N 2 -n 8 --gpus=3', ['-g'], 3);
  expect(three.seen).toHaveLength(3);
  expect([
    ['node1 0 0', 'node1 1 1', 'node2 0 0'],
    ['node1 0 0', 'node2 0 0', 'node2 1 1'],
  ]).toContainEqual(three.seen);
  expect(three.said).toMatch(/only [12] of these are used/);
});

test('-E shares the list of a variable out', async () => {
  const bed = await startBed({ nodes: 1, services: ['slurm'] });
  const { seen, said } = await seenBy(bed, 'list', '-n 4', ['-E', 'LIST'], 3, 'LIST');
  expect(seen).toEqual(['node1 0 a', 'node1 1 b', 'node1 2 c']);
  expect(said).toMatch(/node1.*LIST has 3 elements for 4 slots; only 3 of these are used/);
});
