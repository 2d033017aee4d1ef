/** Programs as users of a run over several hosts: somebody else's store, and what is kept of tasks that ran elsewhere. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { inBash } from '../support/program.ts';
import { until } from '../support/run-disbatch.ts';
import { BedRun, waitFor } from './bed-run.ts';
import { startBed, type Bed } from './bed.ts';

beforeEach((ctx) => skipWithout(ctx, 'namespaces', 'sshd'));

/** Tasks, one for each of two hosts, that wait for each other. */
function onBoth(command: string): string {
  return `#DISBATCH REPEAT 2 touch met-$(hostname); ${waitFor('[ $(ls met-* | wc -l) = 2 ]')}; ${command}`;
}

/** `disbatch kvs` on the head, as alice. */
async function kvs(bed: Bed, ...words: readonly string[]): Promise<string> {
  return (await bed.run([join(bed.program, 'disbatch'), 'kvs', ...words], { cwd: bed.home('alice') })).stdout;
}

/** Starts a store on the head that is open to all hosts. @returns its address */
async function openStore(bed: Bed): Promise<string> {
  const file = join(bed.home('alice'), 'store.address');
  const words = ['kvs', 'serve', '--open', '--address', 'head:0', '--address-file', file];
  bed.start([join(bed.program, 'disbatch'), ...words], { cwd: bed.home('alice') });
  await until('the store is there', () => existsSync(file));
  return readFileSync(file, 'utf8').trim();
}

/** The store as a task finds it. */
const asTask = `KVSSTCP_HOST=\${DISBATCH_KVSSTCP_HOST%:*}; KVSSTCP_PORT=\${DISBATCH_KVSSTCP_HOST##*:}`;

test("tasks on all hosts use somebody else's store, at its own address", async () => {
  const bed = await startBed({ nodes: 2 });
  const store = await openStore(bed);
  expect(store).toMatch(/^head:\d+$/);
  writeFileSync(join(bed.home('alice'), 'say.sh'), `${asTask}\n${inBash}\nput hello "$(hostname)"; sure`);
  const tasks = [onBoth('echo $DISBATCH_KVSSTCP_HOST >at-$(hostname); . ./say.sh'), '#DISBATCH BARRIER both'];
  const run = BedRun.of(bed, ['-s', 'node1:1,node2:1', '--kvsserver', store], tasks);
  const { status, stderr } = await run.finished();
  expect([status, run.read('at-node1'), run.read('at-node2')]).toEqual([0, `${store}\n`, `${store}\n`]);
  expect(stderr).toContain(`The store at ${store} is not of this run.`);
  const said = [await kvs(bed, 'get', 'hello', '--store', store), await kvs(bed, 'get', 'hello', '--store', store)];
  expect(said.toSorted()).toEqual(['node1', 'node2']);
  expect(await kvs(bed, 'get', 'both', '--store', store)).toBe('2');
  const state = JSON.parse(await kvs(bed, 'view', 'DisBatch status', '--store', store)) as object;
  expect(state).toMatchObject({ more: 'No more tasks.', engines: { 0: { finished: 1 }, 1: { finished: 1 } } });
  expect(run.left()).toEqual([]);
});

test('a command on the head has the results of what other hosts ran', async () => {
  const bed = await startBed({ nodes: 2 });
  const script = `${inBash}\nsign_in; task '${onBoth('hostname')}'; result 0 >0.json; result 1 >1.json; finish`;
  writeFileSync(join(bed.home('alice'), 'feed.sh'), script);
  const run = new BedRun(bed, ['-s', 'node1:1,node2:1', '--taskcommand', '. ./feed.sh']);
  expect((await run.finished()).status).toBe(0);
  const hosts = ['0.json', '1.json'].map((name) => (JSON.parse(run.read(name)) as { OutData: string }).OutData);
  expect(hosts.toSorted()).toEqual(['node1\n', 'node2\n']);
  expect(run.left()).toEqual([]);
});

test('outputs and details of both hosts are kept', async () => {
  const bed = await startBed({ nodes: 2 });
  const tasks = ['#DISBATCH PERENGINE START hostname', onBoth('hostname; hostname >&2')];
  const run = BedRun.of(bed, ['-s', 'node1:1,node2:1', '--details', '--results', 'out', '-l', 'two'], tasks);
  expect((await run.finished()).status).toBe(0);
  const lines = run.lines('run_details.jsonl').map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toHaveLength(4);
  for (const line of lines) {
    const { kind, taskId, engine, node, context, outputFile, userCpu, peakMemory, memoryFrom } = line;
    expect([context, node]).toEqual(['two', `node${Number(engine) + 1}`]);
    expect([typeof userCpu, typeof peakMemory]).toEqual(['number', 'number']);
    expect(memoryFrom).toBeOneOf(['wait4', 'samples']);
    const place = kind === 'task' ? `0/0/${String(taskId)}` : `per-engine/0/${String(engine)}/start-0`;
    expect(outputFile).toBe(join(run.folder, 'out', `${place}.out`));
    expect(run.read(`out/${place}.out`)).toBe(`${String(node)}\n`);
    expect(run.read(`out/${place}.err`)).toBe(kind === 'task' ? `${String(node)}\n` : '');
  }
});
