/** Programs in Python as clients: our own, which speaks the wire by itself, and the original's, where there is one. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { bytesOfText } from '../../src/base/byte-string.ts';
import { skipWithout } from '../support/needs.ts';
import { clientOf, listening, type Listening } from './listening.ts';

beforeEach((ctx) => skipWithout(ctx, 'python3'));

/** A Python client that obeys. */
function pythonClient({ port }: Listening): (...request: readonly string[]) => Promise<unknown> {
  const child = spawn('python3', [join(import.meta.dirname, 'fixtures/store_client.py'), `127.0.0.1:${port}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const lines = createInterface({ input: child.stdout });
  return async (...request) => {
    const answer = once(lines, 'line');
    child.stdin.write(`${JSON.stringify(request)}\n`);
    return JSON.parse(String((await answer)[0])) as unknown;
  };
}

describe('a client in Python', () => {
  test('puts, gets and views what a client here puts, gets and views, whatever bytes it is', async () => {
    const store = await listening();
    const [python, client] = [pythonClient(store), await clientOf(store)];
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await python('put', 'k', bytes.toString('latin1'), 'PYPK');
    expect(await client.get('k')).toEqual({ encoding: 'PYPK', value: bytes });
    await client.put('k', bytes, 'JSON');
    expect(await python('view', 'k')).toEqual(['JSON', bytes.toString('latin1')]);
    expect(await python('get', 'k')).toEqual(['JSON', bytes.toString('latin1')]);
  });

  test('reads a dump with its own pickle module', async () => {
    const store = await listening();
    const python = pythonClient(store);
    await python('put', 'a', 'x'.repeat(60));
    await python('put', 'a\xff', '1', 'JSON');
    await python('put', 'a\xff', '22', 'JSON');
    expect(await python('dump')).toBe(
      `([0, 3, 0, 0, 0, 0], [], [(b'a', 1, (b'ASTR', b'${'x'.repeat(24)}...${'x'.repeat(23)}', 60)), ` +
        String.raw`(b'a\xff', 2, (b'JSON', None, 2))])`,
    );
    for (let i = 0; i < 2000; i++) store.server.put(bytesOfText(`key ${i}`), 'ASTR', Buffer.alloc(40, 'v'));
    expect(String(await python('dump')).match(/\(b'key \d+', 1, \(b'ASTR', b'v{40}'\)\)/g)?.length).toBe(2000);
  });

  test('is told of events by a monitor key', async () => {
    const store = await listening();
    const [python, client] = [pythonClient(store), await clientOf(store)];
    await python('mkey', 'm', 'k:p');
    await python('dump');
    const told = python('get', 'm');
    await client.put('k', 'v');
    expect(await told).toEqual(['ASTR', "(b'put', b'k')"]);
  });

  test('takes a thousand values as they are put, and none is missing', async () => {
    const store = await listening();
    const client = await clientOf(store);
    const sum = pythonClient(store)('sum', 'n', '1000');
    for (let i = 1; i <= 1000; i++) await client.put('n', String(i));
    expect(await sum).toBe(500_500);
  });
});

describe("the original's client", () => {
  const folder = process.env['DISBATCH_ORIGINAL_KVS'];

  beforeEach((ctx) => {
    if (folder === undefined || !existsSync(join(folder, 'kvsclient.py'))) {
      ctx.skip("DISBATCH_ORIGINAL_KVS does not name a folder with the original's kvsclient.py");
    }
  });

  /** Runs a program that has the original's client at hand. @returns what it printed */
  async function run(store: Listening, program: string): Promise<string> {
    const child = spawn('python3', ['-c', program], {
      env: {
        ...process.env,
        PYTHONPATH: folder,
        PYTHONDONTWRITEBYTECODE: '1',
        KVSSTCP_HOST: '127.0.0.1',
        KVSSTCP_PORT: String(store.port),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [printed, problems] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (problems += chunk.toString()));
    await once(child, 'close');
    expect(problems).toBe('');
    return printed;
  }

  test('does all it can against our store', async () => {
    const store = await listening();
    const program = [
      'from kvsclient import KVSClient',
      'kvs, other = KVSClient(), KVSClient()',
      "kvs.put('pickled', {'a': [1, 2.5, None]})",
      "kvs.put('text', 'first', False); kvs.put('text', b'\\x00\\xff', False); kvs.put('json', '{}', 'JSON')",
      "print(other.view('text', False), other.get('text', False), other.get('text', None), other.get('pickled'))",
      "print(other._get_nb('later', False, 0.01))",
      "kvs.put('later', 'now', False)",
      "print(other._get_nb('later', False, 5))",
      "kvs.monkey('m', ':gp'); kvs.put('k', 1)",
      "print(kvs.get('m', False), kvs.get('k'), kvs.get('m', False), kvs.clone().view('json', None))",
      "big = bytes(range(256)) * 20000; kvs.put('big', big, False); print(other.get('big', False) == big)",
      'print(kvs.dump())',
      'other.close(); kvs.shutdown()',
    ].join('\n');
    expect((await run(store, program)).split('\n')).toEqual([
      String.raw`b'\x00\xff' b'first' (b'ASTR', b'\x00\xff') {'a': [1, 2.5, None]}`,
      'None',
      "b'now'",
      "b\"(b'put', b'k')\" 1 b\"(b'get', b'k')\" (b'JSON', b'{}')",
      'True',
      expect.stringMatching(
        /^\(\[8, 11, 2, 2, 2, 2\], \[\], \[\(b'json', 1, \(b'JSON', None, 2\)\), \(b'm', 2, .*\)\]\)$/,
      ),
      '',
    ]);
  });

  test('works as a command', async () => {
    const store = await listening();
    const args = ['-p', 'k', 'a value', '-v', 'k', '-g', 'k', `127.0.0.1:${store.port}`];
    const child = spawn('python3', [join(String(folder), 'kvsclient.py'), ...args], {
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    await once(child, 'close');
    expect(printed).toBe("b'a value'\nb'a value'\n");
  });
});

test('the test of the client in Python fails when it is not obeyed', () => {
  const run = spawnSync('python3', [join(import.meta.dirname, 'fixtures/store_client.py'), '127.0.0.1:1']);
  expect(run.status).not.toBe(0);
});
