import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deque } from '../../src/base/deque.ts';

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('push' as const), count: fc.integer({ min: 1, max: 900 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('shift' as const), count: fc.integer({ min: 1, max: 900 }) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'clear' as const, count: 0 }) },
);

test('it gives back what was put in, in that order, however long it was and whatever was taken before', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const deque = new Deque<number>();
      const model: number[] = [];
      let next = 0;
      for (const { do: what, count } of steps) {
        if (what === 'clear') {
          deque.clear();
          model.length = 0;
        }
        for (let i = 0; i < count; i++) {
          if (what === 'push') {
            deque.push(next);
            model.push(next++);
          } else {
            expect(deque.peek()).toBe(model[0]);
            expect(deque.shift()).toBe(model.shift());
          }
        }
        expect(deque.length).toBe(model.length);
        expect([...deque]).toEqual(model);
      }
    }),
    { numRuns: 40 },
  );
});

test('an empty one has nothing to look at or to take, and is of use afterwards', () => {
  const deque = new Deque<string>();
  expect([deque.length, deque.peek(), deque.shift(), deque.length]).toEqual([0, undefined, undefined, 0]);
  deque.push('a');
  expect([deque.peek(), deque.shift(), deque.shift(), deque.length]).toEqual(['a', 'a', undefined, 0]);
});

test('what was taken is held no longer, also while the queue is never empty', () => {
  const deque = new Deque<Buffer>();
  const piece = 1 << 18;
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 2000; i++) {
    deque.push(Buffer.alloc(piece));
    if (i > 0) deque.shift();
  }
  expect(deque.length).toBe(1);
  // Two thousand pieces went through; collected or not, they must not all be there.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1000 * piece);
});
