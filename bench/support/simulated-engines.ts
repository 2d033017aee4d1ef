/**
 * Engines that run nothing, many in one process, and the driver they talk to: over a channel, or over bare sockets.
 *
 * Always true: both ways carry the same payloads in the same pattern. Each engine has so many messages on their way, and
 * sends the next when one is answered, as slots do whose tasks end. The bare way has a newline after each payload, and puts
 * all of one turn of the event loop into one write.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { connectChannel } from '../../src/channel/connect.ts';
import { Port } from '../../src/channel/port.ts';

export type Way = 'channel' | 'bare sockets';

/** One end of a connection, whichever way. */
interface Line {
  listen(message: (payload: Buffer) => void): void;
  send(payload: Uint8Array): void;
  end(): void;
}

/** What the process of the engines is told. */
export interface Order {
  readonly way: Way;
  readonly port: number;
  /** In hexadecimal. */
  readonly key: string;
  readonly engines: number;
  readonly messages: number;
}

/** What it answers. */
export interface Measured {
  /** From the first message to the last answer. */
  readonly seconds: number;
  /** Bytes that went through its sockets both ways. */
  readonly bytes: number;
}

const host = '127.0.0.1';

/** Messages that an engine has on their way. */
const slots = 8;

/** As long as what a task's end is told in. */
const ended = Buffer.from(
  JSON.stringify({
    type: 'ended',
    taskId: 123456,
    slot: 5,
    pid: 1234567,
    exitCode: 0,
    start: 1795514643.702123,
    finish: 1795514645.746456,
    output: { bytes: 40, head: 'forty bytes of what the task has printed', tail: '' },
    error: { bytes: 0, head: '', tail: '' },
    usage: { userCpu: 0.123, systemCpu: 0.045, peakMemory: 12345678 },
  }),
);

/** As long as what a task is sent in. */
const run = Buffer.from(
  JSON.stringify({
    type: 'run',
    taskId: 123457,
    slot: 5,
    command: `cd /a/folder/of/some/length && ./program --with options --and ${'x'.repeat(120)} 123457`,
    env: { DISBATCH_STREAM_INDEX: '123458', DISBATCH_REPEAT_INDEX: '-1' },
  }),
);

/** A bare socket with a newline after each payload. */
function bareLine(socket: Socket): Line {
  let rest: Buffer = Buffer.alloc(0);
  let corked = false;
  return {
    listen(message) {
      socket.on('data', (chunk: Buffer) => {
        let data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
        for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10)) {
          message(data.subarray(0, end));
          data = data.subarray(end + 1);
        }
        rest = data;
      });
    },
    send(payload) {
      if (!corked) {
        corked = true;
        socket.cork();
        setImmediate(() => {
          corked = false;
          socket.uncork();
        });
      }
      socket.write(payload);
      socket.write('\n');
    },
    end: () => socket.destroy(),
  };
}

/** Opens the driver's port, which answers every `ended` with a `run`. */
export async function openDriver(way: Way): Promise<{ port: number; key: string; close(): void }> {
  const key = randomBytes(32);
  if (way === 'channel') {
    const port = await Port.listen({
      host,
      port: 0,
      key,
      openStore: false,
      log: (_level, text) => console.error(text),
      onChannel: (connection) => connection.listen({ message: () => connection.send(run), close() {} }),
      onStore: (stream) => stream.destroy(),
    });
    return { port: port.port, key: key.toString('hex'), close: () => port.close() };
  }
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    const line = bareLine(socket);
    line.listen(() => line.send(run));
  });
  await new Promise<void>((listening) => server.listen({ host, port: 0, backlog: 1024 }, listening));
  return { port: (server.address() as AddressInfo).port, key: '', close: () => server.close() };
}

async function join({ way, port, key }: Order): Promise<Line> {
  if (way === 'channel') {
    const connection = await connectChannel([{ host, port }], Buffer.from(key, 'hex'), 30_000);
    return {
      listen: (message) =>
        connection.listen({
          message,
          close(problem) {
            if (problem !== undefined) throw new Error(problem);
          },
        }),
      send: (payload) => connection.send(payload),
      end: () => connection.destroy(),
    };
  }
  const socket = connect({ host, port, noDelay: true });
  await new Promise((connected) => socket.once('connect', connected));
  return bareLine(socket);
}

/** Connects the engines, waits to be told to go, and measures. */
export async function runEngines(order: Order, go: () => Promise<void>): Promise<Measured> {
  const lines: Line[] = [];
  // A few at a time, as contexts start them.
  while (lines.length < order.engines) {
    const some = Math.min(20, order.engines - lines.length);
    lines.push(...(await Promise.all(Array.from({ length: some }, () => join(order)))));
  }
  await go();
  const before = bytesThrough();
  const start = performance.now();
  let [toSend, toCome] = [order.messages, order.messages];
  await new Promise<void>((done) => {
    for (const line of lines) {
      line.listen(() => {
        if (toSend-- > 0) line.send(ended);
        if (--toCome === 0) done();
      });
    }
    for (let slot = 0; slot < slots; slot++) for (const line of lines) if (toSend-- > 0) line.send(ended);
  });
  const seconds = (performance.now() - start) / 1000;
  const bytes = bytesThrough() - before;
  for (const line of lines) line.end();
  return { seconds, bytes };
}

/** What one message and its answer have in payload. */
export const payloadBytes = ended.length + run.length;

/** Bytes that this process has read and written; Linux counts sockets too. */
function bytesThrough(): number {
  const text = readFileSync('/proc/self/io', 'latin1');
  const count = (name: string): number => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(text)?.[1]);
  return count('rchar') + count('wchar');
}
