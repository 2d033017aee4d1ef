import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { StoreClient } from '../../src/kvs/client.ts';
import { until } from '../support/run-disbatch.ts';
import { clientOf, listening } from './listening.ts';

test('requests that wait are answered in their order, and puts between them go out at once', async () => {
  const client = await clientOf(await listening());
  const answers = [client.get('a'), client.view('b'), client.get('b'), client.get('c')];
  for (const key of ['c', 'b', 'a']) await client.put(key, `of ${key}`);
  expect((await Promise.all(answers)).map(({ value }) => value.toString())).toEqual(['of a', 'of b', 'of b', 'of c']);
});

test('keys and values are text in UTF-8 or bytes, and may be empty', async () => {
  const client = await clientOf(await listening());
  await client.put('Schlüssel', 'Grüße');
  expect((await client.get(Buffer.from('Schlüssel'))).value.toString()).toBe('Grüße');
  await client.put('', new Uint8Array(0));
  expect((await client.get('')).value.length).toBe(0);
  expect(() => client.put('k', 'v', 'TOO LONG')).toThrow('an encoding has four bytes');
});

test('a wait fails when the store goes away, and so does everything after', async () => {
  const store = await listening();
  const client = await clientOf(store);
  const waiting = client.get('k').catch(String);
  await client.put('x', 'y');
  await until('the get is heard', () => store.server.store.counts.wait === 1);
  await store.server.close();
  expect(await waiting).toContain('the store closed the connection');
  await expect(client.put('k', 'v')).rejects.toThrow('closed');
  await expect(client.dump()).rejects.toThrow('closed');
});

test('down asks for the end of the store', async () => {
  let downs = 0;
  const client = await clientOf(await listening({ onDown: () => downs++ }));
  await client.down();
  await until('it is heard', () => downs > 0);
  expect(downs).toBe(1);
});

test.each(['nothing like a reply', 'ASTR      -001'])('a store that answers %j is found out', async (answer) => {
  const sockets = createServer((socket) => socket.end(answer)).listen(0, '127.0.0.1');
  await once(sockets, 'listening');
  onTestFinished(() => {
    sockets.close();
  });
  const client = await StoreClient.connect('127.0.0.1', (sockets.address() as AddressInfo).port);
  await expect(client.get('k')).rejects.toThrow(/the store sent what/);
});

test('a store that is not there is an error', async () => {
  await expect(StoreClient.connect('127.0.0.1', 1)).rejects.toThrow('ECONNREFUSED');
});

test('a wait that is given up fails and takes nothing, or brings its value: never neither', async () => {
  const store = await listening();
  const [client, other] = [await clientOf(store), await clientOf(store)];
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const outcomes = { given: 0, left: 0 };
  for (let i = 0; i < 400; i++) {
    const stop = new AbortController();
    const got = client.get('k', stop.signal).then(
      ({ value }) => value.toString(),
      (error: unknown) => error,
    );
    // The put and the end of the wait cross each other in all ways that there are.
    const steps = [() => void other.put('k', `value ${i}`), () => stop.abort('given up')];
    for (const step of i % 2 === 0 ? steps : steps.toReversed()) {
      for (let turns = i % 7; turns > 0; turns--) await turn();
      step();
    }
    const answer = await got;
    await other.obeyed();
    if (answer === 'given up') {
      expect((await other.get('k')).value.toString()).toBe(`value ${i}`);
      outcomes.left++;
    } else {
      expect(answer).toBe(`value ${i}`);
      outcomes.given++;
    }
    expect(store.server.store.valueCount).toBe(0);
  }
  expect(Math.min(outcomes.given, outcomes.left)).toBeGreaterThan(20);
  expect([...store.server.store.waits()]).toEqual([]);
});

test('a wait that is given up lets what was asked after it be answered, and one that has not begun does not begin', async () => {
  const client = await clientOf(await listening());
  const [first, second] = [new AbortController(), new AbortController()];
  const waits = [client.get('a', first.signal), client.view('b', second.signal), client.get('c')];
  await client.put('c', 'v');
  second.abort(new Error('the second'));
  await expect(waits[1]).rejects.toThrow('the second');
  first.abort(new Error('the first'));
  await expect(waits[0]).rejects.toThrow('the first');
  expect((await waits[2])?.value.toString()).toBe('v');
  await expect(client.get('a', first.signal)).rejects.toThrow('the first');
});

test('what was put is there when it is obeyed, and an echo is told to nobody and leaves nothing', async () => {
  const store = await listening();
  const [client, watching] = [await clientOf(store), await clientOf(store)];
  await watching.monitorKey('m', '', 'gpvw');
  await watching.obeyed();
  await client.put('k', 'v');
  await client.obeyed();
  expect([...store.server.store.keys()].map(({ key, count }) => [key, count])).toEqual([
    ['k', 1],
    ['m', 1],
  ]);
});
