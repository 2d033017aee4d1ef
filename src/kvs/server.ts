/**
 * The store as a whole: clients on streams, and the process that it lives in as a client without a socket.
 *
 * It listens nowhere. Whoever accepts connections, and knows who may come in, hands each to `serve`. What a client does
 * wrong, and what the disk does not do for it, ends that client's connection and nothing else.
 */

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ByteString } from '../base/byte-string.ts';
import type { Logger } from '../base/log.ts';
import { Connection, type ConnectionHost } from './connection.ts';
import { defaultRequestLimits, encodingOf, StoreError, type RequestLimits } from './protocol.ts';
import { Store, type Waiter } from './store.ts';
import type { StoredValue } from './stored-value.ts';
import { ValueKeeper } from './value-keeper.ts';

/** Memory that a value, and a key beside its bytes, needs wherever the value is; about, in bytes. */
const valueCost = 200;
const keyCost = 200;

/** How long a connection may be silent before the system asks whether the other side is still there. */
const keepAliveMs = 60_000;

export interface StoreOptions {
  /** Where the file is made for what does not fit into memory. */
  readonly folder: string;
  readonly log: Logger;
  /** A client asked for the end of the store. Nothing ends by itself but this client's connection. */
  readonly onDown?: () => void;
  /** Bytes of values in memory, all together; 64 MiB. */
  readonly memoryLimit?: number;
  /** Bytes of memory for keys and for where values are; 1 GiB. */
  readonly indexLimit?: number;
  /** Bytes of a key and of a value; 64 KiB and 1 GiB. */
  readonly requestLimits?: RequestLimits;
  /** Connections at the same time; 4096. */
  readonly connectionLimit?: number;
}

/** A value with what it is. The bytes must not be changed. */
export interface Value {
  readonly encoding: ByteString;
  readonly value: Buffer;
}

export class StoreServer {
  /** For looking at: counts, keys, who waits. */
  readonly store: Store<StoredValue>;
  private readonly options: StoreOptions;
  private readonly keeper: ValueKeeper;
  private readonly host: ConnectionHost;
  private readonly connections = new Map<Duplex, Promise<void>>();
  /** What ends the waits of this process. */
  private readonly waits = new Set<(reason: Error) => void>();
  /** Kinds of trouble that the log has told of. */
  private readonly told = new Set<string>();
  private closed = false;

  constructor(options: StoreOptions) {
    this.options = options;
    this.keeper = new ValueKeeper({
      memoryLimit: options.memoryLimit ?? 64 * 1024 * 1024,
      folder: options.folder,
      onTrouble: (sentence) => options.log('ERROR', `${sentence}; what is to be kept stays in memory`),
    });
    this.store = new Store<StoredValue>({
      notice: (bytes) => this.notice(bytes),
      drop: (value) => this.keeper.release(value),
    });
    this.host = {
      store: this.store,
      keeper: this.keeper,
      limits: options.requestLimits ?? defaultRequestLimits,
      checkRoom: (key) => this.checkRoom(key),
      down: () => options.onDown?.(),
    };
  }

  /** Connections that are served. */
  get connectionCount(): number {
    return this.connections.size;
  }

  /** Bytes that count for values in memory, and bytes of the file for the rest. */
  get usage(): { readonly memory: number; readonly disk: number } {
    return { memory: this.keeper.memoryUsed, disk: this.keeper.diskUsed };
  }

  /** How many values have been taken, since the beginning. */
  get taken(): number {
    return this.store.counts.get;
  }

  /** Whether a key that begins so has values. */
  hasKeyFrom(begin: ByteString): boolean {
    for (const { key } of this.store.keys()) if (key.startsWith(begin)) return true;
    return false;
  }

  /** Serves a client that has been let in. The stream is the store's from now on. */
  serve(stream: Duplex): void {
    const limit = this.options.connectionLimit ?? 4096;
    if (this.closed || this.connections.size >= limit) {
      if (!this.closed) this.tell('connections', `more than ${limit} clients are connected to the store at once`);
      stream.on('error', () => {});
      stream.destroy();
      return;
    }
    if (stream instanceof Socket) {
      stream.setNoDelay(true);
      stream.setKeepAlive(true, keepAliveMs);
    }
    const served = new Connection(stream, this.host).run().then(
      (problem) => {
        if (problem !== undefined) this.tell(problem.kind, problem.message);
      },
      (error: unknown) => {
        this.options.log('ERROR', `a bug in the store: ${error instanceof Error ? error.stack : String(error)}`);
        stream.destroy();
      },
    );
    this.connections.set(
      stream,
      served.finally(() => {
        if (stream.destroyed) this.connections.delete(stream);
        // The last reply may still be on its way.
        else stream.once('close', () => this.connections.delete(stream));
      }),
    );
  }

