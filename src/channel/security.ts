/**
 * Who is on the other side: TLS 1.3 with a pre-shared key, on both sides of a channel.
 *
 * Always true: both ends prove that they have the key within the handshake, and nothing is parsed before it is over. There
 * are no certificates: none is shown, and none is accepted. What the connection is for is the identity that the handshake
 * binds to the key. Secrets are compared by OpenSSL alone, in constant time. `tls` is loaded with the first handshake,
 * since most runs have none.
 */

import type { Socket } from 'node:net';
import type tls from 'node:tls';
import type { Server, TLSSocket } from 'node:tls';

/** What a connection is for: the messages of a channel, or the plain protocol of the store. */
export type Purpose = 'channel' | 'store';

/** The length of a key in bytes. */
export const keyBytes = 32;

/** How long nothing has come, in ms, when the system begins to ask whether the other host is still there. */
export const keepAliveInitialDelay = 60_000;

/**
 * The first byte to a client of the store that comes through TLS: in TLS 1.3 it believes itself secure before it has been let
 * in, so it waits for this.
 */
export const storeGreeting = Buffer.from([6]);

/** The first byte of a TLS connection: a handshake record. */
export const tlsFirstByte = 0x16;

/** The version of the frames is part of it, so that another version is refused in the handshake. */
const identities: Readonly<Record<Purpose, string>> = { channel: 'channel-1', store: 'store-1' };

/** The key exchange is ephemeral: who learns the key later cannot read what was recorded before. */
const protocol = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  // The one suite for which OpenSSL takes a key from a callback.
  ciphers: 'TLS_AES_128_GCM_SHA256',
} as const;

function checkKey(key: Buffer): void {
  if (key.length !== keyBytes) throw new Error(`a key has ${keyBytes} bytes, this one has ${key.length}`);
}

/** The two outcomes of a handshake at the port. */
export interface Handshakes {
  secured(stream: TLSSocket, purpose: Purpose): void;
  failed(stream: TLSSocket, error: Error): void;
}

/** The port's side: what `accept`s a socket whose first byte is that of TLS, put back. */
export class Guard {
  private readonly server: Server;

  constructor(key: Buffer, handshakes: Handshakes) {
    checkKey(key);
    const purposes = new WeakMap<TLSSocket, Purpose>();
    this.server = loadTls().createServer({
      ...protocol,
      pskCallback(stream, identity) {
        const purpose = (Object.keys(identities) as Purpose[]).find((name) => identities[name] === identity);
        if (purpose === undefined) return null;
        purposes.set(stream, purpose);
        return key;
      },
    });
    this.server.on('secureConnection', (stream: TLSSocket) => {
      const purpose = purposes.get(stream);
      // A session of old that is taken up again has not shown the key: no callback was asked.
      if (purpose === undefined) stream.destroy();
      else handshakes.secured(stream, purpose);
    });
    this.server.on('tlsClientError', (error, stream) => handshakes.failed(stream, error));
  }

  accept(socket: Socket): void {
    this.server.emit('connection', socket);
  }
}

/** The other side: makes a connected socket secure. Its `secureConnect` says that the peer has the key; else `error`. */
export function secure(socket: Socket, purpose: Purpose, key: Buffer): TLSSocket {
  checkKey(key);
  return loadTls().connect({
    ...protocol,
    socket,
    pskCallback: () => ({ identity: identities[purpose], psk: key }),
    // A peer without the key may show a certificate instead. No authority is trusted, and the check always fails: it is
    // only made where the key was not used.
    ca: [],
    checkServerIdentity: () => new Error('it does not have the key'),
  });
}

/** Bundlers leave this alone, and it does not wait, unlike an import(). */
function loadTls(): Pick<typeof tls, 'connect' | 'createServer'> {
  return process.getBuiltinModule('node:tls');
}
