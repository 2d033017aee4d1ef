/**
 * One client of the store: its requests are obeyed in their order, its replies sent in theirs.
 *
 *   bytes ─► request ─► store ─► reply ─► bytes        a get or view without a value waits beside this line
 *
 * The next request is read when the last reply is on its way and the last value kept, so a client that does not read, or
 * sends faster than the disk takes it, is made to wait and costs no memory. A get whose reply could not be handed to the
 * system whole has not happened: its value goes back to where it was.
 */

import type { Duplex } from 'node:stream';
import type { ByteString } from '../base/byte-string.ts';
import { dumpOf } from './dump.ts';
import { formatLength, ownKeyPrefix, replyHeader, StoreError, type RequestLimits } from './protocol.ts';
import { RequestReader, type RequestPart } from './request-reader.ts';
import type { Store, Waiter } from './store.ts';
import type { Draft, StoredValue } from './stored-value.ts';
import type { ValueKeeper } from './value-keeper.ts';

/** What all connections of a store share. */
export interface ConnectionHost {
  readonly store: Store<StoredValue>;
  readonly keeper: ValueKeeper;
  readonly limits: RequestLimits;
  /** @throws StoreError when a value of that key would be too many */
  checkRoom(key: ByteString): void;
  /** A client asks for the end of the store. */
  down(): void;
}

export class Connection {
  private readonly stream: Duplex;
  private readonly host: ConnectionHost;
  private readonly reader: RequestReader;
  private waiter: Waiter<StoredValue> | undefined;
  private incoming: { readonly key: ByteString; readonly draft: Draft } | undefined;
  /** A reply that further requests must wait for. Does not fail. */
  private sending: Promise<void> | undefined;
  /** What is to be done about replies that are not sent when the stream closes. */
  private readonly unsent = new Set<(error: Error) => void>();
  /** Monitor keys that go with this client. */
  private readonly ownKeys = new Set<ByteString>();
  private problem: StoreError | undefined;
  private over = false;

  constructor(stream: Duplex, host: ConnectionHost) {
    this.stream = stream;
    this.host = host;
    this.reader = new RequestReader(host.limits);
  }

  /**
   * Serves the client until it goes, or does what it may not; then the stream is ended, and destroyed when its last byte
   * is sent.
   *
   * @returns why the connection was ended, when the client did not end it
   */
  async run(): Promise<StoreError | undefined> {
    // Reading and writing see errors for themselves.
    this.stream.on('error', () => {});
    this.stream.once('close', () => {
      this.stopWaiting();
      for (const fail of [...this.unsent]) fail(new Error('the connection closed'));
      this.dropOwnKeys();
    });
    try {
      await this.obey();
    } catch (error) {
      if (error instanceof StoreError) this.problem = error;
      else if (!this.stream.destroyed || !(error instanceof Error && 'code' in error)) throw error;
    } finally {
      this.stopWaiting();
      this.incoming?.draft.discard();
      this.incoming = undefined;
      await this.sending;
      this.dropOwnKeys();
      this.stream.end(() => this.stream.destroy());
    }
    return this.problem;
  }

  private async obey(): Promise<void> {
    for await (const chunk of this.stream.iterator({ destroyOnReturn: false })) {
      for (const part of this.reader.read(chunk as Buffer)) {
        // A loop, since what is waited for may be followed by more of it.
        for (let wait = this.wait(); wait !== undefined; wait = this.wait()) await wait;
        if (this.problem !== undefined) return;
        const done = this.handle(part);
        if (done !== undefined) await done;
        if (this.over) return;
      }
    }
  }

  private wait(): Promise<void> | undefined {
    return this.sending ?? this.host.keeper.room();
  }