  /**
   * Adds a value to its key. After `close` it does nothing.
   *
   * @param value - not copied, and not to be changed from now on
   * @throws StoreError when there is no room for it
   */
  put(key: ByteString, encoding: string, value: Uint8Array): void {
    this.accept(key, encoding, value, false);
  }

  /** Puts a value in the place of all those of its key. It stays in memory. After `close` it does nothing. */
  replace(key: ByteString, encoding: string, value: Uint8Array): void {
    this.accept(key, encoding, value, true);
  }

  /**
   * Takes the oldest value of a key, when there is one.
   *
   * @param signal - ends the wait: the promise fails with its reason, and nothing is taken
   * @throws StoreError when the store closes, or the disk does not give the value, which stays then
   */
  get(key: ByteString, signal?: AbortSignal): Promise<Value> {
    return this.ask('get', key, signal);
  }

  /** The newest value of a key, when there is one. Like get, but leaves it. */
  view(key: ByteString, signal?: AbortSignal): Promise<Value> {
    return this.ask('view', key, signal);
  }

  /** Ends all connections and waits, drops what is there, removes the file. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const end of [...this.waits]) end(new StoreError('closed', 'the store is closed'));
    const served = [...this.connections.values()];
    for (const stream of this.connections.keys()) stream.destroy();
    await Promise.all(served);
    this.store.clearAll();
    await this.keeper.close();
  }

  private accept(key: ByteString, encoding: string, value: Uint8Array, replaces: boolean): void {
    if (this.closed) return;
    if (!replaces) this.checkRoom(key);
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
    const kept = this.keeper.keep(encodingOf(encoding), bytes, replaces);
    if (replaces) this.store.replace(key, kept);
    else this.store.put(key, kept);
  }

  private ask(kind: 'get' | 'view', key: ByteString, signal: AbortSignal | undefined): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.closed) {
        reject(new StoreError('closed', 'the store is closed'));
        return;
      }
      signal?.throwIfAborted();
      let given = false;
      const stop = (): void => {
        this.waits.delete(end);
        signal?.removeEventListener('abort', aborted);
      };
      const end = (reason: Error): void => {
        stop();
        given = true;
        this.store.cancel(waiter);
        reject(reason);
      };
      const aborted = (): void => end(signal?.reason as Error);
      const waiter: Waiter<StoredValue> = {
        kind,
        key,
        deliver: (value) => {
          if (given) return false;
          if (kind === 'view') this.keeper.retain(value);
          const take = (bytes: Buffer): void => {
            stop();
            this.keeper.release(value);
            resolve({ encoding: value.encoding, value: bytes });
          };
          const giveBack = (error: unknown): void => {
            stop();
            if (kind === 'get') this.store.putBack(key, value);
            else this.keeper.release(value);
            reject(error);
          };
          if (value.bytes !== undefined) take(value.bytes);
          // The wait may be ended while the disk is read.
          else this.keeper.load(value).then((bytes) => (given ? giveBack(undefined) : take(bytes)), giveBack);
          return true;
        },
      };
      this.waits.add(end);
      signal?.addEventListener('abort', aborted);
      this.store.request(waiter);
    });
  }

  private notice(bytes: ByteString): StoredValue | undefined {
    try {
      this.checkRoom(bytes);
      return this.keeper.keep(encodingOf('ASTR'), Buffer.from(bytes, 'latin1'));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.tell('notices', `a monitor key is not told of an event: ${error.message}`);
      return undefined;
    }
  }

  private checkRoom(key: ByteString): void {
    const { valueCount, keyCount, keyBytes } = this.store;
    const needed = (valueCount + 1) * valueCost + (keyCount + 1) * keyCost + keyBytes + key.length;
    const limit = this.options.indexLimit ?? 1024 ** 3;
    if (needed > limit) {
      throw new StoreError(
        'full',
        `the store is full: ${valueCount} values of ${keyCount} keys wait in it, and nobody takes them`,
      );
    }
  }

  /** Logs the first trouble of its kind; more of them are for who looks for them. */
  private tell(kind: string, sentence: string): void {
    this.options.log(this.told.has(kind) ? 'DEBUG' : 'WARNING', `a client of the store: ${sentence}`);
    this.told.add(kind);
  }
}
