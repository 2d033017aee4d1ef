/**
 * A client of the store over any stream, for programs in TypeScript. Runs in the program that uses it.
 *
 * Requests go out in the order of the calls; the next one that has a reply is sent when the last reply is there, since a
 * request would take the place of one that waits. Puts do not wait for that.
 *
 * A wait that is given up is never just forgotten: the value may be on its way. An echo is asked for, which takes the place
 * of the wait, or comes after the value; so either the wait fails and has taken nothing, or its value comes after all.
 *
 *   get k ─► … ─► given up ─► echo ─┬─► reply: echo          the get has not happened
 *                                   └─► reply: value, echo   it has
 */

import { randomBytes } from 'node:crypto';
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
  ownKeyPrefix,
  parseLength,
  wordBytes,
} from './protocol.ts';

/** A key: text, of which the UTF-8 bytes are meant, or bytes. */
export type Key = string | Uint8Array;

export interface ClientValue {
  readonly encoding: string;
  readonly value: Buffer;
}

/** A request that has a reply. */
interface Ask {
  readonly request: Buffer;
  /** Bytes before the length. */
  readonly encodingBytes: 0 | typeof wordBytes;
  readonly signal: AbortSignal | undefined;
  /** Whether an echo was sent after it, since nobody wants its reply any more. */
  givenUp: boolean;
  resolve(value: ClientValue): void;
  reject(error: unknown): void;
}

export class StoreClient {
  /** What the names of keys begin with that are this client's alone, and go with it. */
  readonly ownKey: ByteString;
  private readonly stream: Duplex;
  private readonly echo: Buffer;
  /** Requests whose replies are to come: one, or one that was given up and its echo. */
  private readonly sent: Ask[] = [];
  private readonly queued: Ask[] = [];
  private readonly closed: Promise<void>;
  private pieces: Buffer[] = [];
  private pieceBytes = 0;
  /** Bytes of the reply, when its head has been read. */
  private body: { readonly encoding: string; readonly bytes: number } | undefined;
  private gone: Error | undefined;

  /** @param stream - a connection that is open */
  constructor(stream: Duplex) {
    this.stream = stream;
    this.ownKey = asBytes(ownKeyPrefix + randomBytes(8).toString('hex'));
    this.echo = Buffer.concat([
      // Events on monitor keys are told to nobody, so that an echo is not seen by others.
      encodeMonitor(this.ownKey, asBytes(':')),
      encodePutHeader(this.ownKey, encodingOf('ASTR'), this.ownKey.length),
      Buffer.from(this.ownKey, 'latin1'),
      encodeRequest('get_', this.ownKey),
    ]);
    this.closed = new Promise((resolve) => stream.once('close', resolve));
    stream.on('data', (chunk: Buffer) => this.read(chunk));
    stream.on('error', (error) => this.fail(error));
    stream.on('close', () => this.fail(new Error('the store closed the connection')));
  }

