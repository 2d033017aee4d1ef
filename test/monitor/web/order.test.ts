/** Records in the order of a number. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inPieces } from '../../../src/monitor/web/in-pieces.ts';
import { ordered } from '../../../src/monitor/web/order.ts';

test('they are in the order of their numbers, and of their places where these are the same', async () => {
  const keys = fc.array(fc.oneof(fc.nat(5), fc.integer({ min: 0, max: 0xffffffff })), { maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(keys, async (numbers) => {
      const order = await inPieces(
        ordered(
          numbers.length,
          (place) => place,
          (index) => numbers[index] as number,
        ),
      );
      const plain = numbers.map((_, index) => index).sort((a, b) => (numbers[a] as number) - (numbers[b] as number));
      expect([...order]).toEqual(plain);
    }),
    { numRuns: 40 },
  );
});

test('long work lets others have their turn, and ends when nobody wants it any more', async () => {
  let turns = 0;
  const others = setInterval(() => turns++, 1);
  function* work(): Generator<void, string> {
    for (const end = performance.now() + 10_000; turns < 3 && performance.now() < end;) yield;
    return 'done';
  }
  expect(await inPieces(work())).toBe('done');
  clearInterval(others);
  expect(turns).toBeGreaterThanOrEqual(3);
  turns = 0;
  const unwanted = AbortSignal.abort(new Error('gone'));
  await expect(inPieces(work(), unwanted)).rejects.toThrow('gone');
});
