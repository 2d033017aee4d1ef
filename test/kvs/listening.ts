/** A store that listens on loopback, and raw connections to it. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { LogLevel } from '../../src/base/log-level.ts';
import { StoreClient } from '../../src/kvs/client.ts';
import { StoreServer, type StoreOptions } from '../../src/kvs/server.ts';
import { testFolder, until } from '../support/run-disbatch.ts';

export interface Listening {
  readonly server: StoreServer;
  readonly port: number;
  readonly logged: readonly { readonly level: LogLevel; readonly text: string }[];
}

/** Starts a store; the test's end ends it. */
export async function listening(options: Partial<StoreOptions> = {}): Promise<Listening> {
  const logged: { level: LogLevel; text: string }[] = [];
  const server = new StoreServer({
    folder: testFolder(),
    log: (level, text) => logged.push({ level, text }),
    ...options,
  });
  const sockets = createServer({ allowHalfOpen: true }, (socket) => server.serve(socket));
  sockets.listen({ port: 0, host: '127.0.0.1', backlog: 2000 });
  await once(sockets, 'listening');
  onTestFinished(async () => {
    sockets.close();
    await server.close();
  });
  return { server, port: (sockets.address() as AddressInfo).port, logged };
}

/** A client of it, closed at the test's end. */
export async function clientOf({ port }: Listening): Promise<StoreClient> {
  const client = await StoreClient.connect('127.0.0.1', port);
  onTestFinished(() => client.close());
  return client;
}

/** A connection that speaks bytes. */
export class RawClient {
  readonly socket: Socket;
  private received = Buffer.alloc(0);

  private constructor(socket: Socket, reads: boolean) {
    this.socket = socket;
    socket.on('error', () => {});
    if (reads) this.startReading();
  }

  /** @param reads - whether it reads what comes, from the beginning */
  static async to({ port }: Listening, reads = true): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    onTestFinished(() => {
      socket.destroy();
    });
    return new RawClient(socket, reads);
  }

  startReading(): void {
    this.socket.on('data', (chunk) => (this.received = Buffer.concat([this.received, chunk])));
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** The next so many bytes that come. */
  async bytes(count: number): Promise<Buffer> {
    await until(`${count} bytes have come`, () => this.received.length >= count);
    const taken = this.received.subarray(0, count);
    this.received = this.received.subarray(count);
    return taken;
  }

  /** What has come and was not taken. */
  get unread(): Buffer {
    return this.received;
  }

  /** Waits until the store has obeyed everything that was sent: the reply to a dump comes after it. */
  async obeyed(): Promise<void> {
    this.send('dump');
    const length = Number((await this.bytes(10)).toString('latin1'));
    await this.bytes(length);
  }

  async closed(): Promise<void> {
    await until('the connection is closed', () => this.socket.closed);
  }
}

const counted = (text: string): string => String(Buffer.byteLength(text, 'latin1')).padStart(10) + text;

/** Requests as bytes, one a character. */
export const request = {
  put: (key: string, value: string, encoding = 'ASTR') => `put_${counted(key)}${encoding}${counted(value)}`,
  get: (key: string) => `get_${counted(key)}`,
  view: (key: string) => `view${counted(key)}`,
  mkey: (monitorKey: string, watch: string) => `mkey${counted(monitorKey)}${counted(watch)}`,
};

/** The reply with a value. */
export function reply(value: string, encoding = 'ASTR'): string {
  return encoding + counted(value);
}