  /** Connects to a store. @throws the system's error, or an AbortError for the signal */
  static connect(host: string, port: number, signal?: AbortSignal): Promise<StoreClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      const stop = (): void => void socket.destroy(signal?.reason as Error);
      socket.once('error', reject);
      socket.once('close', () => signal?.removeEventListener('abort', stop));
      signal?.addEventListener('abort', stop);
      if (signal?.aborted === true) stop();
      socket.once('connect', () => {
        socket.off('error', reject);
        signal?.removeEventListener('abort', stop);
        resolve(new StoreClient(socket));
      });
    });
  }

  /**
   * Adds a value to a key; done when the system has taken it. That it is in the store is known after `obeyed`.
   *
   * @param encoding - four bytes
   */
  put(key: Key, value: string | Uint8Array, encoding = 'ASTR'): Promise<void> {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    return this.write(encodePutHeader(keyOf(key), encodingOf(encoding), bytes.length), bytes);
  }

  /**
   * Takes the oldest value of a key; waits for one.
   *
   * @param signal - gives the wait up. The promise then fails with its reason, and nothing was taken; or it brings the
   *   value, if the store had given it by then
   */
  get(key: Key, signal?: AbortSignal): Promise<ClientValue> {
    return this.ask(encodeRequest('get_', keyOf(key)), wordBytes, signal);
  }

  /** The newest value of a key, which stays; waits for one. @param signal - gives the wait up, as that of get */
  view(key: Key, signal?: AbortSignal): Promise<ClientValue> {
    return this.ask(encodeRequest('view', keyOf(key)), wordBytes, signal);
  }

  /** Done when the store has obeyed all that was asked of it before: then the puts are there, and we are let in. */
  async obeyed(): Promise<void> {
    await this.ask(this.echo, wordBytes);
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

  /** Asks for the end of the store. Done when the connection is closed. */
  async down(): Promise<void> {
    await this.write(encodeRequest('down'));
    this.stream.end();
    await this.closed;
  }

  /** Says goodbye and closes. A wait fails. */
  close(): void {
    if (!this.stream.destroyed) this.stream.end(encodeRequest('clos'));
  }

  /** Closes without a word: all that waits fails at once. */
  destroy(): void {
    this.stream.destroy();
  }

  private ask(request: Buffer, encodingBytes: Ask['encodingBytes'], signal?: AbortSignal): Promise<ClientValue> {
    return new Promise((resolve, reject) => {
      if (this.gone !== undefined) throw this.gone;
      signal?.throwIfAborted();
      const onAbort = (): void => this.giveUp(ask);
      const ended = (): void => signal?.removeEventListener('abort', onAbort);
      const ask: Ask = {
        ...{ request, encodingBytes, signal, givenUp: false },
        resolve: (value) => {
          ended();
          resolve(value);
        },
        reject: (error) => {
          ended();
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort);
      this.queued.push(ask);
      this.sendNext();
    });
  }

  private sendNext(): void {
    if (this.sent.length > 0) return;
    const next = this.queued.shift();
    if (next === undefined) return;
    this.sent.push(next);
    this.write(next.request).catch((error: unknown) => this.fail(error as Error));
  }

  private giveUp(ask: Ask): void {
    const at = this.queued.indexOf(ask);
    if (at >= 0) {
      this.queued.splice(at, 1);
      ask.reject(ask.signal?.reason);
      return;
    }
    if (ask.givenUp) return;
    ask.givenUp = true;
    const echo: Ask = {
      ...{ request: this.echo, encodingBytes: wordBytes, signal: undefined, givenUp: false },
      resolve: () => {},
      reject: () => {},
    };
    this.sent.push(echo);
    this.write(this.echo).catch((error: unknown) => this.fail(error as Error));
  }

  private write(...parts: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.gone !== undefined) throw this.gone;
      this.stream.cork();
      for (const part of parts.slice(0, -1)) this.stream.write(part);
      this.stream.write(parts.at(-1), (error) => {
        if (error === null || error === undefined) resolve();
        else reject(error);
      });
      this.stream.uncork();
    });
  }

  private read(chunk: Buffer): void {
    this.pieces.push(chunk);
    this.pieceBytes += chunk.length;
    for (;;) {
      const [ask] = this.sent;
      if (ask === undefined) {
        if (this.pieceBytes > 0) this.fail(new Error('the store sent what was not asked for'));
        return;
      }
      if (this.body === undefined && !this.readHead(ask)) return;
      const { encoding, bytes } = this.body as { encoding: string; bytes: number };
      if (this.pieceBytes < bytes) return;
      this.body = undefined;
      this.answer(ask, { encoding, value: this.taken(bytes) });
    }
  }

  /** @returns whether it is there */
  private readHead({ encodingBytes }: Ask): boolean {
    const head = encodingBytes + lengthBytes;
    if (this.pieceBytes < head) return false;
    const data = this.taken(head);
    const bytes = parseLength(data.toString('latin1', encodingBytes));
    if (bytes === undefined) {
      this.fail(new Error('the store sent what is no reply'));
      return false;
    }
    this.body = { encoding: data.toString('latin1', 0, encodingBytes), bytes };
    return true;
  }

  private answer(ask: Ask, reply: ClientValue): void {
    this.sent.shift();
    if (ask.givenUp && this.isEcho(reply)) {
      // The wait was replaced: this is the reply to what was sent after it.
      this.sent.shift();
      ask.reject(ask.signal?.reason);
    } else {
      ask.resolve(reply);
    }
    this.sendNext();
  }

  private isEcho({ value }: ClientValue): boolean {
    return value.length === this.ownKey.length && value.toString('latin1') === this.ownKey;
  }

  /** Takes so many of the bytes that have come. */
  private taken(bytes: number): Buffer {
    const all = this.pieces.length === 1 ? (this.pieces[0] as Buffer) : Buffer.concat(this.pieces);
    this.pieces = [all.subarray(bytes)];
    this.pieceBytes -= bytes;
    return all.subarray(0, bytes);
  }

  private fail(error: Error): void {
    this.gone ??= error;
    this.stream.destroy();
    for (const ask of [...this.sent.splice(0), ...this.queued.splice(0)]) ask.reject(error);
  }
}

function keyOf(key: Key): ByteString {
  return typeof key === 'string' ? bytesOfText(key) : ofArray(key);
}
