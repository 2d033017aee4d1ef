/**
 * Connects to a port that is known by several addresses: whichever answers first and has the key. Runs where engines and
 * relays do.
 *
 * The next address is tried when one fails, or has not answered for a moment: an address may lead to nothing, or to another
 * machine that has the same one. A port that hangs up in the handshake is busy with others, and is tried again.
 */

import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { Connection } from './connection.ts';
import { isHangUp, reasonOf } from './reasons.ts';
import { keepAliveInitialDelay, type Purpose, secure, storeGreeting } from './security.ts';

/** Where a port is. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** How long an address has before the next is tried beside it. */
const staggerMs = 500;

/** How often an address is tried that hangs up in the handshake, and the longest first pause. */
const maxTries = 6;
const firstPauseMs = 200;

/**
 * A channel to the port at one of the addresses.
 *
 * @param timeoutMs - for everything together
 * @throws (rejects with) an Error of one sentence that names each address and what was wrong there
 */
export async function connectChannel(
  addresses: readonly Address[],
  key: Buffer,
  timeoutMs: number,
): Promise<Connection> {
  const { stream, address } = await connectFirst('channel', addresses, key, timeoutMs);
  return new Connection(stream, nameOf(address));
}

/** A connection in the plain protocol of the store, through TLS. Parameters and errors are those of `connectChannel`. */
export async function connectStore(addresses: readonly Address[], key: Buffer, timeoutMs: number): Promise<Duplex> {
  return (await connectFirst('store', addresses, key, timeoutMs)).stream;
}

interface Connected {
  readonly stream: TLSSocket;
  readonly address: Address;
}

function connectFirst(
  purpose: Purpose,
  addresses: readonly Address[],
  key: Buffer,
  timeoutMs: number,
): Promise<Connected> {
  return new Promise((resolve, reject) => {
    const attempts: Attempt[] = [];
    let staggered: NodeJS.Timeout | undefined;
    const settle = (): void => {
      clearTimeout(staggered);
      clearTimeout(timeout);
      for (const attempt of attempts) attempt.cancel();
    };
    const giveUp = (): void => {
      const reasons = addresses.map((address, i) => `${nameOf(address)} (${attempts[i]?.problem ?? 'not tried'})`);
      settle();
      reject(new Error(`Cannot connect to ${reasons.join(', ') || 'anything: no address is given'}.`));
    };
    const timeout = setTimeout(giveUp, timeoutMs);
    const tryNext = (): void => {
      clearTimeout(staggered);
      const address = addresses[attempts.length];
      if (address === undefined) {
        if (attempts.every(({ over }) => over)) giveUp();
        return;
      }
      staggered = setTimeout(tryNext, staggerMs);
      const attempt = new Attempt(address, purpose, key, {
        success(stream) {
          // What is won must not be cancelled with the others.
          attempts.splice(attempts.indexOf(attempt), 1);
          settle();
          resolve({ stream, address });
        },
        failure: tryNext,
      });
      attempts.push(attempt);
      attempt.start();
    };
    tryNext();
  });
}

interface AttemptEvents {
  success(stream: TLSSocket): void;
  failure(): void;
}

/** One address: a connection, the handshake, and again when the port hung up on us. */
class Attempt {
  over = false;
  /** What is wrong so far; for an attempt that goes on, that nothing has come of it. */
  problem = 'no answer in time';
  private readonly address: Address;
  private readonly purpose: Purpose;
  private readonly key: Buffer;
  private readonly events: AttemptEvents;
  private tries = 0;
  private socket: Socket | undefined;
  private pause: NodeJS.Timeout | undefined;

  constructor(address: Address, purpose: Purpose, key: Buffer, events: AttemptEvents) {
    this.address = address;
    this.purpose = purpose;
    this.key = key;
    this.events = events;
  }

  start(): void {
    this.tries++;
    const { host, port } = this.address;
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay });
    const failed = (error: Error): void => this.fail(reasonOf(error), isHangUp(error));
    this.watch(socket).once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      const stream = secure(socket, this.purpose, this.key);
      const closed = (): void => this.fail('it hung up', true);
      this.watch(stream).once('error', failed).once('close', closed);
      // We are in when the port says so: until then it may still turn us away, and the end of the stream is readable too.
      const connected = (): void => {
        if (stream.readableLength === 0) return;
        stream.off('error', failed).off('close', closed).off('readable', connected);
        // What a channel begins with is a frame of its own; in the store's protocol this byte is none of the store's.
        if (this.purpose === 'store') stream.read(storeGreeting.length);
        this.over = true;
        this.events.success(stream);
      };
      stream.on('readable', connected);
    });
  }

  cancel(): void {
    this.over = true;
    clearTimeout(this.pause);
    this.socket?.destroy();
  }

  /** Takes a socket as the one that counts. One that is being destroyed may still report an error, which is no news. */
  private watch<S extends Socket>(socket: S): S {
    this.socket = socket;
    socket.on('error', () => {});
    return socket;
  }

  private fail(problem: string, again: boolean): void {
    // Of one try both its error and its end are heard.
    if (this.over || this.socket === undefined) return;
    this.problem = problem;
    const socket = this.socket;
    this.socket = undefined;
    socket.destroy();
    if (again && this.tries < maxTries) {
      // At random, so that many who were turned away together do not come back together.
      this.pause = setTimeout(() => this.start(), Math.random() * firstPauseMs * 2 ** (this.tries - 1));
      return;
    }
    this.over = true;
    this.events.failure();
  }
}

function nameOf({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
