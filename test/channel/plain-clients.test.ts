import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { isOwnUser } from '../../src/channel/peer-user.ts';
import { until } from '../support/run-disbatch.ts';
import { asNobody, here, isClosed, knock, openPort, skipUnlessRoot } from './parties.ts';

/** A program that connects, says something, and stays. */
const connectAndSay = (port: number, text: string): string => `
  const socket = require('net').connect(${port}, '${here}', () => socket.write('${text}', () => console.log('said')));
  socket.on('error', () => {});
  socket.on('close', () => console.log('closed'));
  socket.resume();`;

const addresses = (): string[] => {
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return [here, ...all.filter(({ scopeid }) => !scopeid).map(({ address }) => address)];
};

test('a plain client of the same user is let in by every address of the host, and nothing it says is lost', async () => {
  const party = await openPort();
  for (const address of new Set(addresses())) {
    const socket = await knock(party.port.port, address);
    socket.write('p');
    socket.write('ut_ and so on');
    await until(`it is let in by ${address}`, () => party.stores.length > 0);
    let heard = '';
    party.stores.pop()?.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    await until('all has come', () => heard === 'put_ and so on');
  }
  expect(party.log).toEqual([]);
});

test('a plain client that speaks in the moment it connects, and one that waits, are both let in', async () => {
  const party = await openPort();
  const silent = await knock(party.port.port);
  const closed = isClosed(silent);
  const quick = await Promise.all(Array.from({ length: 50 }, () => knock(party.port.port)));
  for (const socket of quick) socket.write('view');
  await until('the quick are in', () => party.stores.length === 50);
  silent.write('view');
  await until('so is the silent one', () => party.stores.length === 51);
  expect(closed()).toBe(false);
});

test('a plain client of another user of the host is refused, and named once in the log', async (ctx) => {
  skipUnlessRoot(ctx);
  const party = await openPort();
  for (let i = 0; i < 2; i++) {
    const { said } = asNobody(connectAndSay(party.port.port, 'put_'));
    await until('it is turned away', () => said().includes('closed'));
    expect(said()).toContain('said');
  }
  expect(party.stores).toHaveLength(0);
  expect(party.log).toEqual([`WARNING refused ${here}: it is a plain client, and not of this user on this host`]);
});

test('a store that is open to all lets in another user, who may wait before it speaks', async (ctx) => {
  skipUnlessRoot(ctx);
  const party = await openPort({ openStore: true });
  asNobody(connectAndSay(party.port.port, 'put_'));
  await until('it is let in', () => party.stores.length === 1);
  const { said } = asNobody(
    `const socket = require('net').connect(${party.port.port}, '${here}', () => console.log('there'));
     process.stdin.once('data', () => socket.write('late'));`,
  );
  await until('it is there', () => said().includes('there'));
  await until('it is let in without a word', () => party.stores.length === 2);
  expect(party.log).toEqual([]);
});

test('the socket of another user is not ours, neither while it is open nor when it is closed and shows user 0', async (ctx) => {
  skipUnlessRoot(ctx);
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => sockets.push(socket));
  server.listen(0, here);
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as { port: number };
  const { child } = asNobody(connectAndSay(port, 'put_'));
  await until('it is there', () => sockets.length === 1);
  const [socket] = sockets as [Socket];
  expect(isOwnUser(socket)).toBe(false);
  let ended = false;
  socket.resume();
  socket.on('end', () => (ended = true));
  child.kill('SIGKILL');
  await until('it has closed its end', () => ended);
  const port4 = (value: number): string => value.toString(16).toUpperCase().padStart(4, '0');
  const lineOfPeer = new RegExp(`: 0100007F:${port4(socket.remotePort ?? 0)} 0100007F:${port4(port)} (.*)`);
  const userShown = (): string | undefined =>
    lineOfPeer.exec(readFileSync('/proc/net/tcp', 'latin1'))?.[1]?.split(/ +/)[4];
  // The table does say after a moment that user 0, who runs this test, has it: that is the trap.
  await until('it shows user 0', () => userShown() === '0');
  expect(isOwnUser(socket)).toBe(false);
});

test('our own socket is ours while it is open', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  server.listen(0, here);
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const client = await knock((server.address() as { port: number }).port);
  await until('it is there', () => sockets.length === 1);
  expect(isOwnUser(sockets[0] as Socket)).toBe(true);
  expect(isOwnUser(client)).toBe(true);
});
