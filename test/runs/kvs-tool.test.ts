/** `disbatch kvs` as a user has it: against a store of ours, that of the original, and that of a run. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  dumpOf,
  kvs,
  originalFolder,
  serve,
  serveOriginal,
  startKvs,
  waitedFor,
  type RunningStore,
} from '../kvs/stores.ts';
import { disbatch, startDisbatch, testFolder, until, writeTasks } from '../support/run-disbatch.ts';

const allBytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
const done = { status: 0, stdout: Buffer.alloc(0), stderr: '' };
const text = (stdout: Buffer): string => stdout.toString();

describe.each([
  ['disbatch kvs serve', () => serve()],
  ["the original's store", serveOriginal],
] as const)('with %s', (_, start) => {
  test('values come and go byte for byte, and nothing else is left in the store', async (ctx) => {
    const store = await start(ctx);
    expect(await startKvs(store, ['put', 'k', '--encoding', 'JSON'], allBytes).said).toEqual(done);
    expect(await kvs(store, 'put', 'k', 'a word')).toEqual(done);
    expect(await startKvs(store, ['put', 'k', '-'], Buffer.from('a line\n')).said).toEqual(done);
    expect(await kvs(store, 'put', '', '')).toEqual(done);
    expect(await kvs(store, 'view', 'k')).toEqual({ ...done, stdout: Buffer.from('a line\n') });
    expect((await dumpOf(store)).keys).toEqual([
      { key: 'k', values: 3, encoding: 'ASTR', bytes: 7, newest: 'a line\n' },
      { key: '', values: 1, encoding: 'ASTR', bytes: 0, newest: '' },
    ]);
    expect(await kvs(store, 'get', 'k')).toEqual({ ...done, stdout: allBytes });
    expect(await kvs(store, 'get', 'k', '-n')).toEqual({ ...done, stdout: Buffer.from('a word\n') });
    expect(await kvs(store, 'get', '')).toEqual(done);
    expect(text((await kvs(store, 'dump')).stdout)).toMatch(
      /^KEY +VALUES +WAITING +ENCODING +BYTES +NEWEST\nk +1 +ASTR +7 +a line\\n\n$/,
    );
  });

  test('a get waits for a value, and one whose time is over takes nothing', async (ctx) => {
    const store = await start(ctx);
    const waiting = startKvs(store, ['get', 'k', '--timeout', '1m']);
    await waitedFor(store, 'k');
    expect(await kvs(store, 'put', 'k', 'now')).toEqual(done);
    expect(await waiting.said).toEqual({ ...done, stdout: Buffer.from('now') });
    for (const [command, time] of [
      ['get', '0'],
      ['view', '0.2'],
      ['get', '0.2'],
    ] as const) {
      expect(await kvs(store, command, 'k', '--timeout', time)).toEqual({
        ...{ status: 1, stdout: Buffer.alloc(0) },
        stderr: 'disbatch: No value was put under "k" in time (--timeout).\n',
      });
    }
    await kvs(store, 'put', 'k', 'later');
    expect(text((await kvs(store, 'get', 'k', '--timeout', '0')).stdout)).toBe('later');
    expect((await dumpOf(store)).waits).toEqual([]);
  });

  test.for(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'a get that %s ends while it waits takes nothing',
    async (signal, ctx) => {
      const store = await start(ctx);
      const waiting = startKvs(store, ['get', 'k']);
      await waitedFor(store, 'k');
      waiting.child.kill(signal);
      const { status, stdout } = await waiting.said;
      expect([status, text(stdout)]).toEqual([{ SIGINT: 130, SIGTERM: 143, SIGKILL: null }[signal], '']);
      await kvs(store, 'put', 'k', 'v');
      expect(text((await kvs(store, 'get', 'k', '--timeout', '0')).stdout)).toBe('v');
    },
  );

  test('down ends it, and then there is none', async (ctx) => {
    const store = await start(ctx);
    expect(await kvs(store, 'down')).toEqual(done);
    await until('the store has ended', () => store.child.exitCode !== null);
    expect(store.child.exitCode).toBe(0);
    const { status, stderr } = await kvs(store, 'put', 'k', 'v');
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^disbatch: There is no store at 127\.0\.0\.1:\d+ \(connection refused\)/),
    ]);
  });
});

describe('monitor', () => {
  test('prints a line for each event, and leaves nothing behind', async () => {
    const store = await serve();
    const [every, some] = [startKvs(store, ['monitor']), startKvs(store, ['monitor', 'k:p', 'k:g', 'a:b:', '--json'])];
    // Nothing tells when they have begun to watch but that they do.
    await until('both watch', () => {
      spawnSync(disbatch, ['kvs', 'put', 'k', '1', '--store', store.address]);
      spawnSync(disbatch, ['kvs', 'get', 'k', '--store', store.address]);
      return every.stdout() !== '' && some.stdout() !== '';
    });
    await kvs(store, 'put', 'a:b', '1');
    await kvs(store, 'put', "it's\n", '1');
    await kvs(store, 'view', 'a:b');
    await until(
      'the last event is told',
      () => every.stdout().endsWith('view a:b\n') && some.stdout().includes('"view"'),
    );
    expect(every.stdout().split('\n').slice(-4)).toEqual(['put a:b', String.raw`put it's\n`, 'view a:b', '']);
    expect(new Set(every.stdout().trim().split('\n').slice(1, -3))).toEqual(new Set(['put k', 'get k']));
    const lines = some
      .stdout()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines.slice(-2)).toEqual([
      { event: 'put', key: 'a:b' },
      { event: 'view', key: 'a:b' },
    ]);
    every.child.kill('SIGINT');
    some.child.kill('SIGKILL');
    expect((await every.said).status).toBe(130);
    await some.said;
    await kvs(store, 'put', 'k', 'after');
    expect((await dumpOf(store)).keys.map(({ key, values }) => [key, values])).toEqual([
      ['a:b', 1],
      ["it's\n", 1],
      ['k', 1],
    ]);
  });

  test('ends when no event has come in time, or nobody reads it', async () => {
    const store = await serve();
    expect(await kvs(store, 'monitor', '--timeout', '0.3')).toEqual({
      ...{ status: 1, stdout: Buffer.alloc(0) },
      stderr: 'disbatch: No event has come in time (--timeout).\n',
    });
    const watching = startKvs(store, ['monitor']);
    watching.child.stdout?.destroy();
    let ended = false;
    void watching.said.then(() => (ended = true));
    await until('it sees that nobody reads', () => {
      spawnSync(disbatch, ['kvs', 'put', 'k', '1', '--store', store.address]);
      return ended;
    });
    expect(await watching.said).toEqual(done);
  });

  test("says that the original's store does not tell of events", async (ctx) => {
    const store = await serveOriginal(ctx);
    const { status, stderr } = await kvs(store, 'monitor');
    expect([status, stderr]).toEqual([1, expect.stringContaining('does not tell of events')]);
    expect(await dumpOf(store)).toMatchObject({ keys: [], waits: [] });
  });
});

describe('serve', () => {
  test('has its address in a file while it is there, and ends with a signal', async () => {
    const file = join(testFolder(), 'address');
    const store = await serve('--address-file', file);
    expect(store.host).toBe('127.0.0.1');
    expect(readFileSync(file, 'utf8')).toBe(store.address);
    store.child.kill('SIGTERM');
    await until('it has ended', () => store.child.exitCode !== null);
    expect([store.child.exitCode, existsSync(file)]).toEqual([143, false]);
  });

  test('leaves the file of another store alone', async () => {
    const file = join(testFolder(), 'address');
    const [first, second] = [await serve('--address-file', file), await serve('--address-file', file)];
    expect(await kvs(first, 'down')).toEqual(done);
    await until('the first has ended', () => first.child.exitCode !== null);
    expect(readFileSync(file, 'utf8')).toBe(second.address);
  });

  test('runs a command beside it that finds it, and ends as the command does', async () => {
    const script = [
      '[ "$DISBATCH_KVSSTCP_HOST" = "$KVSSTCP_HOST:$KVSSTCP_PORT" ] || exit 9',
      `'${disbatch}' kvs put k "$(cat)"; '${disbatch}' kvs get k; echo to stderr >&2; exit 7`,
    ].join('; ');
    expect(await startKvs(undefined, ['serve', '--exec', script], Buffer.from('from stdin')).said).toEqual({
      ...{ status: 7, stdout: Buffer.from('from stdin') },
      stderr: 'to stderr\n',
    });
    expect((await kvs(undefined, 'serve', '--exec', 'kill -9 $$')).status).toBe(137);
  });

  test('passes signals on to the command', async () => {
    const running = startKvs(undefined, [
      ...['serve', '--exec'],
      `trap 'echo usr1' USR1; trap 'echo int; exit 3' INT; echo ready; while :; do sleep 0.02; done`,
    ]);
    await until('the command runs', () => running.stdout() === 'ready\n');
    running.child.kill('SIGUSR1');
    await until('it has the first', () => running.stdout().endsWith('usr1\n'));
    running.child.kill('SIGINT');
    const { status, stdout } = await running.said;
    expect([status, text(stdout)]).toEqual([3, 'ready\nusr1\nint\n']);
  });

  test('what is opened is said, and a port that is taken', async () => {
    const running = startKvs(undefined, ['serve', '--open']);
    await until('it tells its address', () => running.stdout().endsWith('\n'));
    const port = /:(\d+)\n$/.exec(running.stdout())?.[1] ?? '';
    const second = await kvs(undefined, 'serve', '--address', `127.0.0.1:${port}`);
    expect([second.status, second.stderr]).toEqual([
      1,
      `disbatch: disBatch cannot listen on 127.0.0.1:${port} (address already in use). Name another with --address HOST:PORT; port 0 is any that is free.\n`,
    ]);
    running.child.kill('SIGTERM');
    expect((await running.said).stderr).toMatch(/^disbatch: The store is open: whoever reaches \S+ can read and take/);
  });

  test("is a store for the original's client", async (ctx) => {
    const client = join(originalFolder(ctx), 'kvsclient.py');
    const script = `PYTHONDONTWRITEBYTECODE=1 python3 '${client}' -p k 'a value' -v k -g k -d -S`;
    const { status, stdout } = await kvs(undefined, 'serve', '--exec', script);
    expect([status, text(stdout)]).toEqual([0, "b'a value'\nb'a value'\n([1, 1, 1, 0, 0, 0], [], [])\n"]);
  });
});

describe('the store of a run', () => {
  test('is found by the names of its files, and by its tasks; down does not end it', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, `'${disbatch}' kvs put from-task hello; '${disbatch}' kvs get to-task >got`);
    const run = startDisbatch(['-s', 'localhost:1', '-p', 'run', tasks], { cwd: folder });
    await until('the run is there', () => existsSync(join(folder, 'run_kvsinfo.txt')));
    const prefix = join(folder, 'run');
    expect(text((await kvs(undefined, 'get', 'from-task', '--run', prefix)).stdout)).toBe('hello');
    const down = await kvs(undefined, 'down', '--run', `${prefix}_kvsinfo.txt`);
    expect([down.status, down.stderr]).toEqual([1, expect.stringContaining('that of a run ends with the run')]);
    expect(await kvs(undefined, 'put', 'to-task', 'you too', '--run', `${prefix}_status.txt`)).toEqual(done);
    expect((await run.finished).status).toBe(0);
    expect(readFileSync(join(folder, 'got'), 'utf8')).toBe('you too');
    const gone = await kvs(undefined, 'view', 'DisBatch status', '--run', prefix);
    expect([gone.status, gone.stderr]).toEqual([
      1,
      expect.stringMatching(/^disbatch: There is no run \S+: .* is not there/),
    ]);
  });
});

describe('what goes wrong is said in a sentence', () => {
  test.for([
    [['gte', 'k'], /^"gte" is none of: serve, get, view, put, dump, monitor, down\. /],
    [['get'], /^Write it so: disbatch kvs get KEY$/],
    [['put', 'k', 'v', 'w'], /^Write it so: disbatch kvs put KEY \[VALUE\]$/],
    [['get', 'k', '--json'], /^Unknown option '--json'\. .* See disbatch kvs --help\.$/],
    [['get', 'k', '--timeout', 'soon'], /^--timeout: "soon" is not a time of up to 24 days, such as /],
    [['put', 'k', 'v', '--encoding', 'TEXT '], /^--encoding: "TEXT " is not four letters or digits/],
    [['monitor', 'k:x'], /^"k:x" is not KEY:EVENTS with letters of gpvw /],
    [['get', 'k', '--store', 'here'], /^--store: "here" is not HOST:PORT, such as /],
    [['get', 'k', '--store', 'a:1', '--run', 'b'], /^--store and --run both say where the store is\. /],
    [['serve', '--address', 'here'], /^--address: "here" is not HOST:PORT\. /],
    [['get', 'k'], /^Which store\? Say it with --store HOST:PORT, or /],
  ] as const)('%s', async ([words, sentence]) => {
    const { status, stdout, stderr } = await kvs(undefined, ...words);
    expect([status, text(stdout)]).toEqual([2, '']);
    expect(stderr).toMatch(/^disbatch: [^\n]*\n$/);
    expect(stderr.replace(/^disbatch: /, '').trimEnd()).toMatch(sentence);
  });

  test.for([
    ['', 'closed the connection without an answer (the store closed the connection)'],
    ['nothing that a store would say', 'closed the connection without an answer (the store sent what is no reply)'],
  ] as const)('a store that answers %j', async ([answer, sentence]) => {
    const sockets = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(answer));
    }).listen(0, '127.0.0.1');
    await once(sockets, 'listening');
    onTestFinished(() => void sockets.close());
    const { status, stderr } = await kvs(
      undefined,
      'get',
      'k',
      '--store',
      `127.0.0.1:${(sockets.address() as AddressInfo).port}`,
    );
    expect([status, stderr]).toEqual([1, expect.stringContaining(sentence)]);
  });

  test('a store that ends while a value is waited for', async () => {
    const store = await serve();
    const waiting = startKvs(store, ['get', 'k']);
    await waitedFor(store, 'k');
    await kvs(store, 'down');
    const { status, stderr } = await waiting.said;
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('closed the connection before there was a value under "k"'),
    ]);
  });

  test('a value that cannot be written out is back in the store', async () => {
    const store: RunningStore = await serve();
    await kvs(store, 'put', 'k', 'precious');
    const full = spawn(disbatch, ['kvs', 'get', 'k', '--store', store.address], {
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    });
    let stderr = '';
    full.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [status] = (await once(full, 'close')) as [number];
    expect([status, stderr]).toEqual([
      1,
      'disbatch: The value cannot be printed (no space left on device). It is back in the store, as the newest of its key.\n',
    ]);
    expect(text((await kvs(store, 'get', 'k', '--timeout', '0')).stdout)).toBe('precious');
  });
});
