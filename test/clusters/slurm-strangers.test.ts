/** Two users on one cluster: the second has no way into the run of the first. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { waitFor } from './bed-run.ts';
import { startBed } from './bed.ts';
import { allDone, SlurmRun } from './slurm-run.ts';

beforeEach((ctx) => skipWithout(ctx, 'namespaces', 'slurm'));

/** Connects to a port or a socket, asks the store for all it has, and tells what came of it. */
const speak = `
const socket = require('node:net').connect(JSON.parse(process.argv[1]));
let got = '';
socket.on('connect', () => socket.write('dump'));
socket.on('data', (chunk) => (got += chunk));
socket.on('error', (error) => console.log(error.code));
socket.on('close', (failed) => failed || console.log('closed', got.length));
`;

test('another user can neither read the key, nor speak to the driver, nor reach a launcher', async () => {
  const bed = await startBed({ nodes: 2, services: ['slurm'] });
  const tasks = Array.from({ length: 4 }, (_, i) => `touch there.${i}; ${waitFor('[ -e go ]')}`);
  const run = await SlurmRun.submit(bed, ['-N', '2', '-n', '4'], [], tasks);
  await run.has('there.0', 'there.1', 'there.2', 'there.3');
  const key = run.path('_key.json');
  const info = JSON.parse(readFileSync(key, 'utf8')) as { key: string; addresses: { host: string; port: number }[] };
  const bob = { user: 'bob' };

  expect((await bed.run(['cat', key], bob)).stderr).toContain('Permission denied');
  expect((await bed.run(['cat', run.path('_kvsinfo.txt')], { user: 'alice' })).status).toBe(0);
  // Nor does the list of processes tell it, in which he sees hers.
  const list = await bed.output(['ps', '-eo', 'args'], bob);
  expect(list).toContain('srun --input=0');
  expect(list).not.toContain(info.key);

  // He knows all but the key.
  const own = join(bed.home('bob'), 'run_key.json');
  writeFileSync(own, JSON.stringify({ ...info, key: info.key.replace(/./g, '0') }));
  const command = join(bed.program, 'disbatch');
  const asked = await bed.run([command, 'ctl', 'run', 'status'], bob);
  expect([asked.status, asked.stdout]).toEqual([1, '']);
  expect(asked.stderr).toContain('The run cannot be reached from this host.');
  const added = await bed.run(['salloc', '-Q', '--immediate=30', '-n', '1', command, '--context', 'run'], bob);
  expect([added.status, added.stdout]).toEqual([1, '']);
  expect(added.stderr).toContain('The run cannot be reached from this host.');
  const { host, port } = info.addresses[0] ?? { host: '', port: 0 };
  const plain = await bed.run(['node', '-e', speak, JSON.stringify({ host, port })], bob);
  expect(plain.stdout).toMatch(/^(closed 0|ECONNRESET|EPIPE)\n$/);

  // The sockets of both engines, which the nodes of a bed have in one folder.
  for (const rank of [0, 1]) {
    const folder = `/tmp/disbatch-${run.lines('run-ids')[0]}-${rank}`;
    expect(existsSync(join(folder, 'slots'))).toBe(true);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const path = JSON.stringify({ path: join(folder, 'slots') });
    expect((await bed.run(['node', '-e', speak, path], bob)).stdout).toBe('EACCES\n');
  }
  run.touch('go');
  expect(await run.outcome()).toEqual(allDone);
  expect(run.driverLog()).toMatch(/refused/);
});
