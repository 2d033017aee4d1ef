/**
 * The one port of a driver: who connects is told apart and let in, or turned away. Knows nothing of what is said later.
 *
 *   accepted ─► whose? ─► first byte ─┬─ that of TLS ─► handshake ─► channel, or store
 *                                     └─ another: the plain protocol ─► store, for those it is open to
 *
 * Always true: until somebody is known, it holds a bounded place for a bounded time, whatever it sends or does not send.
 * Only a silent client of the same user on the same host may take as long as it likes.
 */

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '../base/log.ts';
import { Connection } from './connection.ts';
import { PeerChecks } from './peer-checks.ts';
import { isHangUp, reasonOf } from './reasons.ts';
import { Refusals } from './refusals.ts';
import { Guard, keepAliveInitialDelay, storeGreeting, tlsFirstByte } from './security.ts';
import { Strangers } from './strangers.ts';

export interface PortOptions {
  /** The address to listen on; undefined: all of this host. */
  readonly host: string | undefined;
  /** 0: any that is free. */
  readonly port: number;
  /** 32 random bytes. */
  readonly key: Buffer;
  /** Whether plain clients from anywhere are let in, whoever they are. */
  readonly openStore: boolean;
  readonly log: Logger;
  onChannel(connection: Connection): void;
  /** A client of the plain protocol: a local one of the same user, or somebody with the key. Nothing of it has been read. */
  onStore(stream: Duplex): void;
}

/** From the system's accept to the end of the handshake. */
const strangerMs = 5000;

/**
 * How many may be on their way in at a time. Many engines that start at once are all on their way for a moment; who is
 * dropped then tries again (connect.ts).
 */
const maxStrangers = 256;

/** How many connections the system holds until they are accepted. */
const backlog = 1024;

export class Port {
  /** The port's number. */
  readonly port: number;
  private readonly server: Server;
  private readonly options: PortOptions;
  private readonly refusals: Refusals;
  private readonly strangers = new Strangers(maxStrangers, strangerMs, (socket, why) => this.dismiss(socket, why));
  private readonly checks = new PeerChecks((socket, isOwn) => this.identify(socket, isOwn));
  private readonly newcomers = new Map<Socket, Newcomer>();
  private guard: Guard | undefined;

