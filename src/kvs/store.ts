/**
 * What the key-value store does: a queue of values for each key, and those who wait for values. Pure.
 *
 * A get takes the oldest value of its key, a view shows the newest and leaves it; who finds none waits. A put wakes those
 * who wait for its key in the order in which they came: all views up to and including the first get. A value that no get
 * has taken joins the queue. So a key has values or somebody who waits, never both.
 *
 * A value is whatever its user makes of it. The store holds one reference to each value in a queue. It passes it on to the
 * get that takes the value, and calls `drop` for one that goes without being taken; a view that keeps a value sees to it.
 */

import type { ByteString } from '../base/byte-string.ts';
import { Monitors, noticeOf, type StoreEvent } from './monitors.ts';

/** A get or a view. */
export interface Waiter<V> {
  readonly kind: 'get' | 'view';
  readonly key: ByteString;
  /**
   * Takes the value; called once, at once or later.
   *
   * @returns false to refuse it, since nobody is there any more: it is as if this waiter had never been
   */
  deliver(value: V): boolean;
}

/** What the owner of the values does for the store. */
export interface ValueOwner<V> {
  /** A value of the encoding ASTR for a monitor key; undefined when there is no room for it. */
  notice(bytes: ByteString): V | undefined;
  drop(value: V): void;
}

/** How often what was done, since the beginning. */
export interface StoreCounts {
  get: number;
  put: number;
  view: number;
  wait: number;
  waitsBegun: number;
  waitsEnded: number;
}

interface Node<V> {
  readonly value: V;
  next: Node<V> | undefined;
}

interface Queue<V> {
  head: Node<V>;
  tail: Node<V>;
  length: number;
}

export class Store<V> {
  readonly counts: StoreCounts = { get: 0, put: 0, view: 0, wait: 0, waitsBegun: 0, waitsEnded: 0 };
  private readonly owner: ValueOwner<V>;
  private readonly monitors: Monitors;
  private readonly queues = new Map<ByteString, Queue<V>>();
  private readonly waiters = new Map<ByteString, Waiter<V>[]>();
  private values = 0;
  private keyCharacters = 0;

  constructor(owner: ValueOwner<V>, monitorLimit = 4096) {
    this.owner = owner;
    this.monitors = new Monitors(monitorLimit);
  }

  /** Values in all queues. */
  get valueCount(): number {
    return this.values;
  }

  /** Keys with values. */
  get keyCount(): number {
    return this.queues.size;
  }

  /** Bytes of the keys with values. */
  get keyBytes(): number {
    return this.keyCharacters;
  }

  /** Adds a value to its key, or gives it to those who wait for it. */
  put(key: ByteString, value: V): void {
    this.counts.put++;
    if (!this.wake(key, value)) this.push(key, value);
    this.tell('put', key);
  }

  /** Puts a value in the place of all those of its key. */
  replace(key: ByteString, value: V): void {
    this.clear(key);
    this.put(key, value);
  }

  /** Gives a taken value back, to those who wait or as the oldest of its key: its get has not happened. */
  putBack(key: ByteString, value: V): void {
    if (this.wake(key, value)) return;
    const queue = this.queues.get(key);
    if (queue === undefined) {
      this.push(key, value);
      return;
    }
    queue.head = { value, next: queue.head };
    queue.length++;
    this.values++;
  }

  /** Delivers to a get or view now, or when there is a value. */
  request(waiter: Waiter<V>): void {
    const { kind, key } = waiter;
    this.tell(kind, key);
    const queue = this.queues.get(key);
    if (queue === undefined) {
      const waiting = this.waiters.get(key);
      if (waiting === undefined) this.waiters.set(key, [waiter]);
      else waiting.push(waiter);
      this.counts.wait++;
      this.tell('wait', key);
      this.counts.waitsBegun++;
    } else if (waiter.deliver(kind === 'get' ? queue.head.value : queue.tail.value)) {
      this.counts[kind]++;
      if (kind === 'get') this.shift(key, queue);
    }
  }

