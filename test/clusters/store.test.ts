/** The store and the port of a run over several hosts: programs that use it, and those that have no business there. */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import type { Finished } from '../support/run-disbatch.ts';
import { BedRun, waitFor } from './bed-run.ts';
import { startBed, type Bed, type BedOptions } from './bed.ts';

beforeEach((ctx) => skipWithout(ctx, 'namespaces', 'sshd', 'python3'));

/** A bed with the client in Python at hand for all its users. */
async function bedOf(options: BedOptions): Promise<Bed> {
  const bed = await startBed(options);
  copyFileSync(resolve(import.meta.dirname, '../kvs/fixtures/store_client.py'), join(bed.folder, 'store_client.py'));
  return bed;
}

/** A client on a host of the bed (0 is the head) obeys these requests. */
function client(bed: Bed, node: number, user: string, address: string, ...requests: unknown[]): Promise<Finished> {
  const words = ['python3', join(bed.folder, 'store_client.py'), address];
  const input = requests.map((request) => `${JSON.stringify(request)}\n`).join('');
  return bed.run(node === 0 ? words : ['ssh', `node${node}`, words.join(' ')], { user, input });
}

/** The answers of a client, one for each request. */
function answers(stdout: string): unknown[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

/** Tasks, one for each slot, that write the store's address there to a file, and wait for another. */
function holding(slots: number): string {
  return `#DISBATCH REPEAT ${slots} echo $DISBATCH_KVSSTCP_HOST >at-$(hostname); ${waitFor('[ -e go ]')}`;
}

const repeated = (lines: readonly string[]): string[] => lines.filter((line, i) => lines.indexOf(line) !== i);

/** What the driver's log says of those who were turned away, without the time. */
function refusals(run: BedRun): string[] {
  return [...run.driverLog().matchAll(/: refused (\d.*)$/gm)]
    .map(([, who]) => who as string)
    .filter((who) => !/^\d+ times/.test(who));
}

describe('the store', () => {
  test('is there for tasks on all hosts, and says what becomes of the run', async () => {
    const bed = await bedOf({ nodes: 2 });
    const big = `${'0123456789abcdef'.repeat(16)}\0\xff`.repeat(40_000);
    // Each tells both others who it is, and hears of both; and a value of 10 MB goes from the head to node1 to node2 to us.
    writeFileSync(
      join(bed.home('alice'), 'exchange.py'),
      `
import json, os, socket, subprocess
me, hosts = socket.gethostname(), ['head', 'node1', 'node2']
others = [host for host in hosts if host != me]
big = ('0123456789abcdef' * 16 + '\\0\\xff') * 40000
client = subprocess.Popen(['python3', '${bed.folder}/store_client.py', os.environ['DISBATCH_KVSSTCP_HOST']],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
def ask(*request):
    client.stdin.write(json.dumps(request) + '\\n')
    client.stdin.flush()
    return json.loads(client.stdout.readline())
for host in others:
    ask('put', 'to ' + host, me)
print(sorted(ask('get', 'to ' + me)[1] for _ in others))
if me != 'head':
    print(ask('get', 'big to ' + me) == ['PYPK', big])
where = 'big to ' + hosts[hosts.index(me) + 1] if me != 'node2' else 'big'
ask('put', where, big, 'PYPK')
ask('dump')
`,
    );
    const run = BedRun.of(
      bed,
      ['-s', 'localhost:1,node1:1,node2:1'],
      ['#DISBATCH REPEAT 3 python3 exchange.py >said-$(hostname)', '#DISBATCH BARRIER all met', holding(3)],
    );
    await run.has('at-head', 'at-node1', 'at-node2');
    // The address of the file is for the own host, from outside of the run.
    const address = run.read('run_kvsinfo.txt');
    expect(address).toMatch(/^head:\d+$/);
    const asked = await client(bed, 0, 'alice', address, ['get', 'all met'], ['get', 'big']);
    const [barrier, last] = answers(asked.stdout) as [unknown, [string, string]];
    expect(barrier).toEqual(['ASTR', '3']);
    expect([last[0], last[1] === big]).toEqual(['PYPK', true]);
    const engine = (rank: number, hostname: string): object => ({
      ...{ rank, hostname, cRank: 0, active: 1, assigned: 2, finished: 1, failed: 0, status: 'running' },
      pid: expect.any(Number) as number,
      start: expect.any(Number) as number,
      last: expect.any(Number) as number,
    });
    const state = async (): Promise<unknown> => {
      const { stdout } = await client(bed, 0, 'alice', address, ['view', 'DisBatch status']);
      const [[encoding, text]] = answers(stdout) as [[string, string]];
      return [encoding, JSON.parse(text)];
    };
    // It is renewed a few times a second.
    await expect.poll(state, { timeout: 20_000, interval: 200 }).toEqual([
      'JSON',
      {
        ...{ more: 'No more tasks.', barriers: 1, currentReturnCode: 0, activeCylinders: 3 },
        contexts: { 0: { rank: 0, label: 'SSH0' } },
        engines: { 0: engine(0, 'head'), 1: engine(1, 'node1'), 2: engine(2, 'node2') },
      },
    ]);
    run.touch('go');
    expect((await run.finished()).status).toBe(0);
    expect(run.read('said-head')).toBe("['node1', 'node2']\n");
    expect(run.read('said-node1')).toBe("['head', 'node2']\nTrue\n");
    expect(run.read('said-node2')).toBe("['head', 'node1']\nTrue\n");
    expect(run.left()).toEqual([]);
  });

  test("is used by the original's client, from its own host and from a task on another", async (ctx) => {
    const original = process.env['DISBATCH_ORIGINAL_KVS'];
    if (original === undefined || !existsSync(join(original, 'kvsclient.py'))) {
      ctx.skip("DISBATCH_ORIGINAL_KVS does not name a folder with the original's kvsclient.py");
    }
    const bed = await bedOf({ nodes: 1 });
    mkdirSync(join(bed.folder, 'kvs'));
    for (const name of ['kvsclient.py', 'kvscommon.py']) {
      copyFileSync(join(original ?? '', name), join(bed.folder, 'kvs', name));
    }
    await bed.run(['chmod', '-R', 'a+rX', 'kvs'], { user: 'root', cwd: bed.folder });
    const program = (address: string, ...lines: string[]): string =>
      [
        'import os, sys',
        `sys.path.insert(0, '${bed.folder}/kvs'); sys.dont_write_bytecode = True`,
        'from kvsclient import KVSClient',
        `kvs = KVSClient(${address})`,
        ...lines,
      ].join('\n');
    writeFileSync(
      join(bed.home('alice'), 'original.py'),
      program(
        "os.environ['DISBATCH_KVSSTCP_HOST']",
        "print(kvs.get('question'), kvs.view('text', False) == bytes(range(256)) * 20000)",
        "kvs.put('answer', {'a': [1, 2.5, None]}); kvs.dump(); kvs.close()",
      ),
    );
    const run = BedRun.of(
      bed,
      ['-s', 'node1:2'],
      ['#DISBATCH BARRIER ready', 'python3 original.py >said 2>&1', 'true'],
    );
    await run.has('run_kvsinfo.txt');
    const outside = await bed.run([
      'python3',
      '-c',
      program(
        `'${run.read('run_kvsinfo.txt')}'`,
        "kvs.put('text', bytes(range(256)) * 20000, False); kvs.put('question', ('x', 6, 7))",
        "print(kvs.get('answer'), kvs.get('ready', False)); kvs.close()",
      ),
    ]);
    expect(outside).toMatchObject({ status: 0, stderr: '', stdout: "{'a': [1, 2.5, None]} b'0'\n" });
    expect((await run.finished()).status).toBe(0);
    expect(run.read('said')).toBe("('x', 6, 7) True\n");
  });

  test('is closed to other users, and to programs on other hosts', async () => {
    const bed = await bedOf({ nodes: 2 });
    const run = BedRun.of(bed, ['-s', 'localhost:1,node1:1'], [holding(2)]);
    await run.has('at-head', 'at-node1', 'run_kvsinfo.txt');
    const [driver, relay] = [run.read('run_kvsinfo.txt'), run.read('at-node1').trim()];
    expect(relay).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(run.read('at-head').trim()).toBe(`127.0.0.1:${driver.split(':')[1]}`);
    const put = [['put', 'k', 'v'], ['dump']];
    for (const _twice of [1, 2]) {
      for (const [node, user, address] of [
        [0, 'bob', driver],
        [1, 'bob', relay],
        [2, 'alice', driver],
      ] as const) {
        const { status, stderr, stdout } = await client(bed, node, user, address, ...put);
        expect(status).not.toBe(0);
        expect(stderr).toMatch(/EOFError|ConnectionResetError|BrokenPipeError/);
        expect(stdout).not.toContain('(');
      }
    }
    for (const [node, address] of [
      [0, driver],
      [1, relay],
    ] as const) {
      const { status, stdout } = await client(bed, node, 'alice', address, ['dump']);
      expect([status, stdout]).toEqual([0, expect.stringContaining("(b'DisBatch status', 1, ")]);
      expect(stdout).not.toContain("(b'k', ");
    }
    run.touch('go');
    expect((await run.finished()).status).toBe(0);
    const stranger = 'it is a plain client, and not of this user on this host';
    const refused = refusals(run).filter((who) => who.endsWith(stranger));
    expect(refused.sort()).toEqual([`10.77.0.12: ${stranger}`, `10.77.0.1: ${stranger}`]);
    expect(run.driverLog()).toContain(`refused 2 times 10.77.0.12: ${stranger}`);
    const turnedAway = run.lines('run_SSH0_node1_engine_1.log').filter((line) => line.includes('WARNING'));
    expect(turnedAway).toEqual([
      expect.stringContaining('another user of this host, or none that is known, wanted the store'),
    ]);
  });

  test('lets everybody in with --open-store, which says so', async () => {
    const bed = await bedOf({ nodes: 2 });
    const run = BedRun.of(bed, ['-s', 'localhost:1,node1:1', '--open-store'], [holding(2)]);
    await run.has('at-head', 'at-node1');
    const address = run.read('run_kvsinfo.txt');
    expect(run.command.stderr()).toBe(`The store is open to whoever reaches port ${address}.\n`);
    expect([run.read('at-head').trim(), run.read('at-node1').trim()]).toEqual([address, address]);
    expect(await client(bed, 0, 'bob', address, ['put', 'k', 'of bob'], ['dump'])).toMatchObject({ status: 0 });
    expect(answers((await client(bed, 2, 'alice', address, ['get', 'k'])).stdout)).toEqual([['ASTR', 'of bob']]);
    run.touch('go');
    expect((await run.finished()).status).toBe(0);
    expect(refusals(run)).toEqual([]);
  });
});

test('garbage, half messages, 300 idle connections and wrong keys leave a run alone, and the log names each once', async () => {
  const bed = await bedOf({ nodes: 3 });
  const nuisance = join(bed.folder, 'nuisance.cjs');
  buildSync({
    entryPoints: [join(import.meta.dirname, 'fixtures/nuisance.ts')],
    ...{ bundle: true, platform: 'node', format: 'cjs', outfile: nuisance, logLevel: 'warning' },
  });
  const held = `echo $DISBATCH_TASKID $(hostname) >>begun; ${waitFor('[ -e go ]')}`;
  const run = BedRun.of(bed, ['-s', 'node1:2'], [`#DISBATCH REPEAT 4 ${held}`, '#DISBATCH REPEAT 200 true']);
  await run.until('two tasks run', () => run.lines('begun').length === 2);

  const port = run.read('run_kvsinfo.txt').split(':')[1] as string;
  const start = (...words: string[]): string[] => [
    bed.node,
    nuisance,
    '10.77.0.1',
    port,
    `${run.folder}/stop`,
    ...words,
  ];
  // Somebody who hangs up without a word.
  expect((await bed.run(['ssh', 'node3', `exec 3<>/dev/tcp/10.77.0.1/${port}`])).status).toBe(0);
  const outside = bed.start(['ssh', 'node2', start(`${run.folder}/outside`).join(' ')]);
  const inside = bed.start(start(`${run.folder}/inside`, run.path('_key.json')));
  const countsOf = (name: string): Record<string, number> => JSON.parse(run.read(name)) as Record<string, number>;
  await run.has('outside', 'inside');
  await run.until(
    'the crowd is there',
    () => (countsOf('outside')['idle'] ?? 0) >= 300 && (countsOf('inside')['idle'] ?? 0) >= 300,
  );

  await run.until('some of it had to go', () =>
    run.driverLog().includes('refused 10.77.0.12: too many are on their way in'),
  );
  // Who hung up before them would have been named before them.
  expect(run.driverLog()).not.toContain('10.77.0.13');

  // A host that comes while all this goes on is let in.
  const added = bed.start([run.path('_dbUtil.sh'), '-s', 'node3:2']);
  await run.until(
    'tasks run there too',
    () => run.lines('begun').filter((line) => line.endsWith(' node3')).length === 2,
  );
  run.touch('go');
  const { status, stderr } = await run.finished();
  run.touch('stop');
  expect(status).toBe(0);
  expect(stderr).toContain('204 tasks run, none failed');
  expect((await added.finished).status).toBe(0);
  expect(run.taskRecords().map(({ taskId }) => taskId)).toEqual(Array.from({ length: 204 }, (_, i) => i));
  for (const each of [outside, inside]) expect((await each.finished).stderr).toBe('');
  expect(countsOf('outside')).not.toHaveProperty(['let in with a wrong key']);

  const warnings = run
    .lines('run_driver.log')
    .filter((line) => / (WARNING|ERROR) /.test(line))
    .map((line) => line.replace(/^.{23} /, ''));
  expect(repeated(warnings)).toEqual([]);
  const named = (begin: string): string[] =>
    warnings.filter((line) => line.includes(begin)).map((line) => line.slice(line.indexOf(begin) + begin.length));
  const both = [
    'its key is not the one of this port',
    'it sent something else than a handshake',
    'packet length too long',
  ];
  expect(named('refused 10.77.0.12: ')).toEqual(
    expect.arrayContaining([
      ...both,
      'it is a plain client, and not of this user on this host',
      'too many are on their way in',
    ]),
  );
  expect(named('refused 10.77.0.1: ')).toEqual(expect.arrayContaining(both));
  expect(named('a client of the store: ').sort()).toEqual([
    expect.stringMatching(/^"(GET |what)" stands where an operation was expected/),
    '"abcdefghij" stands where the length of a key was expected',
    'a value of 9999999999 bytes is announced, 1073741824 are allowed',
  ]);
  expect(named('10.77.0.1 is refused: ').sort()).toEqual([
    expect.stringMatching(/^it is disBatch another, and the driver is /),
    'it sent what is no message: the message is no JSON',
  ]);
  expect(named('10.77.0.1 is gone before it has said who it is: ').sort()).toEqual([
    'the peer closed the connection without a goodbye',
    'the peer sent what it should not: a frame of 4294967295 bytes',
  ]);
  expect(stderr).not.toContain('is gone');
});