  private handle(part: RequestPart): Promise<void> | undefined {
    const { store, keeper } = this.host;
    switch (part.type) {
      case 'put':
        this.host.checkRoom(part.key);
        this.incoming = { key: part.key, draft: keeper.draft(part.encoding, part.length) };
        return undefined;
      case 'value':
        return this.receive(part.bytes, part.last);
      case 'get':
      case 'view':
        this.stopWaiting();
        this.request(part.type, part.key);
        return undefined;
      case 'mkey':
        store.monitor(part.key, part.watch);
        if (part.key.startsWith(ownKeyPrefix) && store.isMonitor(part.key)) this.ownKeys.add(part.key);
        return undefined;
      case 'dump': {
        const dump = dumpOf(store);
        this.sending = this.write(Buffer.concat([Buffer.from(formatLength(dump.length)), dump])).then(
          () => (this.sending = undefined),
          () => (this.sending = undefined),
        );
        return undefined;
      }
      case 'down':
        this.host.down();
        this.over = true;
        return undefined;
      case 'clos':
        this.over = true;
        return undefined;
    }
  }

  private receive(bytes: Uint8Array, last: boolean): Promise<void> | undefined {
    const { incoming } = this;
    if (incoming === undefined) throw new Error('bytes of a value without a put');
    const put = (): void => {
      this.incoming = undefined;
      this.host.store.put(incoming.key, incoming.draft.finish());
    };
    const added = incoming.draft.add(bytes);
    if (added !== undefined) return last ? added.then(put) : added;
    if (last) put();
    return undefined;
  }

  private request(kind: 'get' | 'view', key: ByteString): void {
    const waiter: Waiter<StoredValue> = {
      kind,
      key,
      deliver: (value) => {
        if (this.waiter === waiter) this.waiter = undefined;
        // The end of the stream may be known before its loop has seen it.
        if (this.over || this.stream.destroyed || this.stream.readableEnded || !this.stream.writable) return false;
        if (kind === 'view') this.host.keeper.retain(value);
        this.send(value, (sent) => {
          if (sent || kind === 'view' || this.ownKeys.has(key)) this.host.keeper.release(value);
          else this.host.store.putBack(key, value);
        });
        return true;
      },
    };
    this.waiter = waiter;
    this.host.store.request(waiter);
  }

  private dropOwnKeys(): void {
    for (const key of this.ownKeys) this.host.store.dropMonitor(key);
  }

  private stopWaiting(): void {
    if (this.waiter !== undefined) this.host.store.cancel(this.waiter);
    this.waiter = undefined;
  }

  /** Sends a value, and says whether the system took all of it. */
  private send(value: StoredValue, settle: (sent: boolean) => void): void {
    const header = replyHeader(value.encoding, value.length);
    if (value.bytes === undefined) {
      this.sending = this.sendFromDisk(header, value).then((sent) => {
        this.sending = undefined;
        settle(sent);
      });
      return;
    }
    this.stream.cork();
    void this.write(header).catch(() => {});
    const written = this.write(value.bytes).then(
      () => settle(true),
      () => settle(false),
    );
    this.stream.uncork();
    // Small replies that the stream still has room for need not be waited for.
    if (this.stream.writableNeedDrain) this.sending = written.then(() => (this.sending = undefined));
  }

  private async sendFromDisk(header: Buffer, value: StoredValue): Promise<boolean> {
    try {
      await this.write(header);
      for await (const piece of this.host.keeper.read(value)) await this.write(piece);
      return true;
    } catch (error) {
      // Half a reply cannot be mended: the client must see that it is none.
      if (error instanceof StoreError) this.problem ??= error;
      this.stream.destroy();
      return false;
    }
  }

  /** Writes, and waits until the system has it. @throws the stream's error */
  private write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        this.unsent.delete(fail);
        reject(error);
      };
      this.unsent.add(fail);
      this.stream.write(bytes, (error) => {
        this.unsent.delete(fail);
        // A socket that was destroyed meanwhile says of what it still had that it went well.
        if (!error && !this.stream.destroyed) resolve();
        else reject(error ?? new Error('the connection closed'));
      });
    });
  }
}
