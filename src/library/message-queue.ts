/**
 * Messages of task lines on their way from the program to the run: what submit() gives and the feeder takes. Pure.
 *
 *   push() ─► waiting messages ─► next()        push() is done when few enough are in front of its message
 *
 * Always true: a program that waits for each push never has more than so many messages, or so many bytes, waiting.
 */

import type { ByteString } from '../base/byte-string.ts';
import { Deque } from '../base/deque.ts';

/** A message has room when less than this is in front of it. */
export const roomMessages = 256;
const roomBytes = 8 * 1024 * 1024;

interface Waiting {
  /** What had been pushed before it, since the beginning. */
  readonly messages: number;
  readonly bytes: number;
  readonly hasRoom: () => void;
}

export class MessageQueue implements AsyncIterator<ByteString> {
  private readonly messages = new Deque<ByteString>();
  private readonly waiting = new Deque<Waiting>();
  /** Since the beginning. */
  private pushed = { messages: 0, bytes: 0 };
  private taken = { messages: 0, bytes: 0 };
  private ended = false;
  private asked: ((step: IteratorResult<ByteString>) => void) | undefined;

  /** Adds a message. @returns done when there is room for the next */
  push(message: ByteString): Promise<void> {
    if (this.ended) throw new Error('a message comes after the end');
    const room = new Promise<void>((hasRoom) => this.waiting.push({ ...this.pushed, hasRoom }));
    this.pushed = { messages: this.pushed.messages + 1, bytes: this.pushed.bytes + message.length };
    if (this.asked === undefined) {
      this.messages.push(message);
    } else {
      this.count(message);
      this.asked({ done: false, value: message });
      this.asked = undefined;
    }
    this.tellRoom();
    return room;
  }

  /** The next message, or the end. To be called when the last has come. */
  next(): Promise<IteratorResult<ByteString>> {
    const message = this.messages.shift();
    if (message !== undefined) {
      this.count(message);
      this.tellRoom();
      return Promise.resolve({ done: false, value: message });
    }
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => (this.asked = resolve));
  }

  /** No message is to come; those that wait are still taken. */
  end(): void {
    this.ended = true;
    this.asked?.({ done: true, value: undefined });
    this.asked = undefined;
  }

  /** Those that wait are not wanted any more either. */
  drop(): void {
    this.end();
    this.messages.clear();
    this.taken = this.pushed;
    this.tellRoom();
  }

  private count(message: ByteString): void {
    this.taken = { messages: this.taken.messages + 1, bytes: this.taken.bytes + message.length };
  }

  private tellRoom(): void {
    for (;;) {
      const first = this.waiting.peek();
      if (first === undefined) return;
      if (first.messages - this.taken.messages >= roomMessages || first.bytes - this.taken.bytes >= roomBytes) return;
      this.waiting.shift();
      first.hasRoom();
    }
  }
}