  /** Ends a wait. One that has been served is left as it is. */
  cancel(waiter: Waiter<V>): void {
    const waiting = this.waiters.get(waiter.key);
    const at = waiting?.indexOf(waiter) ?? -1;
    if (waiting === undefined || at < 0) return;
    waiting.splice(at, 1);
    if (waiting.length === 0) this.waiters.delete(waiter.key);
  }

  /**
   * Makes a key a monitor key, or changes what it watches (monitors.ts).
   *
   * @throws StoreError when there are too many
   */
  monitor(monitorKey: ByteString, watch: ByteString): void {
    this.monitors.set(monitorKey, watch);
  }

  isMonitor(key: ByteString): boolean {
    return this.monitors.isMonitor(key);
  }

  /** Makes a monitor key one like others, and drops what it has been told. */
  dropMonitor(monitorKey: ByteString): void {
    this.monitors.delete(monitorKey);
    this.clear(monitorKey);
  }

  /** The keys with values, the one that has had some for longest first. */
  *keys(): Generator<{ readonly key: ByteString; readonly count: number; readonly newest: V }> {
    for (const [key, queue] of this.queues) yield { key, count: queue.length, newest: queue.tail.value };
  }

  /** The keys that are waited for. */
  *waits(): Generator<{ readonly key: ByteString; readonly count: number }> {
    for (const [key, waiting] of this.waiters) yield { key, count: waiting.length };
  }

  /** Drops all values and forgets who waits. */
  clearAll(): void {
    this.waiters.clear();
    for (const key of [...this.queues.keys()]) this.clear(key);
  }

  /** For tests. @throws Error when the state is impossible */
  checkInvariants(): void {
    let [values, bytes] = [0, 0];
    for (const [key, queue] of this.queues) {
      let length = 0;
      for (let node: Node<V> | undefined = queue.head; node !== undefined; node = node.next) {
        length++;
        if (node.next === undefined && node !== queue.tail) throw new Error('a queue does not end with its tail');
      }
      if (length !== queue.length) throw new Error(`a queue of ${length} says ${queue.length}`);
      if (this.waiters.has(key)) throw new Error('somebody waits for a key that has values');
      values += length;
      bytes += key.length;
    }
    if (values !== this.values || bytes !== this.keyCharacters) throw new Error('the sums are wrong');
    for (const waiting of this.waiters.values()) if (waiting.length === 0) throw new Error('nobody waits in a list');
  }

  /** @returns whether a get took the value */
  private wake(key: ByteString, value: V): boolean {
    const waiting = this.waiters.get(key);
    if (waiting === undefined) return false;
    let taken = false;
    let served = 0;
    for (const waiter of waiting) {
      served++;
      this.counts.waitsEnded++;
      if (!waiter.deliver(value)) continue;
      this.counts[waiter.kind]++;
      taken = waiter.kind === 'get';
      if (taken) break;
    }
    waiting.splice(0, served);
    if (waiting.length === 0) this.waiters.delete(key);
    return taken;
  }

  private tell(event: StoreEvent, key: ByteString): void {
    for (const monitorKey of this.monitors.told(event, key)) {
      const notice = this.owner.notice(noticeOf(event, key));
      if (notice !== undefined) this.put(monitorKey, notice);
    }
  }

  private push(key: ByteString, value: V): void {
    const node: Node<V> = { value, next: undefined };
    const queue = this.queues.get(key);
    this.values++;
    if (queue === undefined) {
      this.queues.set(key, { head: node, tail: node, length: 1 });
      this.keyCharacters += key.length;
      return;
    }
    queue.tail.next = node;
    queue.tail = node;
    queue.length++;
  }

  private shift(key: ByteString, queue: Queue<V>): void {
    this.values--;
    queue.length--;
    if (queue.head.next !== undefined) {
      queue.head = queue.head.next;
      return;
    }
    this.queues.delete(key);
    this.keyCharacters -= key.length;
  }

  private clear(key: ByteString): void {
    const queue = this.queues.get(key);
    if (queue === undefined) return;
    this.queues.delete(key);
    this.keyCharacters -= key.length;
    this.values -= queue.length;
    for (let node: Node<V> | undefined = queue.head; node !== undefined; node = node.next) this.owner.drop(node.value);
  }
}
