/**
 * The few values that a dump is made of, as a Python pickle of protocol 4. Pure.
 *
 * It is byte for byte what Python's own pickler writes for such values, while they are below 64 KiB and none is there
 * twice. The store never reads a pickle; its client does (unpickle.ts).
 */

/** None, a whole number, bytes, a list or a tuple. */
export type PickleValue = null | number | Uint8Array | readonly PickleValue[] | PickleTuple;

export interface PickleTuple {
  readonly tuple: readonly PickleValue[];
}

/** The instructions of a pickle that are used. Source: Python's pickletools. */
export const op = {
  proto: 0x80,
  frame: 0x95,
  stop: 0x2e,
  mark: 0x28,
  memoize: 0x94,
  get: 0x68,
  longGet: 0x6a,
  none: 0x4e,
  int1: 0x4b,
  int2: 0x4d,
  int4: 0x4a,
  long1: 0x8a,
  shortBytes: 0x43,
  bytes: 0x42,
  emptyList: 0x5d,
  append: 0x61,
  appends: 0x65,
  emptyTuple: 0x29,
  tuple1: 0x85,
  tuple2: 0x86,
  tuple3: 0x87,
  tuple: 0x74,
} as const;

/** Elements of a list that Python's pickler appends at once. */
const batch = 1000;

/** From this size on, bytes, the pickle is not put into a frame: Python cuts frames here, and none are needed. */
const frameLimit = 64 * 1024;

/** @throws RangeError for a number that is not whole and exact */
export function pickle(value: PickleValue): Buffer {
  const out = new ByteWriter();
  writeValue(out, value);
  out.byte(op.stop);
  const body = out.bytes();
  const head = Buffer.alloc(body.length < frameLimit && body.length >= 4 ? 11 : 2);
  head.set([op.proto, 4]);
  if (head.length === 11) {
    head[2] = op.frame;
    head.writeBigUInt64LE(BigInt(body.length), 3);
  }
  return Buffer.concat([head, body]);
}

function writeValue(out: ByteWriter, value: PickleValue): void {
  if (value === null) out.byte(op.none);
  else if (typeof value === 'number') writeInt(out, value);
  else if (value instanceof Uint8Array) {
    if (value.length < 256) out.byte(op.shortBytes, value.length);
    else {
      out.byte(op.bytes);
      out.uint32(value.length);
    }
    out.raw(value);
    out.byte(op.memoize);
  } else if ('tuple' in value) writeTuple(out, value.tuple);
  else writeList(out, value);
}

function writeTuple(out: ByteWriter, items: readonly PickleValue[]): void {
  if (items.length === 0) {
    out.byte(op.emptyTuple);
    return;
  }
  if (items.length > 3) out.byte(op.mark);
  for (const item of items) writeValue(out, item);
  out.byte(items.length > 3 ? op.tuple : op.tuple1 + items.length - 1, op.memoize);
}

function writeList(out: ByteWriter, items: readonly PickleValue[]): void {
  out.byte(op.emptyList, op.memoize);
  if (items.length === 1) {
    writeValue(out, items[0] as PickleValue);
    out.byte(op.append);
    return;
  }
  for (let at = 0; at < items.length; at += batch) {
    out.byte(op.mark);
    for (const item of items.slice(at, at + batch)) writeValue(out, item);
    out.byte(op.appends);
  }
}

function writeInt(out: ByteWriter, value: number): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number that is exact`);
  if (value >= 0 && value < 256) out.byte(op.int1, value);
  else if (value >= 0 && value < 65536) out.byte(op.int2, value & 255, value >> 8);
  else if (value === (value | 0)) {
    out.byte(op.int4);
    out.uint32(value >>> 0);
  } else {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    // Python leaves out the last bytes that only repeat the sign.
    let length = 8;
    const [fill, top] = value < 0 ? [255, 128] : [0, 0];
    while (length > 1 && bytes[length - 1] === fill && ((bytes[length - 2] as number) & 128) === top) length--;
    out.byte(op.long1, length);
    out.raw(bytes.subarray(0, length));
  }
}

/** Bytes that are added to at the end. */
class ByteWriter {
  private buffer = Buffer.allocUnsafe(1024);
  private length = 0;

  byte(...values: readonly number[]): void {
    this.room(values.length);
    for (const value of values) this.buffer[this.length++] = value;
  }

  uint32(value: number): void {
    this.room(4);
    this.length = this.buffer.writeUInt32LE(value, this.length);
  }

  raw(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  private room(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.length + bytes));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}
