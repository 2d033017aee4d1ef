/**
 * Dumps of what nobody would put there in good faith, read by Python's own pickle module: it finds what is there, and
 * nothing in a dump ever names or calls anything.
 */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { asBytes, ofArray, type ByteString } from '../../src/base/byte-string.ts';
import { dumpOf, type DumpedValue } from '../../src/kvs/dump.ts';
import { Store } from '../../src/kvs/store.ts';
import { skipWithout } from '../support/needs.ts';

beforeEach((ctx) => skipWithout(ctx, 'python3'));

/** Reads dumps in hex, a line each, with pickle.loads and with an unpickler that allows nothing but data. */
const reader = `
import io, json, pickle, pickletools, sys

class Data(pickle.Unpickler):
    def find_class(self, *name):
        raise pickle.UnpicklingError(name)

def shown(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(shown, value)]
    assert value is None or type(value) is int, value
    return value

opcodes = set()
for line in sys.stdin:
    data = bytes.fromhex(line)
    value = Data(io.BytesIO(data)).load()
    assert value == pickle.loads(data)
    opcodes |= {opcode.code for opcode, _, _ in pickletools.genops(data)}
    print(json.dumps(shown(value)))
print(json.dumps(sorted(ord(code) for code in opcodes)))
`;

function readByPython(dumps: readonly Buffer[]): unknown[] {
  const run = spawnSync('python3', ['-c', reader], {
    input: dumps.map((dump) => `${dump.toString('hex')}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 1024 ** 3,
  });
  expect(run.stderr).toBe('');
  return run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

interface Entry {
  readonly key: Uint8Array;
  readonly encoding: ByteString;
  readonly value: Uint8Array;
  /** As far as the store says; more than there is when the value is not in memory. */
  readonly length: number;
  readonly inMemory: boolean;
}

const evil = [
  "cos\nsystem\n(S'touch gotcha'\ntR.",
  'c__builtin__\neval\n',
  '\x80\x04\x95\x0d\0\0\0\0\0\0\0\x8c\x02os\x94\x8c\x06system\x94\x93\x94.',
  "it's \"quoted\"\n'''",
  '\\x00\\',
  '<HTML><script>alert(1)</script>',
  '<html>'.repeat(3000),
  '',
  '\0',
  '\xff'.repeat(255),
  '\xff'.repeat(256),
  '.'.repeat(50),
  '.'.repeat(51),
  'k'.repeat(65_536),
].map((text) => Buffer.from(text, 'latin1'));

const anyBytes = fc.oneof(
  fc.constantFrom(...evil),
  fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(0x00, 0x2e, 0x63, 0x80, 0xff).map((byte) => Buffer.alloc(300, byte)),
);
const entries: fc.Arbitrary<Entry> = fc
  .record({
    key: anyBytes,
    encoding: fc.oneof(
      fc.constantFrom('ASTR', 'HTML', 'JSON', 'PYPK', 'cos\n', '\0\0\0\0', '\xff\xfe..').map(asBytes),
      fc.uint8Array({ minLength: 4, maxLength: 4 }).map(ofArray),
    ),
    value: anyBytes,
    elsewhere: fc.option(fc.constantFrom(0, 255, 256, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 40, 2 ** 53 - 1)),
  })
  .map(({ elsewhere, ...entry }) => ({
    ...entry,
    length: elsewhere ?? entry.value.length,
    inMemory: elsewhere === null,
  }));

function storeOf(all: readonly Entry[], waits: readonly Uint8Array[]): Store<DumpedValue> {
  const store = new Store<DumpedValue>({ notice: () => undefined, drop: () => {} });
  for (const { key, encoding, value, length, inMemory } of all)
    store.put(ofArray(key), { encoding, length, bytes: inMemory ? value : undefined });
  for (const key of waits) store.request({ kind: 'get', key: ofArray(key), deliver: () => true });
  return store;
}

/** What the page says that a dump tells of a value. */
function told({ encoding, value, length, inMemory }: Entry): unknown[] {
  const name = Buffer.from(encoding, 'latin1').toString('hex');
  const bytes = Buffer.from(value);
  const hidden = ['tuple', name, null, length];
  const isHtml = encoding === 'HTML' || (encoding === 'ASTR' && /^<html>/i.test(bytes.toString('latin1', 0, 6)));
  if (!inMemory || (encoding !== 'ASTR' && !isHtml)) return hidden;
  if (isHtml) return length <= 65_536 ? ['tuple', name, bytes.toString('hex')] : hidden;
  if (length <= 50) return ['tuple', name, bytes.toString('hex')];
  return [
    'tuple',
    name,
    Buffer.concat([bytes.subarray(0, 24), Buffer.from('...'), bytes.subarray(-23)]).toString('hex'),
    length,
  ];
}

function expected(all: readonly Entry[], waits: readonly Uint8Array[]): unknown {
  const keys = new Map<string, Entry[]>();
  for (const entry of all) {
    const name = Buffer.from(entry.key).toString('hex');
    keys.set(name, [...(keys.get(name) ?? []), entry]);
  }
  const waiting = new Map<string, number>();
  let gets = 0;
  for (const key of waits) {
    const name = Buffer.from(key).toString('hex');
    const queue = keys.get(name);
    if (queue === undefined) waiting.set(name, (waiting.get(name) ?? 0) + 1);
    else {
      gets++;
      queue.shift();
      if (queue.length === 0) keys.delete(name);
    }
  }
  const begun = waits.length - gets;
  return [
    'tuple',
    ['list', gets, all.length, 0, begun, begun, 0],
    ['list', ...[...waiting].map(([name, count]) => ['tuple', name, count])],
    ['list', ...[...keys].map(([name, queue]) => ['tuple', name, queue.length, told(queue.at(-1) as Entry)])],
  ];
}

test('Python reads in a dump what is in the store, and no instruction that is not on the page', () => {
  const stores = fc.sample(fc.tuple(fc.array(entries, { maxLength: 12 }), fc.array(anyBytes, { maxLength: 5 })), 300);
  // The longest of everything, and enough of it for more than one batch and no frame.
  const many = Array.from({ length: 1500 }, (_, i): Entry => {
    const value = evil[i % evil.length] as Buffer;
    return { key: Buffer.from(`${i}\0'`), encoding: asBytes('ASTR'), value, length: value.length, inMemory: true };
  });
  stores.push([many, many.map(({ key }) => Buffer.concat([key, key]))]);
  const answers = readByPython(stores.map(([all, waits]) => dumpOf(storeOf(all, waits))));
  const opcodes = answers.pop() as number[];
  stores.forEach(([all, waits], i) => expect(answers[i]).toEqual(expected(all, waits)));
  const onThePage = [
    ...[0x80, 0x95, 0x2e, 0x4e, 0x4b, 0x4d, 0x4a, 0x8a, 0x43, 0x42, 0x5d, 0x28, 0x61, 0x65, 0x29],
    ...[0x85, 0x86, 0x87, 0x74, 0x94],
  ];
  expect(opcodes.filter((code) => !onThePage.includes(code))).toEqual([]);
});