  /** @throws (rejects with) the system's error when the port cannot be had */
  static listen(options: PortOptions): Promise<Port> {
    const server = createServer({
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay,
      pauseOnConnect: true,
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: options.port, host: options.host, backlog }, () => {
        server.off('error', reject);
        resolve(new Port(options, server));
      });
    });
  }

  private constructor(options: PortOptions, server: Server) {
    this.options = options;
    this.server = server;
    this.refusals = new Refusals(options.log);
    this.port = (server.address() as AddressInfo).port;
    // It goes on by itself when there is room for connections again; said once, since it may be said very often.
    server.once('error', (error) => {
      options.log('ERROR', `the port does not take all connections: ${reasonOf(error)}`);
      server.on('error', ignore);
    });
    server.on('connection', (socket) => this.arrive(socket));
  }

  /** Lets nobody in any more. Those who are in stay. */
  close(): void {
    this.server.close();
    this.checks.close();
    this.strangers.close();
    for (const socket of [...this.newcomers.keys()]) socket.destroy();
    this.refusals.close();
  }

  private arrive(socket: Socket): void {
    socket.on('error', ignore);
    // Who has hung up by now has no address either.
    if (socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const newcomer: Newcomer = {
      isOwn: undefined,
      firstByte: undefined,
      watch: () => this.firstBytes(socket, newcomer),
      // A connection that is open in one direction alone does not close by itself.
      hungUp: () => socket.destroy(),
    };
    this.newcomers.set(socket, newcomer);
    socket.once('close', () => this.leave(socket));
    socket.on('readable', newcomer.watch);
    socket.once('end', newcomer.hungUp);
    // Nobody is crowded out who would turn out to be of the same user. One look answers for all who wait, so that a flood
    // does not cause one for each.
    const oldest = this.strangers.nextToGo;
    if (oldest !== undefined && this.checks.isOpen(oldest)) this.checks.answerAll();
    this.strangers.add(socket);
    this.checks.ask(socket);
  }

  private identify(socket: Socket, isOwn: boolean): void {
    const newcomer = this.newcomers.get(socket);
    if (newcomer === undefined) return;
    newcomer.isOwn = isOwn;
    if (newcomer.firstByte !== undefined) this.plain(socket, isOwn);
    else if (isOwn) this.strangers.remove(socket);
  }

  private firstBytes(socket: Socket, newcomer: Newcomer): void {
    const bytes = socket.read() as Buffer | null;
    if (bytes === null) return;
    socket.off('readable', newcomer.watch);
    socket.off('end', newcomer.hungUp);
    socket.unshift(bytes);
    newcomer.firstByte = bytes[0];
    if (newcomer.firstByte === tlsFirstByte) this.handshake(socket, newcomer);
    else if (newcomer.isOwn !== undefined) this.plain(socket, newcomer.isOwn);
  }

  private plain(socket: Socket, isOwn: boolean): void {
    if (isOwn || this.options.openStore) this.letIntoStore(socket);
    else this.refuse(socket, 'it is a plain client, and not of this user on this host');
  }

  private letIntoStore(socket: Socket): void {
    this.leave(socket);
    socket.off('error', ignore);
    this.options.onStore(socket);
  }

  /** It is in, refused or gone: none of the port's business any more. */
  private leave(socket: Socket): void {
    this.newcomers.delete(socket);
    this.strangers.remove(socket);
    this.checks.forget(socket);
  }

  private handshake(socket: Socket, newcomer: Newcomer): void {
    this.checks.forget(socket);
    if (newcomer.isOwn === true) this.strangers.add(socket);
    this.guard ??= new Guard(this.options.key, {
      secured: (stream, purpose) => {
        this.strangers.removeUnder(stream);
        if (purpose === 'store') {
          stream.write(storeGreeting);
          this.options.onStore(stream);
        } else {
          this.options.onChannel(Connection.welcome(stream, addressOf(stream)));
        }
      },
      failed: (stream, error) => {
        // Of who was dismissed the reason has been told, and who hangs up was not refused.
        const wasThere = this.strangers.removeUnder(stream);
        if (wasThere && !isHangUp(error)) this.refusals.note(reasonOf(error), addressOf(stream));
      },
    });
    this.newcomers.delete(socket);
    this.guard.accept(socket);
  }

  /** A stranger has had its time, or others need its place. */
  private dismiss(socket: Socket, why: 'late' | 'crowded out'): void {
    const newcomer = this.newcomers.get(socket);
    if (this.options.openStore && newcomer !== undefined) {
      // A plain client that waits before it speaks is welcome here: from now on the store's own limits hold.
      socket.off('readable', newcomer.watch);
      socket.off('end', newcomer.hungUp);
      this.letIntoStore(socket);
      return;
    }
    this.refuse(socket, why === 'late' ? 'it did not say in time who it is' : 'too many are on their way in');
  }

  private refuse(socket: Socket, why: string): void {
    this.leave(socket);
    this.refusals.note(why, addressOf(socket));
    socket.destroy();
  }
}

/** Somebody who has connected and whose handshake has not begun. */
interface Newcomer {
  /** Whether it is of the same user on this host; undefined until that is known. */
  isOwn: boolean | undefined;
  /** Undefined until it has spoken. */
  firstByte: number | undefined;
  /** What waits for its first bytes, and for its end before it has said anything. */
  readonly watch: () => void;
  readonly hungUp: () => void;
}

/** An address as people write it: an IPv4 one not in the form that an IPv6 socket gives it. */
function addressOf({ remoteAddress }: Socket): string {
  return remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/, '') ?? 'an unknown address';
}

function ignore(): void {}
