/** The store of a run on this machine: the files by which it is found, and what is in it for programs beside the run. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { StoreClient } from '../../src/kvs/client.ts';
import { startDisbatch, testFolder, until, writeTasks, type Running } from '../support/run-disbatch.ts';

const [info, key, script] = ['run_kvsinfo.txt', 'run_key.json', 'run_dbUtil.sh'];
const held = 'touch there; until [ -e go ]; do sleep 0.02; done';

/** Starts a run; its last task waits for a file `go`. */
async function startRun(folder: string, tasks: readonly string[], ...words: readonly string[]): Promise<Running> {
  const file = writeTasks(folder, [...tasks, held]);
  const run = startDisbatch(['-s', 'localhost:1', '-p', 'run', ...words, file], { cwd: folder });
  await until('its last task runs', () => existsSync(join(folder, 'there')));
  return run;
}

/** A client of this process, which is none of the run's. */
async function clientOf(folder: string): Promise<StoreClient> {
  const [, host, port] = /^(.*):(\d+)$/.exec(readFileSync(join(folder, info), 'utf8')) as unknown as [
    string,
    string,
    string,
  ];
  const client = await StoreClient.connect(host, Number(port));
  onTestFinished(() => client.close());
  return client;
}

const there = (folder: string): string[] => [info, key, script].filter((name) => existsSync(join(folder, name)));

test('the files by which a run is found are there while it goes on, and go with it', async () => {
  const folder = testFolder();
  const run = await startRun(folder, ['echo $DISBATCH_KVSSTCP_HOST >address']);
  const address = readFileSync(join(folder, info), 'utf8');
  const [name, port] = address.split(':');
  expect([name, port]).toEqual([hostname(), expect.stringMatching(/^\d+$/)]);
  // Tasks are told the address that works without a name server.
  expect(readFileSync(join(folder, 'address'), 'utf8')).toBe(`127.0.0.1:${port}\n`);
  expect(statSync(join(folder, key)).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, script)).mode & 0o777).toBe(0o700);
  const secret = (JSON.parse(readFileSync(join(folder, key), 'utf8')) as { key: string }).key;
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(readFileSync(join(folder, script), 'utf8')).not.toContain(secret);
  writeTasks(folder, '', 'go');
  expect((await run.finished).status).toBe(0);
  expect(there(folder)).toEqual([script]);
  expect(readFileSync(join(folder, 'run_driver.log'), 'utf8')).not.toContain(secret);
});

test.each([
  ['localhost', 'localhost'],
  // Another's name that hands connections on: this host itself does not go by it.
  ['192.0.2.7', '127.0.0.1'],
])('with --use-address %s:0 the run is found under that name, and tasks here at %s', async (name, here) => {
  const folder = testFolder();
  const run = await startRun(folder, ['echo $DISBATCH_KVSSTCP_HOST >address'], '--use-address', `${name}:0`);
  const [announced, port] = readFileSync(join(folder, info), 'utf8').split(':');
  expect(announced).toBe(name);
  const { addresses } = JSON.parse(readFileSync(join(folder, key), 'utf8')) as { addresses: unknown };
  expect(addresses).toEqual([{ host: name, port: Number(port) }]);
  expect(readFileSync(join(folder, 'address'), 'utf8')).toBe(`${here}:${port}\n`);
  const client = await StoreClient.connect(here, Number(port));
  onTestFinished(() => client.close());
  expect((await client.dump()).keys.length).toBeGreaterThan(0);
  writeTasks(folder, '', 'go');
  expect((await run.finished).status).toBe(0);
});

test.each(['SIGINT', 'SIGTERM'] as const)('the files go with a run that %s ends', async (signal) => {
  const folder = testFolder();
  const run = await startRun(folder, []);
  expect(there(folder)).toEqual([info, key, script]);
  run.child.kill(signal);
  expect((await run.finished).status).toBeGreaterThan(128);
  expect(there(folder)).toEqual([script]);
});

test('a program beside the run finds barriers and the state of the run', async () => {
  const folder = testFolder();
  const run = await startRun(
    folder,
    ['false', '#DISBATCH BARRIER all of it', 'true', '#DISBATCH BARRIER'],
    '-l',
    'here',
  );
  const client = await clientOf(folder);
  expect(await client.get('all of it')).toEqual({ encoding: 'ASTR', value: Buffer.from('1') });
  const state = async (): Promise<unknown> => {
    const { encoding, value } = await client.view('DisBatch status');
    return [encoding, JSON.parse(value.toString())];
  };
  // It is renewed a few times a second.
  await expect.poll(state, { timeout: 20_000, interval: 50 }).toEqual([
    'JSON',
    {
      ...{ more: 'No more tasks.', barriers: 2, currentReturnCode: 1, activeCylinders: 1 },
      contexts: { 0: { rank: 0, label: 'here' } },
      engines: {
        0: {
          ...{
            rank: 0,
            cRank: 0,
            hostname: hostname(),
            active: 1,
            assigned: 3,
            finished: 2,
            failed: 1,
            status: 'running',
          },
          pid: run.child.pid,
          start: expect.any(Number) as number,
          last: expect.any(Number) as number,
        },
      },
    },
  ]);
  writeTasks(folder, '', 'go');
  expect((await run.finished).status).toBe(0);
  await expect(client.view('DisBatch status')).rejects.toThrow(/closed/);
});

test('a task hands a value to a program beside the run, and takes one of it', async () => {
  const folder = testFolder();
  const ask = [
    `exec 3<>"/dev/tcp/\${DISBATCH_KVSSTCP_HOST%:*}/\${DISBATCH_KVSSTCP_HOST##*:}"`,
    `printf 'put_         8questionASTR         56 * 7' >&3`,
    `printf 'get_         6answer' >&3`,
    'head -c 16 <&3 >answer',
  ];
  const file = writeTasks(folder, ask.join('; '));
  const run = startDisbatch(['-s', 'localhost:1', '-p', 'run', file], { cwd: folder });
  await until('the run is there', () => existsSync(join(folder, info)));
  const client = await clientOf(folder);
  expect((await client.get('question')).value.toString()).toBe('6 * 7');
  await client.put('answer', '42');
  expect((await run.finished).status).toBe(0);
  expect(readFileSync(join(folder, 'answer'), 'utf8')).toBe('ASTR         242');
});

test('a client that asks for the end of the store ends nothing', async () => {
  const folder = testFolder();
  const run = await startRun(folder, []);
  const first = await clientOf(folder);
  // Who hangs up before it is known who it is was never let in.
  await first.dump();
  await first.down();
  const client = await clientOf(folder);
  await client.put('k', 'v');
  expect((await client.get('k')).value.toString()).toBe('v');
  writeTasks(folder, '', 'go');
  expect((await run.finished).status).toBe(0);
  expect(readFileSync(join(folder, 'run_driver.log'), 'utf8')).toContain('a client asked for the end of the store');
});
