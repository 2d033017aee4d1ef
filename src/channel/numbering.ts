/**
 * The numbers of one end of a channel: what was sent, what was received, what is acknowledged. Pure.
 *
 * Always true: a message that was sent is kept until the peer has acknowledged it; every message is taken exactly once and
 * in order. A numbering outlives its connection: on another one both ends tell the number of the last message that they
 * have received, and each sends what the other lacks (`unacknowledged`) with the numbers that it had.
 */

import { Deque } from '../base/deque.ts';
import { ChannelError } from './framing.ts';

/** How many bytes may wait for an acknowledgement unless told otherwise. */
export const defaultMaxKeptBytes = 64 * 1024 * 1024;

/** An acknowledgement goes out by itself when so many messages or bytes have come since the last. */
const ackAfterMessages = 64;
const ackAfterBytes = 256 * 1024;

/** What a kept message costs beyond its payload, so that a flood of empty ones is bounded too. */
const keptOverheadBytes = 64;

export interface KeptMessage {
  readonly number: number;
  readonly payload: Uint8Array;
}

export class Numbering {
  /** The number of the last message that was sent; 0 before the first. */
  sent = 0;
  /** The number of the last message that was received. */
  received = 0;
  private readonly maxKeptBytes: number;
  private readonly kept = new Deque<KeptMessage>();
  private keptBytes = 0;
  private acknowledged = 0;
  private owedMessages = 0;
  private owedBytes = 0;

  /** @param maxKeptBytes - beyond so many bytes of unacknowledged messages the peer counts as too slow */
  constructor(maxKeptBytes = defaultMaxKeptBytes) {
    this.maxKeptBytes = maxKeptBytes;
  }

  /** Whether more is unacknowledged than may be. */
  get isOverfull(): boolean {
    return this.keptBytes > this.maxKeptBytes;
  }

  /** Whether the peer is owed an acknowledgement. */
  get owesAck(): boolean {
    return this.owedMessages > 0;
  }

  /** Whether the acknowledgement should not wait for a message to go with. */
  get owesAckNow(): boolean {
    return this.owedMessages >= ackAfterMessages || this.owedBytes >= ackAfterBytes;
  }

  /** Keeps a message, which gets the next number: `sent` afterwards. The payload is kept as it is, not copied. */
  keep(payload: Uint8Array): void {
    this.sent++;
    this.kept.push({ number: this.sent, payload });
    this.keptBytes += payload.length + keptOverheadBytes;
  }

  /**
   * Takes note of a message that arrived.
   *
   * @returns whether it is new; false for one that had been received before
   * @throws ChannelError when one before it is missing
   */
  receive(number: number, bytes: number): boolean {
    if (number > this.received + 1) {
      throw new ChannelError(`message ${number} after message ${this.received}: what is between is missing`);
    }
    // A repeated one is acknowledged again, since its sender does not know that it arrived.
    this.owedMessages++;
    this.owedBytes += bytes;
    if (number <= this.received) return false;
    this.received = number;
    return true;
  }

  /** The number to acknowledge in a frame that goes out now. */
  takeAck(): number {
    this.owedMessages = 0;
    this.owedBytes = 0;
    return this.received;
  }

  /** Forgets what the peer has received. @throws ChannelError when it claims what was never sent */
  acknowledge(number: number): void {
    if (number > this.sent) throw new ChannelError(`an acknowledgement of ${number} where ${this.sent} were sent`);
    if (number <= this.acknowledged) return;
    this.acknowledged = number;
    for (let first = this.kept.peek(); first !== undefined && first.number <= number; first = this.kept.peek()) {
      this.keptBytes -= first.payload.length + keptOverheadBytes;
      this.kept.shift();
    }
  }

  /** Checks a goodbye: the number of the peer's last message. @throws ChannelError when some of them have not come */
  finish(number: number): void {
    if (number !== this.received) {
      throw new ChannelError(`a goodbye after message ${number} where ${this.received} have come`);
    }
  }

  /** What the peer lacks when the last it has received is this number; in order. */
  *unacknowledged(after: number): Generator<KeptMessage> {
    for (const message of this.kept) if (message.number > after) yield message;
  }
}
