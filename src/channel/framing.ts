/**
 * The frames of a channel: bytes of a stream in, frames out, and back. Pure.
 *
 * Frame:   u32 length of what follows · u8 kind · u48 number · u48 acknowledged · payload. Little-endian.
 *
 *   1 MESSAGE  its number, from 1 in each direction · a payload that means nothing here
 *   2 ACK      no number (0): nothing but the acknowledgement
 *   3 GOODBYE  the number of the last message that was sent: nothing comes after it
 *
 * "acknowledged" is the number of the last message that the sender of the frame has received: every frame carries it. Two
 * frames of 32 MiB are the most that a reader can hold, whatever arrives.
 */

/** Kinds of frames. */
export const frameKind = { message: 1, ack: 2, goodbye: 3 } as const;

export type FrameKind = (typeof frameKind)[keyof typeof frameKind];

/** What stands before the payload, in bytes, the length included. */
export const headerBytes = 17;

/** The largest frame that either side accepts, in bytes, without its length. */
export const maxFrameBytes = 32 * 1024 * 1024;

/** The largest payload of a message, in bytes. */
export const maxPayloadBytes = maxFrameBytes - (headerBytes - 4);

/** The number of messages that a channel can carry in one direction. */
const maxNumber = 2 ** 48 - 1;

export interface Frame {
  readonly kind: FrameKind;
  readonly number: number;
  readonly acknowledged: number;
  readonly payload: Buffer;
}

/** What is wrong with a peer that does not hold to this page. */
export class ChannelError extends Error {}

const nothing = new Uint8Array(0);

/** The bytes of a frame. The payload is copied. A payload over `maxPayloadBytes` is a plain Error: a bug of the caller. */
export function encodeFrame(
  kind: FrameKind,
  number: number,
  acknowledged: number,
  payload: Uint8Array = nothing,
): Buffer {
  if (payload.length > maxPayloadBytes) throw new Error(`a message of ${payload.length} bytes is too long`);
  if (number > maxNumber) throw new Error('a channel has run out of numbers');
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  frame.writeUInt32LE(frame.length - 4, 0);
  frame[4] = kind;
  frame.writeUIntLE(number, 5, 6);
  frame.writeUIntLE(acknowledged, 11, 6);
  frame.set(payload, headerBytes);
  return frame;
}

/** Puts a later acknowledgement into a frame that has not gone out yet. */
export function setAcknowledged(frame: Buffer, acknowledged: number): void {
  frame.writeUIntLE(acknowledged, 11, 6);
}

function decodeFrame(bytes: Buffer): Frame {
  const kind = bytes[4];
  if (kind !== frameKind.message && kind !== frameKind.ack && kind !== frameKind.goodbye) {
    throw new ChannelError(`a frame of the unknown kind ${kind}`);
  }
  const payload = bytes.subarray(headerBytes);
  if (kind !== frameKind.message && payload.length > 0) throw new ChannelError('a frame with a payload it cannot have');
  return { kind, number: bytes.readUIntLE(5, 6), acknowledged: bytes.readUIntLE(11, 6), payload };
}

/**
 * Cuts a stream of bytes into frames. Keeps at most one unfinished frame, in a buffer that grows with what has arrived and
 * not with what was announced.
 */
export class FrameReader {
  private rest: Buffer = Buffer.alloc(0);
  private filled = 0;

  /**
   * The frames that are complete with this chunk. Their payloads may share its memory.
   *
   * @throws ChannelError for what is no frame; the reader is of no use after it
   */
  *read(chunk: Buffer): Generator<Frame> {
    let data = chunk;
    if (this.filled > 0) {
      data = this.complete(chunk);
      if (this.filled >= 4 && this.filled === wholeLength(this.rest)) {
        const frame = this.rest.subarray(0, this.filled);
        this.rest = Buffer.alloc(0);
        this.filled = 0;
        yield decodeFrame(frame);
      }
    }
    while (data.length >= 4) {
      const length = wholeLength(data);
      if (data.length < length) break;
      yield decodeFrame(data.subarray(0, length));
      data = data.subarray(length);
    }
    if (data.length > 0) this.keep(data);
  }

  /** Adds to the unfinished frame what belongs to it. @returns what comes after */
  private complete(chunk: Buffer): Buffer {
    let data = chunk;
    if (this.filled < 4) data = this.keep(data.subarray(0, 4 - this.filled), data);
    if (this.filled < 4) return data;
    return this.keep(data.subarray(0, wholeLength(this.rest) - this.filled), data);
  }

  /** Copies bytes behind those that wait. @returns the rest of the data that they are the beginning of */
  private keep(bytes: Buffer, data = bytes): Buffer {
    const needed = this.filled + bytes.length;
    if (needed > this.rest.length) {
      // Doubled, so that a frame that comes in many chunks is copied a bounded number of times.
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.rest.length));
      this.rest.copy(grown, 0, 0, this.filled);
      this.rest = grown;
    }
    bytes.copy(this.rest, this.filled);
    this.filled = needed;
    return data.subarray(bytes.length);
  }
}

/** The length of the frame that these four or more bytes begin, with the length itself. */
function wholeLength(bytes: Buffer): number {
  const length = bytes.readUInt32LE(0);
  if (length < headerBytes - 4 || length > maxFrameBytes) throw new ChannelError(`a frame of ${length} bytes`);
  return 4 + length;
}
