/** The largest of many. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Largest } from '../../../src/monitor/analysis/largest.ts';

test('it has what sorting would put first, the earlier one of equals', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.nat(8), (sizes, most) => {
      const largest = new Largest<number>(most);
      for (const [i, size] of sizes.entries()) largest.add(size, i);
      const sorted = sizes.map((size, i) => ({ size, i })).toSorted((a, b) => b.size - a.size);
      expect(largest.items()).toEqual(sorted.slice(0, most).map(({ i }) => i));
    }),
  );
});

test('ten thousand of a million that grow and grow are found in no time', () => {
  const largest = new Largest<number>(10_000);
  const begin = performance.now();
  for (let i = 0; i < 1_000_000; i++) largest.add(i, i);
  expect(largest.items().slice(0, 2)).toEqual([999_999, 999_998]);
  expect(performance.now() - begin).toBeLessThan(10_000);
});
