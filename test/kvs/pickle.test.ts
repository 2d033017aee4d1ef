import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pickle, type PickleValue } from '../../src/kvs/pickle.ts';
import { unpickle } from '../../src/kvs/unpickle.ts';
import { skipWithout } from '../support/needs.ts';

const values = fc.letrec<{ value: PickleValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.maxSafeInteger(),
    fc.integer({ min: -3, max: 70_000 }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(tie('value'), { maxLength: 5 }).map((tuple) => ({ tuple })),
  ),
})).value;

/** A value as Python writes it. */
function python(value: PickleValue): string {
  if (value === null) return 'None';
  if (typeof value === 'number') return String(value);
  if (value instanceof Uint8Array) return `bytes.fromhex('${Buffer.from(value).toString('hex')}')`;
  if ('tuple' in value) return `(${value.tuple.map((item) => `${python(item)},`).join('')})`;
  return `[${value.map(python).join(',')}]`;
}

/** Has Python look at values and their pickles. @returns what it printed */
function askPython(program: string, all: readonly PickleValue[]): string {
  const lines = all.map((value) => `${pickle(value).toString('hex')} ${python(value)}`).join('\n');
  const run = spawnSync('python3', ['-c', program], { input: lines, encoding: 'utf8' });
  expect(run.stderr).toBe('');
  return run.stdout;
}

describe('a pickle', () => {
  test('is read back as what was written', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(unpickle(pickle(value))).toEqual(value);
      }),
    );
  });

  test('is read by Python as the same value', (ctx) => {
    skipWithout(ctx, 'python3');
    const large = [
      Buffer.alloc(70_000, 'x'),
      Array.from({ length: 2500 }, (_, i) => i),
      2 ** 31,
      -(2 ** 31) - 1,
      2 ** 53 - 1,
    ];
    const all = [...fc.sample(values, 200), ...large];
    const program = [
      'import pickle, sys',
      'for n, line in enumerate(sys.stdin):',
      "    data, _, text = line.partition(' ')",
      '    want = eval(text)',
      '    got = pickle.loads(bytes.fromhex(data))',
      "    if got != want or type(got) != type(want): print('differs:', line)",
      'print(n + 1)',
    ].join('\n');
    expect(askPython(program, all)).toBe(`${all.length}\n`);
  });

  test('is byte for byte what Python writes, where nothing is in it twice', (ctx) => {
    skipWithout(ctx, 'python3');
    const tuple = (...items: readonly PickleValue[]): PickleValue => ({ tuple: items });
    const bytes = (text: string): Buffer => Buffer.from(text);
    const all = [
      tuple([6, 9, 2, 1, 1, 1], [], [tuple(bytes('js'), 1, tuple(bytes('JSON'), null, 13))]),
      tuple([256, 65536, -1, 2 ** 31, 2 ** 40], [tuple(bytes('k1'), 2), tuple(bytes('k2'), 3)], []),
      [tuple(), tuple(1), tuple(1, 2, 3, 4, 5), [], [1], bytes('x'.repeat(300))],
      Array.from({ length: 2100 }, () => 7),
    ];
    const program = [
      'import pickle, sys',
      'for line in sys.stdin:',
      "    data, _, text = line.partition(' ')",
      '    print(pickle.dumps(eval(text), 4).hex() == data)',
    ].join('\n');
    expect(askPython(program, all)).toBe('True\n'.repeat(all.length));
  });

  test('that would call something is refused, and so is one that is cut off', () => {
    const call = Buffer.from('8004950d000000000000008c026f73948c0673797374656d9493942e', 'hex');
    expect(() => unpickle(call)).toThrow('the instruction 0x8c');
    const whole = pickle({ tuple: [[1, 2], Buffer.from('abc')] });
    for (let end = 0; end < whole.length; end++) {
      expect(() => unpickle(whole.subarray(0, end))).toThrow('ends too early');
    }
  });
});
