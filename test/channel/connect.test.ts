import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { connectChannel } from '../../src/channel/connect.ts';
import { Guard } from '../../src/channel/security.ts';
import { echo, hear, here, openPort } from './parties.ts';

/** A listener that does this with each connection. @returns its port, and how many have come */
async function listener(meet: (socket: Socket, count: number) => void): Promise<{ port: number; met: () => number }> {
  let met = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onTestFinished(() => {
      socket.destroy();
    });
    meet(socket, ++met);
  });
  server.listen(0, here);
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return { port: (server.address() as { port: number }).port, met: () => met };
}

test('the first address that answers and has the key is taken, whatever the others do', async () => {
  const party = await openPort();
  const silent = await listener(() => {});
  const other = await openPort();
  const addresses = [
    { host: here, port: 1 },
    { host: here, port: other.port.port },
    { host: here, port: silent.port },
    { host: here, port: party.port.port },
    { host: here, port: 2 },
  ];
  const connection = await connectChannel(addresses, party.key, 10_000);
  expect(connection.remote).toBe(`${here}:${party.port.port}`);
  const ear = hear(connection);
  await echo(ear, 'there');
  expect(party.channels).toHaveLength(1);
  expect(other.channels).toHaveLength(0);
});

test('when no address will do, one sentence names each and its reason', async () => {
  const silent = await listener(() => {});
  const addresses = [
    { host: here, port: 1 },
    { host: 'no-such-host.invalid', port: 4242 },
    { host: here, port: silent.port },
  ];
  const error = await connectChannel(addresses, randomBytes(32), 2500).catch((reason: Error) => reason.message);
  expect(error).toMatch(
    /^Cannot connect to 127\.0\.0\.1:1 \(connection refused\), no-such-host\.invalid:4242 \(.*name.*\), 127\.0\.0\.1:\d+ \(no answer in time\)\.$/,
  );
});

test('no address at all is said so', async () => {
  await expect(connectChannel([], randomBytes(32), 1000)).rejects.toThrow('no address is given');
});

test('a port that hangs up in the handshake is tried again', async () => {
  const party = await openPort();
  const busy = await listener((socket, count) => {
    if (count < 3) socket.destroy();
    else socket.pipe(connect(party.port.port, here)).pipe(socket);
  });
  const ear = hear(await connectChannel([{ host: here, port: busy.port }], party.key, 20_000));
  await echo(ear, 'at last');
  expect(busy.met()).toBe(3);
});

test('a port that turns us away after the handshake has not let us in, and is tried again', async () => {
  const party = await openPort();
  const guard = new Guard(party.key, { secured: (stream) => stream.destroy(), failed() {} });
  const busy = await listener((socket, count) => {
    if (count < 3) guard.accept(socket);
    else socket.pipe(connect(party.port.port, here)).pipe(socket);
  });
  const ear = hear(await connectChannel([{ host: here, port: busy.port }], party.key, 20_000));
  await echo(ear, 'at last');
  expect(busy.met()).toBe(3);
});

test('a port that always hangs up is given up', async () => {
  const busy = await listener((socket) => socket.destroy());
  await expect(connectChannel([{ host: here, port: busy.port }], randomBytes(32), 60_000)).rejects.toThrow(
    /\(it hung up|connection reset|disconnected/,
  );
  expect(busy.met()).toBe(6);
});
