/**
 * Both sides of a port for tests: a port that notes who came, channels that note what came, raw clients.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import { connectChannel } from '../../src/channel/connect.ts';
import type { Connection } from '../../src/channel/connection.ts';
import { Port, type PortOptions } from '../../src/channel/port.ts';
import { until } from '../support/run-disbatch.ts';

export const here = '127.0.0.1';

/** A port, who came to it, and its log. */
export interface OpenPort {
  readonly port: Port;
  readonly key: Buffer;
  readonly channels: Ear[];
  readonly stores: Duplex[];
  readonly log: string[];
}

/** What a connection has heard. */
export interface Ear {
  readonly connection: Connection;
  readonly messages: string[];
  /** The end: its problem in a list, empty until then. */
  readonly closed: (string | undefined)[];
}

/** Listens to a connection. @param answer - what to do with a message besides noting it */
export function hear(connection: Connection, answer?: (payload: Buffer) => void): Ear {
  const ear: Ear = { connection, messages: [], closed: [] };
  connection.listen({
    message(payload) {
      ear.messages.push(payload.toString());
      answer?.(payload);
    },
    close: (problem) => ear.closed.push(problem),
  });
  onTestFinished(() => connection.destroy());
  return ear;
}

/** Opens a port whose channels send everything back. */
export async function openPort(options: Partial<PortOptions> = {}): Promise<OpenPort> {
  const key = randomBytes(32);
  const log: string[] = [];
  const channels: Ear[] = [];
  const stores: Duplex[] = [];
  const port = await Port.listen({
    host: undefined,
    port: 0,
    key,
    openStore: false,
    log: (level, text) => log.push(`${level} ${text}`),
    onChannel: (connection) => channels.push(hear(connection, (payload) => connection.send(payload))),
    onStore(stream) {
      stores.push(stream);
      stream.on('error', () => {});
    },
    ...options,
  });
  onTestFinished(() => {
    port.close();
    for (const stream of stores) stream.destroy();
  });
  return { port, key, channels, stores, log };
}

/** A channel to the port. */
export async function join({ port, key }: OpenPort): Promise<Ear> {
  return hear(await connectChannel([{ host: here, port: port.port }], key, 20_000));
}

/** Sends a message and waits for it to come back. */
export async function echo(ear: Ear, text: string): Promise<void> {
  ear.connection.send(Buffer.from(text));
  await until(`"${text}" comes back`, () => ear.messages.at(-1) === text || ear.closed.length > 0);
  if (ear.closed.length > 0) throw new Error(`the channel closed: ${ear.closed[0]}`);
}

/** A bare socket to a port. */
export async function knock(port: number, host = here): Promise<Socket> {
  const socket = connect(port, host);
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  return socket;
}

/** Whether the other side has closed the socket. Reads, and drops what it reads. */
export function isClosed(socket: Socket): () => boolean {
  let closed = socket.destroyed;
  socket.resume();
  socket.on('end', () => (closed = true));
  socket.on('close', () => (closed = true));
  return () => closed;
}

/** The user and group that nobody's files belong to. */
const nobody = 65534;

/** Skips the test where it cannot become another user. */
export function skipUnlessRoot(ctx: { skip(note?: string): never }): void {
  if (process.getuid?.() !== 0) ctx.skip('only root can act as another user of the host');
}

/** Runs JavaScript as another user. @returns the process, and what it has printed */
export function asNobody(script: string): { readonly child: ChildProcess; readonly said: () => string } {
  const child = spawn(process.execPath, ['-e', script], {
    uid: nobody,
    gid: nobody,
    cwd: '/',
    env: {},
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return { child, said: () => said };
}
