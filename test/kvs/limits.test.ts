/** The bounds of the store: memory, disk, connections, and clients that do what they may not. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { bytesOfText as key } from '../../src/base/byte-string.ts';
import { until } from '../support/run-disbatch.ts';
import { clientOf, listening, RawClient, request } from './listening.ts';

describe('what waits beyond the bound', () => {
  test('is on disk and not in memory, also while it comes and goes', async () => {
    const store = await listening({ memoryLimit: 1024 * 1024 });
    const client = await clientOf(store);
    const values = Array.from({ length: 40 }, (_, i) => Buffer.alloc(2_000_000, i));
    for (const value of values) await client.put('k', value);
    await client.dump();
    expect(store.server.usage.memory).toBeLessThanOrEqual(1024 * 1024);
    expect(store.server.usage.disk).toBeGreaterThan(79_000_000);
    for (const value of values) expect((await client.get('k')).value.equals(value)).toBe(true);
    await until('nothing is kept', () => store.server.usage.memory + store.server.usage.disk === 0);
  });

  test('goes to disk too when it is put by this process, in order', async () => {
    const store = await listening({ memoryLimit: 10_000 });
    const values = Array.from({ length: 300 }, (_, i) => `value ${i} `.repeat(20));
    for (const value of values) store.server.put(key('k'), 'ASTR', Buffer.from(value));
    await until('the disk has caught up', () => store.server.usage.memory <= 10_000);
    expect(store.server.usage.disk).toBeGreaterThan(0);
    for (const value of values) expect((await store.server.get(key('k'))).value.toString()).toBe(value);
    await until('nothing is kept', () => store.server.usage.memory + store.server.usage.disk === 0);
  });

  test('is refused to a client when the disk is not to be had, and others go on', async () => {
    const store = await listening({ memoryLimit: 1000, folder: '/nowhere/at/all' });
    const [client, other] = [await RawClient.to(store), await clientOf(store)];
    client.send(request.put('k', 'x'.repeat(2000)));
    await client.closed();
    expect(store.logged).toEqual([
      {
        level: 'WARNING',
        text: 'a client of the store: a value cannot be written to the disk (no such file or directory)',
      },
    ]);
    await other.put('k', 'small');
    expect((await other.get('k')).value.toString()).toBe('small');
  });

  test('is an error to this process only when twice as much waits and the disk is not to be had', async () => {
    const store = await listening({ memoryLimit: 1000, folder: '/nowhere/at/all' });
    const put = (): void => store.server.put(key('k'), 'ASTR', Buffer.alloc(100_000));
    put();
    await until('the log tells of it', () => store.logged.length > 0);
    expect(store.logged[0]?.text).toContain('what is to be kept stays in memory');
    expect(() => {
      for (let i = 0; i < 20; i++) put();
    }).toThrow('the store is full');
    // The newest state of the run has its place whatever happens.
    store.server.replace(key('state'), 'JSON', Buffer.from('{}'));
    expect((await store.server.get(key('k'))).value.length).toBe(100_000);
  });

  test('is refused when not even the list of it has room', async () => {
    const store = await listening({ indexLimit: 100_000 });
    const client = await RawClient.to(store);
    for (let i = 0; i < 300; i++) client.send(request.put(`key ${i}`, ''));
    await client.closed();
    expect(store.logged.map(({ text }) => text)).toEqual([
      expect.stringMatching(/the store is full: 2\d\d values of 2\d\d keys wait in it, and nobody takes them/),
    ]);
    expect(() => {
      for (let i = 0; i < 300; i++) store.server.put(key('k'), 'ASTR', Buffer.alloc(0));
    }).toThrow('the store is full');
  });
});

describe('clients that do what they may not', () => {
  test.each([
    ['garbage', 'GET / HTTP/1.1\r\n\r\n'],
    ['a huge key', 'get_9999999999'],
    ['a huge value', 'put_         1kASTR9999999999'],
    ['a length that is none', 'put_         1kASTR      -001'],
  ])('%s ends the connection, and is logged once', async (_, bytes) => {
    const store = await listening();
    const other = await clientOf(store);
    for (let i = 0; i < 3; i++) {
      const client = await RawClient.to(store);
      client.send(request.put('k', 'before') + bytes);
      await client.closed();
    }
    await until('none is left', () => store.server.connectionCount === 1);
    expect(store.logged.filter(({ level }) => level !== 'DEBUG').length).toBe(1);
    expect((await other.get('k')).value.toString()).toBe('before');
    expect((await other.dump()).counts.put).toBe(3);
  });

  test('an announced value takes no memory before it comes', async () => {
    const store = await listening({ memoryLimit: 2 ** 40 });
    const before = process.memoryUsage().arrayBuffers;
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.to(store)));
    for (const client of clients) client.send(`put_         1kASTR1073741824${'x'.repeat(1000)}`);
    await until('all are heard', () => store.server.usage.memory > 20 * 2 ** 30);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 2 ** 20);
    for (const client of clients) client.socket.destroy();
    await until('the room is given back', () => store.server.usage.memory === 0);
  });

  test('more connections than allowed are refused, and the next finds room when one has gone', async () => {
    const store = await listening({ connectionLimit: 2 });
    const [first] = [await RawClient.to(store), await RawClient.to(store)];
    for (let i = 0; i < 3; i++) await (await RawClient.to(store)).closed();
    expect(store.logged.filter(({ level }) => level === 'WARNING').map(({ text }) => text)).toEqual([
      'a client of the store: more than 2 clients are connected to the store at once',
    ]);
    first?.socket.destroy();
    await until('there is room', () => store.server.connectionCount === 1);
    await (await RawClient.to(store)).obeyed();
  });

  test('a thousand idle connections disturb nobody', async () => {
    const store = await listening();
    const idle = Array.from({ length: 1000 }, () => connect({ port: store.port, host: '127.0.0.1' }));
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    await until('all are served', () => store.server.connectionCount === 1000);
    const client = await clientOf(store);
    for (let i = 0; i < 500; i++) {
      await client.put('k', String(i));
      expect((await client.get('k')).value.toString()).toBe(String(i));
    }
    for (const socket of idle) socket.destroy();
    await until('they are gone', () => store.server.connectionCount === 1);
  });
});
