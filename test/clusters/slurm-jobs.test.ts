/** Runs of the built command within jobs of a real Slurm: how they are started, and which slots they have. */
import { dirname } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { startBed, type Bed } from './bed.ts';
import { allDone, SlurmRun, together } from './slurm-run.ts';

beforeEach((ctx) => skipWithout(ctx, 'namespaces', 'slurm'));

/** Four nodes with 2, 3, 4 and 4 cores. */
function unevenBed(): Promise<Bed> {
  return startBed({ nodes: 4, services: ['slurm'], slurm: { unevenCpus: { 1: 2, 2: 3 } } });
}

/** How many tasks srun starts on each node for such a request. */
async function sharesOfSrun(bed: Bed, job: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const node of (await bed.output(['srun', ...job, 'hostname'])).trim().split('\n')) {
    counts[node] = (counts[node] ?? 0) + 1;
  }
  return counts;
}

/** Each slot's tasks ran within the srun task of that number. */
function expectOwnPlaces(run: SlurmRun, name: string): void {
  const places = run.lines(`places-${name}`).map((line) => line.split(' '));
  for (const [, slot, procid, localid] of places) expect([procid, localid]).toEqual([slot, slot]);
  const keys = places.map(([node, slot]) => `${node} ${slot}`);
  expect(new Set(keys).size).toBe(keys.length);
}

describe('sbatch of the command itself', () => {
  test('finds the program, on PATH or not, and gives each slot of uneven nodes a task', async () => {
    const bed = await unevenBed();
    const job = ['-n', '6'];
    const expected = await sharesOfSrun(bed, job);
    expect(new Set(Object.values(expected))).toEqual(new Set([1, 2, 3]));
    const three = ['-w', 'node[2-4]', '-n', '9'];
    const expectedThree = await sharesOfSrun(bed, three);
    expect(Object.values(expectedThree)).toHaveLength(3);

    const byPath = await SlurmRun.submit(bed, job, [], together('by-path', 6), { name: 'by-path' });
    expect(await byPath.outcome()).toEqual(allDone);
    expect(byPath.shares()).toEqual(expected);
    expectOwnPlaces(byPath, 'by-path');
    expect(byPath.said()).toMatch(/^disBatch: 6 tasks run, none failed/m);

    const path = `${bed.program}:${dirname(bed.node)}:/usr/bin:/bin`;
    const byName = await SlurmRun.submit(bed, three, [], together('by-name', 9), {
      ...{ name: 'by-name', command: 'disbatch', env: { PATH: path } },
    });
    expect(await byName.outcome()).toEqual(allDone);
    expect(byName.shares()).toEqual(expectedThree);
    expectOwnPlaces(byName, 'by-name');

    // Names of files have the job's number; engines are numbered over the nodes.
    const label = `_J${byName.job}`;
    const [first, second, third] = Object.keys(expectedThree).sort();
    expect(byName.files()).toEqual([
      ...[`${label}.context.log`, `${label}_${first}_engine_0.log`, `${label}_${first}_engine_wrap.log`],
      ...[`${label}_${second}_engine_1.log`, `${label}_${second}_engine_wrap.log`],
      ...[`${label}_${third}_engine_2.log`, `${label}_${third}_engine_wrap.log`],
      ...['_dbUtil.sh', '_driver.log', '_status.txt'],
    ]);
  });

  test('has the end of the job in what it says', async () => {
    const bed = await startBed({ nodes: 1, services: ['slurm'] });
    const run = await SlurmRun.submit(bed, ['-n', '2', '-t', '90'], ['-l', 'mine'], ['sleep 0.5', 'sleep 0.5']);
    expect(await run.outcome()).toEqual(allDone);
    expect(run.said()).toMatch(/The allocation ends at .* \(in (1 h 30 min|1 h 29 min)\)\./);
    expect(run.files()).toContain('_mine.context.log');
  });
});

test('a batch script runs it, and has its exit status', async () => {
  const bed = await startBed({ nodes: 2, services: ['slurm'] });
  const lines = [...together('run', 8).slice(0, 7), 'touch there.run.7; sleep 1; exit 5'];
  const script = ['#SBATCH -N 2', '#SBATCH --ntasks-per-node=4', 'export OF_THE_SCRIPT=here', 'DISBATCH -e TASKS'];
  const run = await SlurmRun.submitScript(bed, [], script, lines);
  const { status, failed, ...rest } = await run.outcome();
  expect([status, failed.map(({ taskId, exitCode }) => [taskId, exitCode])]).toEqual([1, [[7, 5]]]);
  expect(rest).toEqual({ complaints: [], missing: [], doubled: [], left: [] });
  expect(run.shares()).toEqual({ node1: 4, node2: 4 });
  expect(run.said()).toContain('disbatch -r ');
});

