/**
 * The store of the run as tasks on this host reach it: a port on loopback, each connection of which goes on to the driver
 * through TLS. In the engine's process.
 *
 *   task ── plain ──► relay on 127.0.0.1 ── TLS with the run's key ──► driver's port ──► store
 *
 * Always true: only processes of the same user on this host are let in, for whoever is in can change the store.
 */

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Logger } from '../base/log.ts';
import { connectStore, type Address } from '../channel/connect.ts';
import { isOwnUser } from '../channel/peer-user.ts';

/** How long the driver may take to answer a task that wants the store. */
const connectMs = 30_000;
/** Connections at a time: a mistake in a task must not use up the driver's. */
const maxConnections = 1024;

export class StoreRelay {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  /** @throws (rejects with) the system's error when no port can be had */
  static open(addresses: readonly Address[], key: Buffer, log: Logger): Promise<StoreRelay> {
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true, allowHalfOpen: true });
      server.maxConnections = maxConnections;
      const relay = new StoreRelay(server);
      let told = false;
      server.on('connection', (socket) => {
        socket.on('error', () => {});
        if (!isOwnUser(socket)) {
          if (!told)
            log('WARNING', 'another user of this host, or none that is known, wanted the store and is turned away');
          told = true;
          socket.destroy();
          return;
        }
        relay.sockets.add(socket);
        socket.once('close', () => relay.sockets.delete(socket));
        connectStore(addresses, key, connectMs).then(
          (stream) => {
            // Each side's end ends the other; an error on one is the end of both.
            pipeline(socket, stream, () => {});
            pipeline(stream, socket, () => {});
          },
          (error: Error) => {
            log('WARNING', `a task wanted the store: ${error.message}`);
            socket.destroy();
          },
        );
      });
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', port: 0 }, () => {
        server.off('error', reject);
        server.on('error', () => {});
        resolve(relay);
      });
    });
  }

  private constructor(server: Server) {
    this.server = server;
  }

  /** HOST:PORT for tasks. */
  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
