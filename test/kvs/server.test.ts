/** The store over real sockets, and in its own process. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect as tlsConnect, createServer } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOfText, type ByteString } from '../../src/base/byte-string.ts';
import { StoreClient } from '../../src/kvs/client.ts';
import { until } from '../support/run-disbatch.ts';
import { clientOf, listening, RawClient, reply, request } from './listening.ts';

const key = (text: string): ByteString => bytesOfText(text);
const places = [
  ['in memory', 64 * 1024 * 1024],
  ['on disk', 0],
  ['partly on disk', 1024],
] as const;

describe.each(places)('with the values %s', (_, memoryLimit) => {
  test('a connection gets the answers of the rules, byte for byte, however its bytes come', async () => {
    const store = await listening({ memoryLimit });
    const step = fc.record({
      do: fc.constantFrom('put', 'put', 'get', 'view'),
      key: fc.constantFrom('a', 'b', 'odd\xff\0'),
      size: fc.constantFrom(0, 1, 17, 300, 5000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.array(fc.nat(), { maxLength: 6 }), async (steps, cuts) => {
        const queues = new Map<string, string[]>();
        let [wire, answers, waits] = ['', '', ''];
        steps.forEach((each, i) => {
          const queue = queues.get(each.key) ?? [];
          queues.set(each.key, queue);
          if (each.do === 'put') {
            const value = String.fromCharCode(i).repeat(each.size);
            wire += request.put(each.key, value, 'PYPK');
            if (waits === `get ${each.key}` || waits === `view ${each.key}`) answers += reply(value, 'PYPK');
            if (waits !== `get ${each.key}`) queue.push(value);
            if (waits.endsWith(` ${each.key}`)) waits = '';
            return;
          }
          wire += each.do === 'get' ? request.get(each.key) : request.view(each.key);
          const found = each.do === 'get' ? queue.shift() : queue.at(-1);
          waits = found === undefined ? `${each.do} ${each.key}` : '';
          if (found !== undefined) answers += reply(found, 'PYPK');
        });
        // What is left is taken, so that the next run finds nothing.
        for (const [name, queue] of queues) {
          for (const value of queue) {
            wire += request.get(name);
            answers += reply(value, 'PYPK');
          }
        }
        const client = await RawClient.to(store);
        const at = [0, ...cuts.map((cut) => cut % (wire.length + 1)), wire.length].sort((a, b) => a - b);
        for (const [i, end] of at.slice(1).entries()) {
          client.send(wire.slice(at[i], end));
          await new Promise((resolve) => setImmediate(resolve));
        }
        expect((await client.bytes(answers.length)).toString('latin1')).toBe(answers);
        await client.obeyed();
        expect(client.unread.length).toBe(0);
        client.socket.destroy();
        await until('it is gone', () => store.server.connectionCount === 0);
        expect(store.server.store.valueCount).toBe(0);
      }),
      { numRuns: 60 },
    );
    expect(store.server.usage).toEqual({ memory: 0, disk: 0 });
    store.server.store.checkInvariants();
  });

  test('values of several producers come to several consumers, each once and in the order of its producer', async () => {
    const store = await listening({ memoryLimit });
    const [producers, consumers, each] = [4, 3, 150];
    const got: string[][] = [];
    const consume = async (): Promise<void> => {
      const client = await clientOf(store);
      const mine: string[] = [];
      got.push(mine);
      for (;;) {
        const { value } = await client.get('work');
        if (value.length === 0) return;
        mine.push(value.toString('latin1', 0, 8).trim());
      }
    };
    const consuming = Array.from({ length: consumers }, consume);
    const produce = async (n: number): Promise<void> => {
      const client = await clientOf(store);
      for (let i = 0; i < each; i++) await client.put('work', `${n} ${i}`.padEnd(10 + ((i * 97) % 3000)));
      await client.dump();
    };
    await Promise.all(Array.from({ length: producers }, (_, n) => produce(n)));
    for (let i = 0; i < consumers; i++) store.server.put(key('work'), 'ASTR', Buffer.alloc(0));
    await Promise.all(consuming);
    const all = got.flat();
    expect(all.length).toBe(producers * each);
    expect(new Set(all).size).toBe(all.length);
    for (const mine of got) {
      for (let n = 0; n < producers; n++) {
        const numbers = mine.filter((value) => value.startsWith(`${n} `)).map((value) => Number(value.split(' ')[1]));
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      }
    }
    expect(store.server.usage).toEqual({ memory: 0, disk: 0 });
  });

  test('a get whose client has gone takes nothing, and a put that was half sent puts nothing', async () => {
    const store = await listening({ memoryLimit });
    const [waiting, putting] = [await RawClient.to(store), await RawClient.to(store)];
    waiting.send(request.get('k'));
    putting.send(request.put('k', 'half a value').slice(0, -1));
    await until('both are heard', () => store.server.store.counts.wait === 1 && putting.socket.bytesWritten > 20);
    waiting.socket.destroy();
    putting.socket.destroy();
    await until('both are gone', () => store.server.connectionCount === 0);
    const client = await clientOf(store);
    await client.put('k', 'whole');
    expect((await client.get('k')).value.toString()).toBe('whole');
    expect(store.server.usage).toEqual({ memory: 0, disk: 0 });
  });

  test('a value whose reply was not taken whole comes to the next get', async () => {
    const store = await listening({ memoryLimit });
    const value = Buffer.alloc(16 * 1024 * 1024, 'v');
    const client = await clientOf(store);
    await client.put('k', value);
    await client.put('k', 'second');
    await client.dump();
    const deaf = await RawClient.to(store, false);
    deaf.send(request.get('k'));
    await until('it is on its way', () => store.server.store.counts.get === 1);
    expect(store.server.store.valueCount).toBe(1);
    deaf.socket.resetAndDestroy();
    await until('it is back', () => store.server.store.valueCount === 2);
    expect((await client.get('k')).value.equals(value)).toBe(true);
    expect((await client.get('k')).value.toString()).toBe('second');
    await until('nothing is kept', () => store.server.usage.memory + store.server.usage.disk === 0);
  });

  test('a client that asks and does not read is not answered ahead, and gets everything when it reads', async () => {
    const store = await listening({ memoryLimit });
    const value = 'v'.repeat(64 * 1024);
    const asked = 2000;
    const slow = await RawClient.to(store, false);
    slow.send(request.put('k', value) + request.view('k').repeat(asked));
    const other = await clientOf(store);
    await until('it is being answered', () => store.server.store.counts.view > 0);
    for (let i = 0; i < 200; i++) await other.dump();
    expect(store.server.store.counts.view).toBeLessThan(asked / 2);
    const one = reply(value).length;
    let bytes = 0;
    slow.socket.on('data', (chunk) => (bytes += chunk.length));
    await until('all of it has come', () => bytes === asked * one, 60);
  });
});

describe('requests', () => {
  test('of a further get or view take the place of the one that waits', async () => {
    const store = await listening();
    const client = await RawClient.to(store);
    client.send(request.get('a') + request.view('b'));
    await client.obeyed();
    const other = await clientOf(store);
    await other.put('a', 'stays');
    await other.put('b', 'seen');
    expect((await client.bytes(18)).toString()).toBe(reply('seen'));
    expect((await other.dump()).keys.map(({ shown }) => String(shown))).toEqual(['stays', 'seen']);
    expect(client.unread.length).toBe(0);
  });

  test('that wait are over when the client has nothing more to say', async () => {
    const store = await listening();
    const client = await RawClient.to(store);
    client.send(request.put('k', 'value') + request.get('k') + request.get('k'));
    client.socket.end();
    expect((await client.bytes(19)).toString()).toBe(reply('value'));
    await client.closed();
    store.server.put(key('k'), 'ASTR', Buffer.from('kept'));
    expect(store.server.store.valueCount).toBe(1);
  });

  test('after clos are not obeyed, and down is told to the owner, who decides', async () => {
    let downs = 0;
    const store = await listening({ onDown: () => downs++ });
    const [closing, ending] = [await RawClient.to(store), await RawClient.to(store)];
    closing.send(`${request.put('k', 'v')}clos${request.get('k')}`);
    ending.send(`down${request.get('k')}`);
    await closing.closed();
    await ending.closed();
    expect(downs).toBe(1);
    expect((await (await clientOf(store)).get('k')).value.toString()).toBe('v');
  });

  test('tell monitor keys of events, and a monitor key can be waited for', async () => {
    const store = await listening();
    const [watcher, client] = [await clientOf(store), await clientOf(store)];
    await watcher.monitorKey('m', '', 'pw');
    await watcher.dump();
    const seen = watcher.get('m');
    await client.put("k'", 'v');
    expect(String((await seen).value)).toBe(`(b'put', b"k'")`);
    expect((await watcher.dump()).keys.map((entry) => String(entry.key))).toEqual(["k'"]);
  });

  test('of a dump tell counts, who waits, and the newest value of each key', async () => {
    const store = await listening();
    const [client, waiting] = [await clientOf(store), await RawClient.to(store)];
    waiting.send(request.get('nothing'));
    await waiting.obeyed();
    await client.put('text', 'old');
    await client.put('text', 'new');
    await client.put('long', `${'a'.repeat(30)}${'b'.repeat(30)}`);
    await client.put('page', `<HTML>${'x'.repeat(100)}`);
    await client.put('html', 'h'.repeat(100), 'HTML');
    await client.put('json', '{}', 'JSON');
    const { counts, keys, waits } = await client.dump();
    expect(counts).toEqual({ get: 0, put: 6, view: 0, wait: 1, waitsBegun: 1, waitsEnded: 0 });
    expect(waits.map((wait) => [String(wait.key), wait.count])).toEqual([['nothing', 1]]);
    expect(
      keys.map((entry) => [String(entry.key), entry.count, entry.encoding, entry.shown?.toString(), entry.length]),
    ).toEqual([
      ['text', 2, 'ASTR', 'new', 3],
      ['long', 1, 'ASTR', `${'a'.repeat(24)}...${'b'.repeat(23)}`, 60],
      ['page', 1, 'ASTR', `<HTML>${'x'.repeat(100)}`, 106],
      ['html', 1, 'HTML', 'h'.repeat(100), 100],
      ['json', 1, 'JSON', undefined, 2],
    ]);
  });
});

test('streams that are no sockets are served as well: TLS with a key that both know', async () => {
  const store = await listening();
  const psk = Buffer.from('0123456789abcdef');
  const options = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
  const sockets = createServer({ ...options, pskCallback: () => psk }, (socket) => store.server.serve(socket));
  sockets.listen(0, '127.0.0.1');
  await once(sockets, 'listening');
  const socket = tlsConnect({
    ...options,
    host: '127.0.0.1',
    port: (sockets.address() as AddressInfo).port,
    pskCallback: () => ({ psk, identity: 'relay' }),
    checkServerIdentity: () => undefined,
  });
  await once(socket, 'secureConnect');
  const client = new StoreClient(socket);
  const value = Buffer.alloc(3_000_000, 'v');
  await client.put('k', value);
  expect((await client.get('k')).value.equals(value)).toBe(true);
  const waiting = client.get('k').catch(String);
  await until('it waits', () => store.server.store.counts.wait === 1);
  socket.destroy();
  expect(await waiting).toContain('closed');
  await until('it is gone', () => store.server.connectionCount === 0);
  store.server.put(key('k'), 'ASTR', value);
  expect(store.server.store.valueCount).toBe(1);
  sockets.close();
});

describe.each(places)('the process that has the store, with the values %s', (_, memoryLimit) => {
  test('puts, gets and views without a socket, beside clients', async () => {
    const store = await listening({ memoryLimit });
    const client = await clientOf(store);
    const waiting = store.server.get(key('k'));
    await client.put('k', 'from a client', 'JSON');
    expect(await waiting).toEqual({ encoding: 'JSON', value: Buffer.from('from a client') });
    store.server.put(key('k'), 'ASTR', Buffer.from('from us'));
    expect((await store.server.view(key('k'))).value.toString()).toBe('from us');
    expect((await client.get('k')).value.toString()).toBe('from us');
  });

  test('keeps one newest value where it replaces', async () => {
    const store = await listening({ memoryLimit });
    const client = await clientOf(store);
    const seen = client.view('state');
    for (let i = 0; i < 10; i++) store.server.replace(key('state'), 'JSON', Buffer.from(String(i)));
    await seen;
    expect((await client.view('state')).value.toString()).toBe('9');
    expect(store.server.store.valueCount).toBe(1);
  });

  test('ends a wait, and nothing is taken', async () => {
    const store = await listening({ memoryLimit });
    const [first, second] = [new AbortController(), new AbortController()];
    const waiting = store.server.get(key('k'), first.signal);
    first.abort(new Error('no longer'));
    await expect(waiting).rejects.toThrow('no longer');
    store.server.put(key('k'), 'ASTR', Buffer.from('a'.repeat(2000)));
    await until('it has its place', () => store.server.usage.memory <= Math.max(memoryLimit, 0));
    // On disk it is ended while the value is read; in memory it has been given by then.
    const taken = store.server.get(key('k'), second.signal);
    second.abort(new Error('too late'));
    const value = await taken.catch(() => store.server.get(key('k')));
    expect(value.value.length).toBe(2000);
    await expect(store.server.get(key('k'), second.signal)).rejects.toThrow('too late');
    await until('nothing is kept', () => store.server.usage.memory + store.server.usage.disk === 0);
  });

  test('sees its waits fail when the store closes, and puts after that do nothing', async () => {
    const store = await listening({ memoryLimit });
    const waiting = store.server.get(key('k')).catch((error: unknown) => error);
    const client = await RawClient.to(store);
    client.send(request.get('k'));
    store.server.put(key('other'), 'ASTR', Buffer.alloc(100_000));
    await store.server.close();
    expect(String(await waiting)).toContain('the store is closed');
    await client.closed();
    store.server.put(key('k'), 'ASTR', Buffer.from('x'));
    await expect(store.server.view(key('k'))).rejects.toThrow('the store is closed');
    expect(store.server.usage.memory).toBe(0);
  });
});
