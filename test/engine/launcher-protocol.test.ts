import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBytes, ofArray } from '../../src/base/byte-string.ts';
import {
  decodeFromLauncher,
  decodeToLauncher,
  encodeFromLauncher,
  encodeToLauncher,
  FrameReader,
  ProtocolError,
} from '../../src/engine/launcher-frames.ts';
import {
  type FromLauncher,
  maxFrame,
  noSlot,
  protocolVersion,
  type ToLauncher,
} from '../../src/engine/launcher-protocol.ts';

const u32 = fc.nat({ max: 0xffffffff });
const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const f64 = fc.double({ noNaN: true });
const byteCount = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map(ofArray);
const text = fc.string({ unit: 'binary', maxLength: 20 }).map((value) => value.replaceAll('\0', ''));
const name = text.map((value) => `N${value.replaceAll('=', '')}`);
/** Without halves of surrogate pairs, which UTF-8 cannot hold. */
const unpaired = name.map((text) => text.toWellFormed());
const sample = fc.record({ bytes: byteCount, head: bytes(40), tail: bytes(40), fileError: u32 });
const source = fc.constantFrom('wait4' as const, 'samples' as const);
const usage = fc.record({
  ...{ userCpu: f64, systemCpu: f64, cpuFrom: source },
  ...{ peakMemory: f64, memoryFrom: source, largestProcess: f64 },
});
/** Not both empty: that is none. */
const files = fc.record({
  output: text.map((path) => `/${path.toWellFormed()}`),
  error: text.map((path) => path.toWellFormed()),
});

const toLauncher: fc.Arbitrary<ToLauncher> = fc.oneof(
  fc.record({
    type: fc.constant('start' as const),
    lane: u32,
    command: bytes(200),
    followMemory: fc.boolean(),
    files: fc.option(files, { nil: undefined }),
    env: fc.array(fc.tuple(name, text)),
  }),
  fc.record({ type: fc.constant('signal' as const), lane: u32, signal: u32 }),
  fc.record({ type: fc.constant('end' as const), graceMs: u32 }),
  fc.constant({ type: 'leave' as const }),
);

/** Bytes as an environment may hold them. */
const value = bytes(60).map((all) => asBytes(all.replaceAll('\0', '')));

const hello = fc.record({
  type: fc.constant('hello' as const),
  version: fc.constant(protocolVersion),
  pid: u32,
  features: u32,
  slot: i32,
  variables: fc.array(fc.tuple(unpaired, value), { maxLength: 16 }),
});

const fromLauncher: fc.Arbitrary<FromLauncher> = fc.oneof(
  hello,
  fc.record({ type: fc.constant('started' as const), lane: u32, pid: i32, start: f64 }),
  fc.record({
    type: fc.constant('ended' as const),
    lane: u32,
    pid: i32,
    exitCode: i32,
    start: f64,
    finish: f64,
    output: sample,
    error: sample,
    usage: fc.option(usage, { nil: undefined }),
  }),
  fc.record({ type: fc.constant('failed' as const), lane: u32, errno: u32, time: f64, reason: text }),
  fc.record({ type: fc.constant('done' as const), swept: u32 }),
);

/** The bytes in chunks cut at these places. */
function cut(whole: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => whole.subarray(from, at[i] ?? whole.length));
}

function readAll(chunks: readonly Buffer[]): Buffer[] {
  const reader = new FrameReader();
  return chunks.flatMap((chunk) => [...reader.read(chunk)].map((body) => Buffer.from(body)));
}

/** Runs what may throw a ProtocolError and nothing else. */
function onlyProtocolErrors(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
  }
}

describe('the launcher protocol', () => {
  test('decodes what an engine encoded to the same, whatever the chunks', () => {
    fc.assert(
      fc.property(fc.array(toLauncher, { maxLength: 5 }), fc.array(fc.nat(5000)), (messages, places) => {
        const chunks = cut(Buffer.concat(messages.map(encodeToLauncher)), places);
        expect(readAll(chunks).map(decodeToLauncher)).toEqual(messages);
      }),
    );
  });

  test('decodes what a launcher encoded to the same, whatever the chunks', () => {
    fc.assert(
      fc.property(fc.array(fromLauncher, { maxLength: 5 }), fc.array(fc.nat(5000)), (messages, places) => {
        const chunks = cut(Buffer.concat(messages.map(encodeFromLauncher)), places);
        expect(readAll(chunks).map(decodeFromLauncher)).toEqual(messages);
      }),
    );
  });

  test('answers garbage with a ProtocolError and nothing else', () => {
    const typed = fc
      .tuple(fc.nat(6), fc.uint8Array({ maxLength: 120 }))
      .map(([type, rest]) => Buffer.from([type, ...rest]));
    fc.assert(
      fc.property(typed, (body) => {
        onlyProtocolErrors(() => decodeToLauncher(body));
        onlyProtocolErrors(() => decodeFromLauncher(body));
        onlyProtocolErrors(() => readAll([body]));
      }),
    );
    expect(() => decodeToLauncher(Buffer.alloc(0))).toThrow(ProtocolError);
  });

  test('refuses every frame that was cut short', () => {
    fc.assert(
      fc.property(fromLauncher, fc.nat(), (message, at) => {
        if (message.type === 'failed' || message.type === 'ended') return;
        // Cut between two variables, it is a HELLO with fewer.
        if (message.type === 'hello' && message.variables.length > 0) return;
        const body = encodeFromLauncher(message).subarray(4);
        expect(() => decodeFromLauncher(body.subarray(0, at % body.length))).toThrow(ProtocolError);
      }),
    );
  });

  test('refuses a hello whose last variable is cut short, or has no name', () => {
    fc.assert(
      fc.property(hello, fc.tuple(unpaired, value), (message, last) => {
        const whole = { ...message, variables: [...message.variables, last] };
        const body = encodeFromLauncher(whole).subarray(4);
        expect(() => decodeFromLauncher(body.subarray(0, -1))).toThrow(ProtocolError);
        const nameless = { ...message, variables: [...message.variables, ['', last[1]] as const] };
        expect(() => decodeFromLauncher(encodeFromLauncher(nameless).subarray(4))).toThrow(ProtocolError);
      }),
    );
  });

  test('knows the version of a hello of any version, short or long', () => {
    const other = u32.filter((version) => version !== protocolVersion);
    fc.assert(
      fc.property(other, u32, u32, fc.uint8Array({ maxLength: 50 }), (version, pid, features, rest) => {
        const fixed = Buffer.alloc(13);
        fixed[0] = 1;
        [version, pid, features].forEach((number, i) => fixed.writeUInt32LE(number, 1 + 4 * i));
        const seen = decodeFromLauncher(Buffer.concat([fixed, rest]));
        expect(seen).toEqual({ type: 'hello', version, pid, features, slot: noSlot, variables: [] });
      }),
    );
  });

  test('refuses lengths of zero and over 64 MiB before the frame is there', () => {
    const length = Buffer.alloc(4);
    expect(() => readAll([length])).toThrow(ProtocolError);
    length.writeUInt32LE(maxFrame + 1);
    expect(() => readAll([length])).toThrow(ProtocolError);
    length.writeUInt32LE(maxFrame);
    expect(readAll([length])).toEqual([]);
  });
});
