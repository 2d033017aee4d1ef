import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { encodeMonitor, encodePutHeader, encodeRequest, StoreError } from '../../src/kvs/protocol.ts';
import { RequestReader } from '../../src/kvs/request-reader.ts';

/** Bytes as a string. */
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => asBytes(Buffer.from(array).toString('latin1')));
const encoding = fc
  .uint8Array({ minLength: 4, maxLength: 4 })
  .map((array) => asBytes(Buffer.from(array).toString('latin1')));

type Whole = readonly string[];

const requests: fc.Arbitrary<{ readonly wire: Buffer; readonly whole: Whole }> = fc.oneof(
  fc.tuple(bytes, encoding, bytes).map(([key, code, value]) => ({
    wire: Buffer.concat([encodePutHeader(key, code, value.length), Buffer.from(value, 'latin1')]),
    whole: ['put', key, code, value],
  })),
  bytes.map((key) => ({ wire: encodeRequest('get_', key), whole: ['get', key] })),
  bytes.map((key) => ({ wire: encodeRequest('view', key), whole: ['view', key] })),
  fc.tuple(bytes, bytes).map(([key, watch]) => ({ wire: encodeMonitor(key, watch), whole: ['mkey', key, watch] })),
  fc.constant({ wire: encodeRequest('dump'), whole: ['dump'] }),
);

/** The requests in a stream that comes in chunks. */
function read(chunks: readonly Buffer[], reader = new RequestReader()): Whole[] {
  const all: string[][] = [];
  for (const chunk of chunks) {
    for (const part of reader.read(chunk)) {
      if (part.type === 'value') {
        const put = all.at(-1) as string[];
        put[3] = (put[3] ?? '') + Buffer.from(part.bytes).toString('latin1');
      } else if (part.type === 'put') all.push(['put', part.key, part.encoding]);
      else if (part.type === 'mkey') all.push(['mkey', part.key, part.watch]);
      else if (part.type === 'get' || part.type === 'view') all.push([part.type, part.key]);
      else all.push([part.type]);
    }
  }
  return all;
}

/** The bytes cut at the places, which may be anywhere. */
function cut(wire: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (wire.length + 1)), wire.length].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => wire.subarray(at[i], end));
}

function problemOf(wire: string | Buffer): string {
  try {
    read([Buffer.from(wire as string, 'latin1')]);
  } catch (error) {
    if (error instanceof StoreError) return error.message;
    throw error;
  }
  return 'none';
}

describe('requests', () => {
  test('are the same however their bytes are cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(requests, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 20 }), (list, places) => {
        const wire = Buffer.concat(list.map((request) => request.wire));
        const reader = new RequestReader();
        expect(read(cut(wire, places), reader)).toEqual(list.map(({ whole }) => whole));
        expect(reader.inRequest).toBe(false);
      }),
    );
  });

  test('are the same when every byte comes by itself, and a reader knows that it is within one', () => {
    const wire = Buffer.from('put_         2kkASTR         3abcget_         0', 'latin1');
    const reader = new RequestReader();
    const within: boolean[] = [];
    const types: string[] = [];
    for (const byte of wire) {
      for (const part of reader.read(Buffer.from([byte]))) types.push(part.type);
      within.push(reader.inRequest);
    }
    expect(types).toEqual(['put', 'value', 'value', 'value', 'get']);
    expect(within.flatMap((inside, i) => (inside ? [] : [i]))).toEqual([32, 46]);
  });

  test('after clos and down are not read', () => {
    expect(read([Buffer.from('closget_         1k')])).toEqual([['clos']]);
    expect(read([Buffer.from('downXXXX')])).toEqual([['down']]);
  });
});

describe('what is no request', () => {
  test.each([
    ['GET / HTTP/1.1', '"GET " stands where an operation was expected (put_, get_, view, mkey, dump, clos or down)'],
    [
      '\x1b[2J',
      String.raw`"\x1b[2J" stands where an operation was expected (put_, get_, view, mkey, dump, clos or down)`,
    ],
    ['get_       -12', '"       -12" stands where the length of a key was expected'],
    ['get_          ', '"          " stands where the length of a key was expected'],
    ['get_      0x10', '"      0x10" stands where the length of a key was expected'],
    ['get_9999999999', 'a key of 9999999999 bytes is announced, 65536 are allowed'],
    ['mkey         1k     70000', 'what a monitor key watches of 70000 bytes is announced, 65552 are allowed'],
    ['put_         1kASTR1073741825', 'a value of 1073741825 bytes is announced, 1073741824 are allowed'],
    ['put_         1kASTR       1e3', '"       1e3" stands where the length of a value was expected'],
  ])('%j is told in one sentence', (wire, sentence) => {
    expect(problemOf(wire)).toBe(sentence);
  });

  test('never makes the reader do anything but read or say so', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('', 'put_', 'get_', 'mkey'), (junk, begin) => {
        expect(typeof problemOf(Buffer.concat([Buffer.from(begin), junk]))).toBe('string');
      }),
    );
  });

  test('a length may be anywhere in its ten characters', () => {
    expect(read([Buffer.from('get_3         abcget_0000000003abcget_    3     abc')])).toEqual(
      Array.from({ length: 3 }, () => ['get', 'abc']),
    );
  });
});
