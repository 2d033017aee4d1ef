/**
 * One connection of a channel after the handshake, on either side: messages in order, each exactly once.
 *
 *   open ──end(), or the peer's goodbye──► parting ──both goodbyes, or 5 s──► closed
 *     └────────── destroy(), a broken stream, a peer that breaks the rules or is too slow ──────────►┘
 *
 * What is sent within one turn of the event loop goes out in one write. While the stream is full nothing is written to it,
 * so that what waits is bounded by what may be unacknowledged; beyond that the connection is closed.
 */

import type { Duplex } from 'node:stream';
import { ChannelError, encodeFrame, type Frame, FrameReader, frameKind, setAcknowledged } from './framing.ts';
import { Numbering } from './numbering.ts';
import { reasonOf } from './reasons.ts';

export interface ConnectionEvents {
  /** The next message. Its memory may be shared with others: copy what is kept for long. */
  message(payload: Buffer): void;
  /** Once, the last event. `problem` is undefined when the peer said goodbye or this end ended the connection. */
  close(problem: string | undefined): void;
}

/** How long an acknowledgement waits for a message to go with. */
const ackDelayMs = 50;

/** How long the peer has for its own goodbye, after ours. */
const partingMs = 5000;

/** About how much is put into one write. */
const maxWriteBytes = 1024 * 1024;

export class Connection {
  /** The peer's address, for logs. */
  readonly remote: string;
  private readonly stream: Duplex;
  private readonly numbering: Numbering;
  private readonly reader = new FrameReader();
  private events: ConnectionEvents | undefined;
  private stage: 'open' | 'parting' | 'closed' = 'open';
  private outgoing: Buffer[] = [];
  private scheduled = false;
  private full = false;
  private peerLeft = false;
  private finished = false;
  private ackTimer: NodeJS.Timeout | undefined;
  private partingTimer: NodeJS.Timeout | undefined;
  private problem: string | undefined;
  private gone = false;
  private told = false;

  /**
   * @param stream - what is read and written; this takes charge of it, errors included
   * @param numbering - that of an earlier connection, to go on with it
   */
  constructor(stream: Duplex, remote: string, numbering = new Numbering()) {
    this.stream = stream;
    this.remote = remote;
    this.numbering = numbering;
    stream.on('error', (error) => this.fail(reasonOf(error)));
    stream.on('close', () => {
      if (this.stage === 'open') this.fail('the connection broke');
      this.stage = 'closed';
      clearTimeout(this.ackTimer);
      clearTimeout(this.partingTimer);
      this.gone = true;
      this.tellClose();
    });
    stream.on('drain', () => {
      this.full = false;
      this.flush();
    });
  }

  /**
   * A connection whose first bytes are from this end: an acknowledgement of nothing. In TLS 1.3 the other end believes itself
   * secure before it has been let in, so it waits for these.
   */
  static welcome(stream: Duplex, remote: string): Connection {
    stream.write(encodeFrame(frameKind.ack, 0, 0));
    return new Connection(stream, remote);
  }

  /** Begins to read. Nothing is read before, so nothing is lost. */
  listen(events: ConnectionEvents): void {
    if (this.events !== undefined) throw new Error('a connection has one listener');
    this.events = events;
    if (this.gone) {
      process.nextTick(() => this.tellClose());
      return;
    }
    this.stream.on('end', () => {
      if (this.stage === 'open') this.fail('the peer closed the connection without a goodbye');
    });
    this.stream.on('data', (chunk: Buffer) => this.read(chunk));
  }

  /**
   * Sends a message, which is copied. After the end of the connection it goes nowhere. When more is unacknowledged than may
   * be, 64 MiB unless the numbering says otherwise, the connection is closed: do not send all of a large amount at once.
   */
  send(payload: Uint8Array): void {
    if (this.stage !== 'open') return;
    const frame = encodeFrame(frameKind.message, this.numbering.sent + 1, this.numbering.received, payload);
    this.numbering.keep(frame.subarray(frame.length - payload.length));
    this.outgoing.push(frame);
    if (this.numbering.isOverfull) this.fail('the peer is too slow: too much is waiting for it');
    else this.schedule();
  }

  /**
   * Says goodbye after what is queued; the connection closes when the peer has answered, or after 5 s. What the peer sent
   * before it learnt of the goodbye still comes.
   */
  end(): void {
    if (this.stage !== 'open') return;
    this.stage = 'parting';
    this.outgoing.push(encodeFrame(frameKind.goodbye, this.numbering.sent, this.numbering.received));
    this.partingTimer = setTimeout(() => this.destroy(), partingMs);
    this.schedule();
  }

  /** Closes at once. What is queued is lost. */
  destroy(): void {
    this.stage = 'closed';
    this.stream.destroy();
  }

  private read(chunk: Buffer): void {
    try {
      for (const frame of this.reader.read(chunk)) {
        if (this.stage === 'closed') return;
        this.handle(frame);
      }
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      this.fail(`the peer sent what it should not: ${error.message}`);
      return;
    }
    this.scheduleAck();
  }

  private handle(frame: Frame): void {
    // Who has said goodbye may still acknowledge what it reads until ours comes.
    if (this.peerLeft && frame.kind !== frameKind.ack) throw new ChannelError('a message after the goodbye');
    this.numbering.acknowledge(frame.acknowledged);
    switch (frame.kind) {
      case frameKind.message:
        if (this.numbering.receive(frame.number, frame.payload.length)) this.events?.message(frame.payload);
        break;
      case frameKind.ack:
        break;
      case frameKind.goodbye:
        this.numbering.finish(frame.number);
        this.peerLeft = true;
        this.end();
        this.schedule();
        break;
    }
  }

  private scheduleAck(): void {
    if (this.numbering.owesAckNow) this.schedule();
    else if (this.numbering.owesAck && this.ackTimer === undefined && this.stage !== 'closed') {
      this.ackTimer = setTimeout(() => {
        this.ackTimer = undefined;
        this.flush();
      }, ackDelayMs);
      this.ackTimer.unref();
    }
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  /** Writes what waits, until the stream is full. */
  private flush(): void {
    if (this.stage === 'closed' || this.finished) return;
    while (!this.full && (this.outgoing.length > 0 || this.numbering.owesAck)) {
      this.full = !this.stream.write(this.nextWrite());
    }
    if (this.stage !== 'parting' || !this.peerLeft || this.outgoing.length > 0) return;
    this.finished = true;
    this.stream.end();
  }

  /** The frames for one write; the last of them has the acknowledgement that is owed. */
  private nextWrite(): Buffer {
    if (this.outgoing.length === 0) {
      // An acknowledgement by itself has no number, and is not itself acknowledged.
      return encodeFrame(frameKind.ack, 0, this.numbering.takeAck());
    }
    let [count, bytes] = [0, 0];
    while (count < this.outgoing.length && bytes < maxWriteBytes) bytes += (this.outgoing[count++] as Buffer).length;
    const frames = count === this.outgoing.length ? this.outgoing : this.outgoing.slice(0, count);
    this.outgoing = this.outgoing.slice(count);
    const last = frames[count - 1] as Buffer;
    setAcknowledged(last, this.numbering.takeAck());
    return count === 1 ? last : Buffer.concat(frames, bytes);
  }

  private fail(problem: string): void {
    // How the stream breaks after a goodbye tells nothing.
    if (this.stage === 'open') this.problem = problem;
    this.destroy();
  }

  private tellClose(): void {
    if (this.told || this.events === undefined) return;
    this.told = true;
    this.events.close(this.problem);
  }
}
