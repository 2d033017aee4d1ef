import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ChannelError,
  encodeFrame,
  type Frame,
  frameKind,
  FrameReader,
  headerBytes,
  maxFrameBytes,
  maxPayloadBytes,
  setAcknowledged,
} from '../../src/channel/framing.ts';

const number = fc.nat({ max: 2 ** 48 - 1 });
const frames = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant(frameKind.message),
      number,
      acknowledged: number,
      payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    }),
    fc.record({
      kind: fc.constantFrom(frameKind.ack, frameKind.goodbye),
      number,
      acknowledged: number,
      payload: fc.constant(Buffer.alloc(0)),
    }),
  ),
  { maxLength: 12 },
);

const encoded = (frame: Frame): Buffer =>
  encodeFrame(frame.kind, frame.number, frame.acknowledged, Buffer.from(frame.payload));

/** The bytes in chunks of these lengths, the last length again and again. */
function chunksOf(whole: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < whole.length; i++) {
    const length = lengths[Math.min(i, lengths.length - 1)] as number;
    chunks.push(whole.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

/** All frames of the chunks, each with a copy of its payload. */
function readAll(chunks: readonly Buffer[], reader = new FrameReader()): Frame[] {
  return chunks.flatMap((chunk) =>
    [...reader.read(chunk)].map((frame) => ({ ...frame, payload: Buffer.from(frame.payload) })),
  );
}

describe('frames', () => {
  test('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (sent, lengths) => {
        const whole = Buffer.concat(sent.map(encoded));
        expect(readAll(chunksOf(whole, lengths))).toEqual(sent);
        expect(readAll(chunksOf(whole, [1]))).toEqual(sent);
      }),
    );
  });

  test('share no memory with what is read after them', () => {
    const reader = new FrameReader();
    const [a, b] = ['first', 'other'].map((text) => encodeFrame(frameKind.message, 1, 0, Buffer.from(text)));
    // Each ends in a chunk of its own, so that both pass through the reader's own buffer.
    const [first] = [...reader.read(a!.subarray(0, 20)), ...reader.read(a!.subarray(20))];
    const [other] = [...reader.read(b!.subarray(0, 20)), ...reader.read(b!.subarray(20))];
    expect([first, other].map((frame) => frame?.payload.toString())).toEqual(['first', 'other']);
  });

  test('can be as long as 32 MiB, and no longer', () => {
    const payload = Buffer.alloc(maxPayloadBytes, 7);
    const [frame] = readAll(chunksOf(encodeFrame(frameKind.message, 1, 0, payload), [65_536]));
    expect(frame?.payload.equals(payload)).toBe(true);
    expect(() => encodeFrame(frameKind.message, 1, 0, Buffer.alloc(maxPayloadBytes + 1))).toThrow('too long');
  });

  test('get a later acknowledgement without a change to the rest', () => {
    fc.assert(
      fc.property(frames, number, (sent, later) => {
        const bytes = sent.map(encoded);
        for (const frame of bytes) setAcknowledged(frame, later);
        expect(readAll(bytes)).toEqual(sent.map((frame) => ({ ...frame, acknowledged: later })));
      }),
    );
  });
});

describe('what is no frame', () => {
  const header = (length: number, kind: number): Buffer => {
    const bytes = Buffer.alloc(headerBytes);
    bytes.writeUInt32LE(length, 0);
    bytes[4] = kind;
    return bytes;
  };

  test.each([
    ['a length over the bound', header(maxFrameBytes + 1, 1)],
    ['the largest length there is', header(0xffffffff, 1)],
    ['a length below that of a header', header(headerBytes - 5, 1)],
    ['an unknown kind', header(headerBytes - 4, 9)],
    ['an acknowledgement with a payload', Buffer.concat([header(headerBytes - 3, 2), Buffer.alloc(1)])],
  ])('%s is refused as soon as it is there', (_what, bytes) => {
    for (const lengths of [[bytes.length], [1]]) {
      expect(() => readAll(chunksOf(bytes, lengths))).toThrow(ChannelError);
    }
  });

  test('random bytes give frames or an error, and never anything else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
        try {
          for (const { payload } of readAll(chunks.map((chunk) => Buffer.from(chunk)))) {
            expect(payload.length).toBeLessThanOrEqual(maxPayloadBytes);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ChannelError);
        }
      }),
    );
  });

  test('a length that is only announced takes no memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 200 }, () => new FrameReader());
    for (const reader of readers) expect(readAll([header(maxFrameBytes, 1)], reader)).toEqual([]);
    // 200 frames of 32 MiB would be 6.4 GB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10e6);
    expect(readers).toHaveLength(200);
  });
});
