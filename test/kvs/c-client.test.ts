/** A client in C that was written from docs/kvs-protocol.md alone, against our store and the original's. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { testFolder } from '../support/run-disbatch.ts';
import { serve, serveOriginal, startKvs, type RunningStore } from './stores.ts';

beforeEach((ctx) => skipWithout(ctx, 'c-compiler'));

const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const shown = (text: string): string => `<${hex(text)}>`;

/** Compiles the client. @returns what runs it, and gives the lines that it printed */
function compiled(): (store: RunningStore, ...requests: readonly string[]) => string[] {
  const program = join(testFolder(), 'client');
  const source = join(import.meta.dirname, 'fixtures/client.c');
  const made = spawnSync('cc', ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-o', program, source], {
    encoding: 'utf8',
  });
  expect(made.stderr).toBe('');
  return ({ host, port }, ...requests) => {
    const run = spawnSync(program, [host, port, ...requests], { encoding: 'utf8' });
    expect([run.stderr, run.status]).toEqual(['', 0]);
    return run.stdout.split('\n').slice(0, -1);
  };
}

const bytes = hex(Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join(''));

describe.each([
  ['disbatch kvs serve', () => serve()],
  ["the original's store", serveOriginal],
] as const)('with %s', (_, start) => {
  test('it puts, views and gets any bytes, and the next client finds what it has put', async (ctx) => {
    const store = await start(ctx);
    const client = compiled();
    const put = (value: string, encoding = 'ASTR'): string[] => ['put', bytes, encoding, value];
    expect(client(store, ...put(hex('one')), ...put(bytes, 'PYPK'), ...put(''), 'view', bytes, 'sure')).toEqual([
      'ASTR ',
    ]);
    expect(client(store, 'get', bytes, 'get', bytes, 'get', bytes, 'clos')).toEqual([
      `ASTR ${hex('one')}`,
      `PYPK ${bytes}`,
      'ASTR ',
    ]);
  });

  test('it reads a dump by the table of instructions', async (ctx) => {
    const store = await start(ctx);
    const client = compiled();
    expect(client(store, 'dump')).toEqual(['([0, 0, 0, 0, 0, 0], [], [])']);
    const puts = Array.from({ length: 300 }, (_unused, i) => ['put', hex(`k${i}`), 'ASTR', hex(`v${i}`)]).flat();
    const keys = Array.from(
      { length: 300 },
      (_unused, i) => `(${shown(`k${i}`)}, 1, (${shown('ASTR')}, ${shown(`v${i}`)}))`,
    );
    await startKvs(store, ['put', 'js', '--encoding', 'JSON'], Buffer.alloc(70_000)).said;
    const [dump = ''] = client(store, ...puts, 'dump');
    expect(dump.slice(dump.indexOf('['))).toMatch(/^\[\d+, \d+, 0, 0, 0, 0\], \[\], /);
    expect(dump.slice(dump.indexOf('[('))).toBe(
      `[(${shown('js')}, 1, (${shown('JSON')}, None, 70000)), ${keys.join(', ')}])`,
    );
  });

  test('down ends the store', async (ctx) => {
    const store = await start(ctx);
    expect(compiled()(store, 'put', hex('k'), 'ASTR', '', 'sure', 'down')).toEqual([]);
    await expect.poll(() => store.child.exitCode).toBe(0);
  });
});

test('it is told of events, and a key of its own leaves nothing behind', async () => {
  const store = await serve();
  const client = compiled();
  const own = hex('.disbatch client c events');
  const literal = String.raw`(b'put', b"it's \x00\xff\t\\")`;
  const key = hex("it's \0\xff\t\\");
  expect(client(store, 'mkey', own, hex(':p'), 'put', key, 'ASTR', '', 'get', own)).toEqual([`ASTR ${hex(literal)}`]);
  client(store, 'put', hex('other'), 'ASTR', hex('v'), 'sure');
  expect(client(store, 'get', key, 'dump').at(-1)).toMatch(
    new RegExp(`\\[\\], \\[\\(${shown('other')}, 1, \\(${shown('ASTR')}, ${shown('v')}\\)\\)\\]\\)$`),
  );
});
