/** Nodes of a real Slurm job that are given back while the run goes on, and what is done once a node. */
import { beforeEach, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { waitFor } from './bed-run.ts';
import { startBed, untilAsked } from './bed.ts';
import { jobNodes, jobState, nodeStates } from './slurm.ts';
import { allDone, SlurmRun } from './slurm-run.ts';

beforeEach((ctx) => skipWithout(ctx, 'namespaces', 'slurm'));

/**
 * Tasks for as many slots. When all run, those on the nodes in `busy` go on until there is a file `go-NAME`, the others end.
 */
function unequal(name: string, count: number, busy: string): string[] {
  const all = waitFor(`[ "$(ls there.${name}.* | wc -l)" = ${count} ]`);
  const rest = `case $(hostname) in ${busy}) ${waitFor(`[ -e go-${name} ]`)} ;; esac`;
  return Array.from({ length: count }, (_, i) => `touch there.${name}.${i}; ${all}; ${rest}`);
}

test('a node that is done is given back while the others go on, but not the own one', async () => {
  const bed = await startBed({ nodes: 4, services: ['slurm'], slurm: { cpus: 2 } });
  const perEngine = ['START echo $(hostname) >>begins', 'STOP echo $(hostname) >>leaves'];
  const tasks = [...perEngine.map((line) => `#DISBATCH PERENGINE ${line}`), ...unequal('run', 8, 'node2|node3')];
  const run = await SlurmRun.submit(bed, ['-N', '4', '-n', '8'], [], tasks);
  const id = run.job as string;
  await run.until('all run', () => run.lines('begins').length === 4);
  expect(await jobNodes(bed, id)).toEqual(['node1', 'node2', 'node3', 'node4']);
  await run.hasRecords(4 + 4);
  await untilAsked('node4 is given back', async () => !(await jobNodes(bed, id)).includes('node4'));
  expect([await jobNodes(bed, id), await jobState(bed, id)]).toEqual([['node1', 'node2', 'node3'], 'RUNNING']);
  await untilAsked('node4 is free', async () => (await nodeStates(bed))['node4'] === 'idle');
  expect(run.lines('leaves')).toEqual(['node4']);
  run.touch('go-run');
  expect(await run.outcome()).toEqual(allDone);
  expect(run.lines('begins').sort()).toEqual(['node1', 'node2', 'node3', 'node4']);
  expect(run.lines('leaves').sort()).toEqual(['node1', 'node2', 'node3', 'node4']);
  expect(run.said()).not.toContain('could not be given back');
});

test('--no-retire keeps all nodes, and --retire-cmd is told what there is to know', async () => {
  const bed = await startBed({ nodes: 3, services: ['slurm'] });
  const job = ['-N', '3', '-n', '3'];
  const start = (name: string, ...words: string[]): Promise<SlurmRun> =>
    SlurmRun.submit(bed, job, words, unequal(name, 3, 'node2'), { name });
  const told =
    'echo "$NODE|$NODES|$RETCODES|$ACTIVE|$RETIRED|${DRIVER_NODE-none}|$SLURM_JOBID" >>told; echo "on $(hostname) in $(pwd)"';
  const [kept, telling, failing] = await Promise.all([
    start('kept', '--no-retire'),
    start('telling', '--retire-cmd', told),
    start('failing', '--retire-cmd', 'echo no such luck >&2; exit 3'),
  ]);
  await telling.until('it is told', () => telling.lines('told').length === 1);
  expect(telling.lines('told')).toEqual([`node3|node3|0|node1,node2|node3|none|${telling.job}`]);
  const log = `telling_J${telling.job}.context.log`;
  // In the folder that the run was started in: it may name files there.
  await telling.until('what it says is kept', () => telling.read(log).includes(`: on node1 in ${telling.folder}`));
  await failing.until('it is warned', () => failing.said().includes('could not be given back'));
  expect(failing.said()).toContain('node3 could not be given back (exit status 3): no such luck.');
  // That of the others has come to the command, so this one would have been given back.
  await kept.hasRecords(3 + 2);
  expect(await jobNodes(bed, kept.job as string)).toEqual(['node1', 'node2', 'node3']);
  for (const name of ['kept', 'telling', 'failing']) kept.touch(`go-${name}`);
  for (const run of [kept, telling, failing]) {
    expect(await run.outcome()).toEqual(allDone);
    expect(await jobNodes(bed, run.job as string)).toEqual(['node1', 'node2', 'node3']);
  }
  expect(kept.driverLog()).not.toContain('is done');
  expect(kept.read(`kept_J${kept.job}.context.log`)).not.toContain('giving back');
});
