/** Monitor keys that belong to a connection: they go with it, however it goes. */
import { expect, test } from 'vitest';
import { ownKeyPrefix } from '../../src/kvs/protocol.ts';
import { until } from '../support/run-disbatch.ts';
import { clientOf, listening, RawClient, request, reply } from './listening.ts';

const own = `${ownKeyPrefix}x`;

test.for(['clos', 'an end', 'a reset', 'what is no request'] as const)('an own key goes with %s', async (how) => {
  const store = await listening();
  const [client, other] = [await RawClient.to(store), await clientOf(store)];
  client.send(request.mkey(own, ':gpvw'));
  client.send(request.mkey('m', 'k:p'));
  await client.obeyed();
  await other.put('k', '1');
  await other.obeyed();
  expect(store.server.store.keyCount).toBe(3);
  if (how === 'clos' || how === 'what is no request') client.send(how);
  else if (how === 'an end') client.socket.end();
  else client.socket.resetAndDestroy();
  await until('it is gone', () => store.server.connectionCount === 1);
  await other.put('k', '2');
  await other.obeyed();
  // An ordinary monitor key goes on.
  expect([...store.server.store.keys()].map(({ key, count }) => [key, count])).toEqual([
    ['k', 2],
    ['m', 2],
  ]);
  store.server.store.checkInvariants();
});

test('an own key that has not been told its last notice when its client goes leaves nothing', async () => {
  const store = await listening();
  const [client, other] = [await RawClient.to(store, false), await clientOf(store)];
  client.send(request.mkey(own, ':p'));
  client.send(request.get(own));
  await until('it waits', () => store.server.store.counts.wait === 1);
  const long = 'k'.repeat(60_000);
  for (let i = 0; i < 200; i++) {
    await other.put(long, '');
    client.send(request.get(own));
  }
  await other.obeyed();
  client.socket.resetAndDestroy();
  await until('it is gone', () => store.server.connectionCount === 1);
  for (let i = 0; i < 200; i++) await other.get(long);
  expect([store.server.store.valueCount, store.server.usage]).toEqual([0, { memory: 0, disk: 0 }]);
});

test('a key of such a name is one like others while nobody makes it a monitor key', async () => {
  const store = await listening();
  const client = await RawClient.to(store);
  client.send(request.put(own, 'v'));
  client.send(request.mkey(own, 'without a colon'));
  await client.obeyed();
  client.socket.end();
  await until('it is gone', () => store.server.connectionCount === 0);
  const next = await RawClient.to(store);
  next.send(request.get(own));
  expect((await next.bytes(15)).toString()).toBe(reply('v'));
});

test('any number of connections may have own keys one after the other', async () => {
  const store = await listening();
  for (let i = 0; i < 300; i++) {
    const client = await clientOf(store);
    for (let n = 0; n < 20; n++) await client.monitorKey(`${client.ownKey} ${n}`, '', 'g');
    await client.obeyed();
    client.close();
  }
  const client = await clientOf(store);
  await client.monitorKey(own, 'k', 'p');
  await client.put('k', 'v');
  expect((await client.get(own)).value.toString()).toBe("(b'put', b'k')");
});
