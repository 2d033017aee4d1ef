/** The key-value store on the page, and what is typed into its input boxes. */
import { join } from 'node:path';
import { PassThrough, type Duplex } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { connectStore } from '../../../src/channel/connect.ts';
import { StoreClient } from '../../../src/kvs/client.ts';
import { StoreServer } from '../../../src/kvs/server.ts';
import type { StoreAnswer, StoreKey } from '../../../src/monitor/web/answers.ts';
import { inputOf, StoreView } from '../../../src/monitor/web/store-view.ts';
import { listening } from '../../kvs/listening.ts';
import { FakeDriver } from '../../reach/fake-driver.ts';
import { testFolder } from '../../support/run-disbatch.ts';
import { Serving } from './serving.ts';

async function withStore(): Promise<{ serving: Serving; client: StoreClient; driver: FakeDriver }> {
  const prefix = join(testFolder(), 'run');
  const store = new StoreServer({ folder: testFolder(), log: () => {} });
  onTestFinished(() => store.close());
  const driver = await FakeDriver.start(prefix, (stream) => store.serve(stream));
  const serving = await Serving.start(prefix);
  await isLive(serving);
  const key = Buffer.from(driver.info.key, 'hex');
  const client = new StoreClient(await connectStore(driver.info.addresses, key, 20_000));
  onTestFinished(() => client.close());
  return { serving, client, driver };
}

async function isLive(serving: Serving): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end;)
    if ((await serving.json<{ link: string }>('run')).link === 'live') return;
}

