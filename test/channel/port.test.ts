import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { randomBytes } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectChannel, connectStore } from '../../src/channel/connect.ts';
import { secure } from '../../src/channel/security.ts';
import { until } from '../support/run-disbatch.ts';
import { certificate, privateKey } from './fixtures/certificate.ts';
import { asNobody, echo, hear, here, isClosed, join, knock, openPort, skipUnlessRoot } from './parties.ts';

describe('a channel', () => {
  test('carries 20,000 messages both ways, in order and each once', async () => {
    const party = await openPort();
    const ear = await join(party);
    const texts = Array.from({ length: 20_000 }, (_, i) => `${i} ${'x'.repeat(i % 300)}`);
    for (let i = 0; i < texts.length; i += 100) {
      for (const text of texts.slice(i, i + 100)) ear.connection.send(Buffer.from(text));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until('all are back', () => ear.messages.length >= texts.length);
    expect(party.channels[0]?.messages).toEqual(texts);
    expect(ear.messages).toEqual(texts);
    ear.connection.end();
    await until('both ends close', () => ear.closed.length + (party.channels[0]?.closed.length ?? 0) === 2);
    expect([ear.closed, party.channels[0]?.closed]).toEqual([[undefined], [undefined]]);
  });

  test('carries a message of 20 MB', async () => {
    const ear = await join(await openPort());
    const large = 'l'.repeat(20_000_000);
    await echo(ear, large);
    expect(ear.messages[0] === large).toBe(true);
  });

  test('tells at once that its peer is gone', async () => {
    const party = await openPort();
    const ear = await join(party);
    await echo(ear, 'x');
    ear.connection.destroy();
    await until('the other end knows', () => party.channels[0]?.closed.length === 1);
    expect(party.channels[0]?.closed[0]).toMatch(/without a goodbye|connection reset|broke/);
  });

  test('to a port of another key is refused in the handshake, and named once in the log', async () => {
    const party = await openPort();
    const ear = await join(party);
    const address = { host: here, port: party.port.port };
    for (let i = 0; i < 3; i++) {
      await expect(connectChannel([address], randomBytes(32), 5000)).rejects.toThrow(
        `Cannot connect to ${here}:${address.port} (it does not accept the key).`,
      );
    }
    await echo(ear, 'undisturbed');
    expect(party.channels).toHaveLength(1);
    const line = `WARNING refused ${here}: its key is not the one of this port`;
    expect(party.log).toEqual([line]);
    party.port.close();
    expect(party.log).toEqual([line, `WARNING refused 3 times ${here}: its key is not the one of this port`]);
  });

  test('never shows its key in a log or an error', async () => {
    const party = await openPort();
    const other = randomBytes(32);
    const text: string[] = [];
    await connectChannel([{ host: here, port: party.port.port }], other, 5000).catch((error: Error) => {
      text.push(error.message, error.stack ?? '');
    });
    text.push(...party.log);
    expect(text.join()).toContain('key');
    for (const key of [party.key, other]) {
      for (const encoding of ['hex', 'base64', 'base64url', 'latin1'] as const)
        expect(text.join()).not.toContain(key.toString(encoding));
    }
  });

  test('is not made with an impostor who shows a certificate instead of the key', async () => {
    const impostor = createTlsServer({ cert: certificate, key: privateKey });
    let met = 0;
    impostor.on('connection', () => met++);
    impostor.listen(0, here);
    await once(impostor, 'listening');
    onTestFinished(() => {
      impostor.close();
    });
    const { port } = impostor.address() as { port: number };
    await expect(connectChannel([{ host: here, port }], randomBytes(32), 3000)).rejects.toThrow('Cannot connect');
    expect(met).toBeGreaterThan(0);
  });

  test('is not made by taking up an earlier session without the key', async () => {
    const party = await openPort();
    const first = secure(await knock(party.port.port), 'channel', party.key);
    const [session] = (await once(first, 'session')) as [Buffer];
    first.destroy();
    const second = connectTls({ socket: await knock(party.port.port), session, ca: [], rejectUnauthorized: false });
    second.on('error', () => {});
    onTestFinished(() => {
      second.destroy();
    });
    const closed = isClosed(second);
    await until('it is turned away', closed);
    expect(party.channels.length + party.stores.length).toBe(1);
  });

  test('takes a store connection for what it is, though the key is the same', async () => {
    const party = await openPort();
    const stream = await connectStore([{ host: here, port: party.port.port }], party.key, 5000);
    onTestFinished(() => {
      stream.destroy();
    });
    await until('it is there', () => party.stores.length === 1);
    party.stores[0]?.on('data', (chunk: Buffer) => party.stores[0]?.write(chunk));
    stream.write('plain');
    const [chunk] = (await once(stream, 'data')) as [Buffer];
    expect(chunk.toString()).toBe('plain');
    expect(party.channels).toHaveLength(0);
  });

  test('with a port that does not use the key is no channel', async () => {
    // A server that answers a handshake with whatever comes to its mind.
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write(Buffer.alloc(2000, 0x16));
    });
    server.listen(0, here);
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
    });
    const { port } = server.address() as { port: number };
    await expect(connectChannel([{ host: here, port }], randomBytes(32), 3000)).rejects.toThrow('Cannot connect');
  });
});

