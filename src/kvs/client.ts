/**
 * A client of the store over any stream, for programs in TypeScript. Runs in the program that uses it.
 *
 * Requests go out in the order of the calls; the next one that has a reply is sent when the last reply is there, since a
 * request would take the place of one that waits. Puts do not wait for that.
 */

import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { asBytes, bytesOfText, ofArray, type ByteString } from '../base/byte-string.ts';
import { parseDump, type Dump } from './dump.ts';
import {
  encodeMonitor,
  encodePutHeader,
  encodeRequest,
  encodingOf,
  lengthBytes,
  parseLength,
  wordBytes,
} from './protocol.ts';

/** A key: text, of which the UTF-8 bytes are meant, or bytes. */
export type Key = string | Uint8Array;

export interface ClientValue {
  readonly encoding: string;
  readonly value: Buffer;
}

interface Reply {
  /** Bytes before the length. */
  readonly encodingBytes: 0 | typeof wordBytes;
  resolve(value: ClientValue): void;
  reject(error: Error): void;
}

export class StoreClient {
  private readonly stream: Duplex;
  private expected: Reply | undefined;
  /** The last request that has a reply. Does not fail. */
  private last: Promise<void> = Promise.resolve();
  private pieces: Buffer[] = [];
  private pieceBytes = 0;
  /** Bytes of the reply, when its head has been read. */
  private body: { readonly encoding: string; readonly bytes: number } | undefined;
  private gone: Error | undefined;

  /** @param stream - a connection that is open */
  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on('data', (chunk: Buffer) => this.read(chunk));
    stream.on('error', (error) => this.fail(error));
    stream.on('close', () => this.fail(new Error('the store closed the connection')));
  }

  /** Connects to a store. @throws the system's error */
  static connect(host: string, port: number): Promise<StoreClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new StoreClient(socket));
      });
    });
  }

  /** Adds a value to a key; done when the system has taken it. @param encoding - four bytes */
  put(key: Key, value: string | Uint8Array, encoding = 'ASTR'): Promise<void> {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    return this.write(encodePutHeader(keyOf(key), encodingOf(encoding), bytes.length), bytes);
  }

  /** Takes the oldest value of a key; waits for one. */
  get(key: Key): Promise<ClientValue> {
    return this.ask(encodeRequest('get_', keyOf(key)), wordBytes);
  }

  /** The newest value of a key, which stays; waits for one. */
  view(key: Key): Promise<ClientValue> {
    return this.ask(encodeRequest('view', keyOf(key)), wordBytes);
  }

  /**
   * Has a key told of events on another.
   *
   * @param key - the watched one; empty for all
   * @param events - letters of `gpvw`: get, put, view, wait
   */
  monitorKey(monitorKey: Key, key: Key, events: string): Promise<void> {
    return this.write(encodeMonitor(keyOf(monitorKey), asBytes(`${keyOf(key)}:${events}`)));
  }

  /** What is in the store. */
  async dump(): Promise<Dump> {
    return parseDump((await this.ask(encodeRequest('dump'), 0)).value);
  }

  /** Asks for the end of the store, and closes. */
  async down(): Promise<void> {
    await this.write(encodeRequest('down'));
    this.stream.end();
  }

  /** Says goodbye and closes. A wait fails. */
  close(): void {
    if (!this.stream.destroyed) this.stream.end(encodeRequest('clos'));
  }

  private ask(request: Buffer, encodingBytes: Reply['encodingBytes']): Promise<ClientValue> {
    const reply = this.last.then(
      () =>
        new Promise<ClientValue>((resolve, reject) => {
          this.expected = { encodingBytes, resolve, reject };
          this.write(request).catch((error: unknown) => this.fail(error as Error));
        }),
    );
    this.last = reply.then(
      () => {},
      () => {},
    );
    return reply;
  }

  private write(...parts: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.gone !== undefined) {
        reject(this.gone);
        return;
      }
      this.stream.write(parts.length === 1 ? parts[0] : Buffer.concat(parts), (error) => {
        if (error === null || error === undefined) resolve();
        else reject(error);
      });
    });
  }

  private read(chunk: Buffer): void {
    this.pieces.push(chunk);
    this.pieceBytes += chunk.length;
    const reply = this.expected;
    if (reply === undefined) {
      this.fail(new Error('the store sent what was not asked for'));
      return;
    }
    if (this.body === undefined) {
      const head = reply.encodingBytes + lengthBytes;
      if (this.pieceBytes < head) return;
      const data = this.taken(head);
      const bytes = parseLength(data.toString('latin1', reply.encodingBytes));
      if (bytes === undefined) {
        this.fail(new Error('the store sent what is no reply'));
        return;
      }
      this.body = { encoding: data.toString('latin1', 0, reply.encodingBytes), bytes };
    }
    if (this.pieceBytes < this.body.bytes) return;
    const { encoding, bytes } = this.body;
    this.body = undefined;
    this.expected = undefined;
    reply.resolve({ encoding, value: this.taken(bytes) });
  }

  /** Takes so many of the bytes that have come. */
  private taken(bytes: number): Buffer {
    const all = Buffer.concat(this.pieces);
    this.pieces = [all.subarray(bytes)];
    this.pieceBytes -= bytes;
    return all.subarray(0, bytes);
  }

  private fail(error: Error): void {
    this.gone ??= error;
    this.stream.destroy();
    this.expected?.reject(error);
    this.expected = undefined;
  }
}

function keyOf(key: Key): ByteString {
  return typeof key === 'string' ? bytesOfText(key) : ofArray(key);
}