/** The store as soon as it is so. */
async function untilStore(serving: Serving, holds: (store: StoreAnswer) => boolean): Promise<StoreAnswer> {
  let text = '';
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const reply = await serving.ask('store');
    text = reply.text;
    if (reply.status === 200) {
      const store = JSON.parse(text) as StoreAnswer;
      if (holds(store)) return store;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited in vain; the store is ${text}`);
}

const byKey = ({ keys }: StoreAnswer): Record<string, StoreKey> =>
  Object.fromEntries(keys.map((key) => [key.key, key]));

const put = async (serving: Serving, key: string, value: string) =>
  JSON.parse((await serving.post('store', { key, value })).text) as unknown;

test('keys are shown with their values and waiters; those that begin with a dot, and the state of the run, are not', async () => {
  const { serving, client, driver } = await withStore();
  await client.put('short', 'a');
  await client.put('short', 'newest\x1b');
  await client.put('json', '{"a": [1, 2]}', 'JSON');
  await client.put('pickle', Buffer.from([0x80, 3, 0x4e, 0x2e]), 'PYPK');
  await client.put('page', `<HTML>${'x'.repeat(10_000)}`);
  await client.put('long', 'é'.repeat(5000));
  await client.put('huge', Buffer.alloc(2 * 1024 * 1024, 'y'));
  await client.put(Buffer.from([0xff, 0x3f]), 'no text');
  await client.put('.hidden', 'x');
  await client.put('DisBatch status', '{}', 'JSON');
  await client.obeyed();
  void client.get('waited for').catch(() => {});
  const store = await untilStore(serving, ({ keys }) => keys.some(({ waiters }) => waiters > 0));
  const { addresses } = driver.info;
  expect(store).toMatchObject({ address: `127.0.0.1:${addresses[0]?.port}`, total: 8 });
  const keys = byKey(store);
  expect(keys['short']).toEqual({
    ...{
      key: 'short',
      values: 2,
      waiters: 0,
      encoding: 'ASTR',
      bytes: 7,
      value: 'newest\x1b',
      cut: false,
      input: null,
    },
  });
  expect(keys['json']).toMatchObject({ encoding: 'JSON', value: '{"a": [1, 2]}', cut: false });
  expect(keys['pickle']).toMatchObject({ encoding: 'PYPK', bytes: 4, value: null, cut: true });
  expect(keys['page']).toMatchObject({ bytes: 10_006, value: `<HTML>${'x'.repeat(10_000)}`, cut: false });
  expect(keys['long']).toMatchObject({ bytes: 10_000, value: 'é'.repeat(2048), cut: true });
  expect(keys['huge']).toMatchObject({ bytes: 2 * 1024 * 1024, cut: true });
  expect((keys['huge'] as StoreKey).value?.length).toBeLessThan(100);
  expect(keys['waited for']).toEqual({
    ...{ key: 'waited for', values: 0, waiters: 1, encoding: null, bytes: 0, value: null, cut: false, input: null },
  });
  expect(keys['\ufffd?']).toMatchObject({ values: 1, input: null });
});

test('what is typed into an input box is put under the whole key, in its format', async () => {
  const { serving, client } = await withStore();
  const waits = client.get('depth?%d m');
  const store = await untilStore(serving, ({ keys }) => keys.some(({ input }) => input !== null));
  expect(store.keys[0]?.input).toEqual({ name: 'depth', format: '%d m' });
  expect(await put(serving, 'depth?%d m', 'deep')).toEqual({
    problem: 'That cannot be put: "deep" is not a whole number.',
  });
  expect(await put(serving, 'depth?%d m', ' 12 ')).toEqual({ problem: null });
  const { value, encoding } = await waits;
  expect([value.toString(), encoding]).toEqual(['12 m', 'ASTR']);
});

test('without a format, and under any other key, a text is put as it is', async () => {
  const { serving, client } = await withStore();
  for (const key of ['name?', 'plain', 'pct']) {
    expect(await put(serving, key, 'é 100%\n')).toEqual({ problem: null });
    expect((await client.get(key)).value.toString()).toBe('é 100%\n');
  }
  for (const wrong of [{ key: '', value: 'x' }, { key: 'x' }, { key: 1, value: 'x' }, { value: 'x' }, null])
    expect((await serving.post('store', wrong)).status).toBe(400);
  expect((await serving.ask('store', { method: 'POST', headers: { 'Content-Type': 'application/json' } })).status).toBe(
    403,
  );
});

test("somebody else's store is looked at where it is", async () => {
  const foreign = await listening();
  const { serving, driver } = await withStore();
  driver.leaveKey({ openStore: `127.0.0.1:${foreign.port}` });
  driver.cut();
  const client = await StoreClient.connect('127.0.0.1', foreign.port);
  onTestFinished(() => client.close());
  await client.put('there', 'x');
  await client.obeyed();
  const store = await untilStore(serving, ({ keys }) => keys.length > 0);
  expect(store.address).toBe(`127.0.0.1:${foreign.port}`);
  expect(Object.keys(byKey(store))).toEqual(['there']);
});

test('a store that speaks nonsense, or has gone, is said to do so', async () => {
  const prefix = join(testFolder(), 'run');
  await FakeDriver.start(
    prefix,
    (stream) =>
      void stream
        .pipe(new PassThrough())
        .resume()
        .once('data', () => stream.end('?'.repeat(100))),
  );
  const serving = await Serving.start(prefix);
  await isLive(serving);
  const { status, text } = await serving.ask('store');
  expect([status, JSON.parse(text)]).toEqual([
    503,
    { problem: expect.stringContaining('The store does not answer') as string },
  ]);
  expect((await serving.post('store', { key: 'a', value: 'b' })).status).toBe(503);
});

test('a store that does not answer is not waited for without end, and is asked anew', async () => {
  const streams: Duplex[] = [];
  const driver = await FakeDriver.start(join(testFolder(), 'run'), (stream) => {
    streams.push(stream);
    stream.resume();
  });
  const view = new StoreView(() => driver.info, 30);
  onTestFinished(() => view.close());
  for (const times of [1, 2]) {
    const [looked, put] = await Promise.allSettled([view.look(), view.put('a', 'b')]);
    for (const { reason } of [looked, put] as PromiseRejectedResult[])
      expect(String(reason)).toMatch(
        /The store does not answer \((no answer in time|the store closed the connection)\)/,
      );
    // One connection for both.
    expect(streams).toHaveLength(times);
  }
});

test('many long values are shown as far as a few megabytes go, and the rest by their beginnings', async () => {
  const { serving, client } = await withStore();
  for (let i = 0; i < 8; i++) await client.put(`long${i}`, Buffer.alloc(900 * 1024, 'y'));
  await client.obeyed();
  const { keys } = await untilStore(serving, (store) => store.total === 8);
  const lengths = keys.map(({ value }) => value?.length ?? 0);
  expect(keys.every(({ cut }) => cut)).toBe(true);
  expect(lengths.filter((length) => length === 4096)).toHaveLength(4);
  expect(lengths.filter((length) => length < 100)).toHaveLength(4);
});

test('a key that is not shown cannot be put to', async () => {
  const { serving } = await withStore();
  for (const key of ['.mine', 'DisBatch status'])
    expect(await put(serving, key, 'x')).toEqual({
      problem: 'That cannot be put: the key is one that is not shown here.',
    });
});

test.each([
  ['a?%s', { name: 'a', format: '%s' }],
  ['?', { name: '', format: '' }],
  ['a?b?c', { name: 'a', format: 'b?c' }],
  ['a', null],
])('the key %s asks for %j', (key, input) => {
  expect(inputOf(key)).toEqual(input);
});