describe('a port goes on undisturbed', () => {
  test('by garbage, huge lengths and half a handshake', async () => {
    const party = await openPort();
    const ear = await join(party);
    const garbage = [
      Buffer.concat([Buffer.from([0x16]), randomBytes(500)]),
      Buffer.from([0x16, 3, 1, 0xff, 0xff, 1, 0xff, 0xff, 0xff]),
      Buffer.alloc(100_000, 0x16),
      Buffer.from([0x16]),
    ];
    const sockets = await Promise.all(garbage.map(() => knock(party.port.port)));
    sockets.forEach((socket, i) => socket.write(garbage[i] as Buffer));
    await echo(ear, 'meanwhile');
    const closed = sockets.map(isClosed);
    await until('all are turned away', () => closed.every((isIt) => isIt()));
    await echo(ear, 'afterwards');
    expect([...party.log].sort()).toEqual([
      `WARNING refused ${here}: it did not say in time who it is`,
      `WARNING refused ${here}: it sent something else than a handshake`,
      `WARNING refused ${here}: packet length too long`,
    ]);
    expect(party.channels).toHaveLength(1);
  });

  test('by a peer with the key that sends garbage, or half a frame', async () => {
    const party = await openPort();
    const ear = await join(party);
    const hostile = await Promise.all(
      ['\xff\xff\xff\xff and more', '\x20\0\0\0\x01half'].map(async (text) => {
        const stream = secure(await knock(party.port.port), 'channel', party.key);
        stream.on('error', () => {});
        await once(stream, 'secureConnect');
        stream.write(text, 'latin1');
        return stream;
      }),
    );
    await until('the garbage is answered by the end', () => party.channels.some(({ closed }) => closed.length > 0));
    await echo(ear, 'meanwhile');
    expect(party.channels.flatMap(({ closed }) => closed)).toEqual([
      'the peer sent what it should not: a frame of 4294967295 bytes',
    ]);
    hostile[1]?.destroy();
    await until('the half has ended too', () => party.channels.flatMap(({ closed }) => closed).length === 2);
    await echo(ear, 'afterwards');
  });

  test('by a thousand idle connections of the same user, which stay', async () => {
    const party = await openPort();
    const ear = await join(party);
    const idle = await Promise.all(Array.from({ length: 1000 }, () => knock(party.port.port)));
    const closed = idle.map(isClosed);
    for (let i = 0; i < 100; i++) await echo(ear, `${i}`);
    const late = await join(party);
    await echo(late, 'another');
    expect(closed.some((isIt) => isIt())).toBe(false);
    expect(party.log).toEqual([]);
    idle[999]?.write('clos');
    await until('one of them speaks at last', () => party.stores.length === 1);
  });

  test('by a thousand idle connections of another user, of which few are held, and for 5 s', async (ctx) => {
    skipUnlessRoot(ctx);
    const party = await openPort();
    const ear = await join(party);
    const { said } = asNobody(`
      let [open, ended] = [0, 0];
      for (let i = 0; i < 1000; i++) {
        const socket = require('net').connect(${party.port.port}, '${here}', () => ++open === 1000 && console.log('open'));
        socket.on('error', () => {});
        socket.on('close', () => ++ended === 744 ? console.log('744 ended') : ended === 1000 && console.log('all ended'));
        socket.resume();
      }`);
    await until('most are turned away at once', () => said().includes('744 ended'));
    expect(said()).not.toContain('all ended');
    for (let i = 0; i < 100; i++) await echo(ear, `${i}`);
    await echo(await join(party), 'another');
    await until('all are turned away', () => said().includes('all ended'));
    await echo(ear, 'afterwards');
    expect(party.stores).toHaveLength(0);
    expect(party.log).toEqual([
      `WARNING refused ${here}: too many are on their way in`,
      `WARNING refused ${here}: it did not say in time who it is`,
    ]);
  });

  test('by a peer that stops reading: it costs a bounded amount, and is let go', async () => {
    const party = await openPort();
    const ear = await join(party);
    const deaf = secure(await knock(party.port.port), 'channel', party.key);
    deaf.on('error', () => {});
    await once(deaf, 'secureConnect');
    await until('it is let in', () => party.channels.length === 2);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const channel = party.channels[1];
    for (let i = 0; channel?.closed.length === 0 && i < 1000; i++) {
      channel.connection.send(Buffer.alloc(1_000_000));
      if (i % 10 === 0) await echo(ear, `${i}`);
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(channel?.closed).toEqual(['the peer is too slow: too much is waiting for it']);
    expect(most).toBeLessThan(100e6);
    await echo(ear, 'afterwards');
  });

  test('by many engines that come at the same moment', async () => {
    const party = await openPort();
    const ears = await Promise.all(Array.from({ length: 400 }, () => join(party)));
    await Promise.all(ears.map((ear, i) => echo(ear, `engine ${i}`)));
    const heard = party.channels.flatMap(({ messages }) => messages);
    expect(heard.sort()).toEqual(ears.map((_, i) => `engine ${i}`).sort());
  });
});

test('a handshake whose first byte comes alone is a handshake', async () => {
  const party = await openPort();
  const socket = await knock(party.port.port);
  // A relay in between that passes on the first byte by itself.
  const relay = createServer((inner) => {
    inner.once('data', (first: Buffer) => {
      socket.write(first.subarray(0, 1));
      inner.pause();
      setImmediate(() => {
        socket.write(first.subarray(1));
        inner.pipe(socket);
        socket.pipe(inner);
      });
    });
    inner.on('error', () => {});
  });
  relay.listen(0, here);
  await once(relay, 'listening');
  onTestFinished(() => {
    relay.close();
  });
  const { port } = relay.address() as { port: number };
  const ear = hear(await connectChannel([{ host: here, port }], party.key, 5000));
  await echo(ear, 'through');
  expect(ear.messages).toEqual(['through']);
});

test('a port that is taken is an error of the system', async () => {
  const party = await openPort({ host: here });
  await expect(openPort({ host: here, port: party.port.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('a port that is closed lets nobody in, and keeps those who are in', async () => {
  const party = await openPort();
  const ear = await join(party);
  const silent = await knock(party.port.port);
  const closed = isClosed(silent);
  await echo(ear, 'before');
  party.port.close();
  await echo(ear, 'after');
  await until('who had not spoken is turned away', closed);
  await expect(connectChannel([{ host: here, port: party.port.port }], party.key, 5000)).rejects.toThrow(
    'connection refused',
  );
});