describe('slots', () => {
  /** Slots by node of a run in an allocation, what it says before its end, and the cores that its tasks hear of. */
  async function slotsOf(
    bed: Bed,
    name: string,
    job: readonly string[],
    words: readonly string[],
    slots: number,
  ): Promise<{ shares: Record<string, number>; notices: string[]; cores: string[] }> {
    const run = SlurmRun.salloc(bed, job, words, together(name, slots), { name });
    expect(await run.outcome()).toEqual(allDone);
    const places = run.lines(`places-${name}`).map((line) => line.split(' '));
    // So many tasks ran at a time; one more slot would not have stayed without notice.
    const engines = [...run.read(`${name}_${contextLogOf(run)}`).matchAll(/engine \d+ on (\S+): (\d+) slots/g)];
    const shares = Object.fromEntries(engines.map(([, node, count]) => [node as string, Number(count)]));
    expect(run.shares()).toEqual(shares);
    expectOwnPlaces(run, name);
    const lines = run.said().split('\n');
    const notices = lines.slice(
      0,
      lines.findIndex((line) => line.startsWith('disBatch: ')),
    );
    return { shares, notices, cores: [...new Set(places.map((place) => place[4] ?? ''))] };
  }

  function contextLogOf(run: SlurmRun): string {
    const [log] = run.files().filter((name) => name.endsWith('.context.log'));
    return (log ?? '').slice(1);
  }

  test('are as many as the job was asked for with, and options say otherwise', async () => {
    const bed = await unevenBed();
    const salloc = (name: string, job: string, words: string, slots: number): ReturnType<typeof slotsOf> =>
      slotsOf(bed, name, job.split(' '), words.split(' ').filter(Boolean), slots);
    const on = '-w node[2-4]';

    expect(await salloc('plain', '-n 6 -w node[3-4]', '', 6)).toMatchObject({ notices: [], cores: ['1'] });
    expect(await salloc('cores', '-w node[3-4] -n 4 -c 2', '', 4)).toEqual({
      ...{ shares: { node3: 2, node4: 2 }, notices: [], cores: ['2'] },
    });
    // 3 // 2 is 1.
    expect(await salloc('odd', `${on} --exclusive`, '--fill -c 2', 5)).toEqual({
      ...{ shares: { node2: 1, node3: 2, node4: 2 }, notices: [], cores: ['2'] },
    });
    expect(await salloc('less', `-w node3 -n 2 -c 2`, '-c 1 --fill', 4)).toEqual({
      shares: { node3: 4 },
      notices: ['-c 1 is used, though Slurm says SLURM_CPUS_PER_TASK=2.'],
      cores: ['1'],
    });
    expect(await salloc('per-node', `${on} --ntasks-per-node=2`, '-t 1', 3)).toEqual({
      shares: { node2: 1, node3: 1, node4: 1 },
      notices: ['-t 1 is used, though Slurm says SLURM_NTASKS_PER_NODE=2.'],
      cores: [expect.any(String)],
    });
    expect(await salloc('fill', `${on} -n 3 -N 3 --exclusive`, '--fill', 11)).toEqual({
      ...{ shares: { node2: 3, node3: 4, node4: 4 }, notices: [], cores: ['1'] },
    });
    expect(await salloc('exclusive', `${on} -n 3 -N 3 --exclusive`, '', 3)).toMatchObject({
      shares: { node2: 1, node3: 1, node4: 1 },
    });
    const halves = await salloc('halves', '-w node3 -n 4', '-c 0.5 -t 8', 8);
    expect(halves).toMatchObject({ shares: { node3: 8 }, cores: ['1'] });
    expect(halves.notices).toEqual([]);
  });

  test('that no node has are an error that says so', async () => {
    const bed = await startBed({ nodes: 1, services: ['slurm'] });
    const run = SlurmRun.salloc(bed, ['-n', '2'], ['-c', '5'], ['true']);
    expect(await run.ended()).toBe(1);
    expect(run.said()).toContain(
      'disbatch: No slot can be made: node1 has 2 cores for this run, and a task needs 5 (-c).',
    );
  });
});
