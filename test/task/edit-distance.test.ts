/** How far words are apart. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editDistance, nearest } from '../../src/task/edit-distance.ts';

describe('the distance of two words', () => {
  test.each([
    ['BARRIER', 'BARRIER', 0],
    ['BARIER', 'BARRIER', 1],
    ['BARRIERS', 'BARRIER', 1],
    ['REPAET', 'REPEAT', 1],
    ['PREFX', 'PREFIX', 1],
    ['PERENGIN', 'PERENGINE', 1],
    ['SUFFIX', 'PREFIX', 3],
    ['', 'CHECK', 5],
  ])('%j and %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  test('is the same both ways, 0 only for the same word, and never more than the longer word', () => {
    const word = fc.string({ unit: fc.constantFrom('A', 'B', 'C'), maxLength: 7 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(editDistance(b, a)).toBe(distance);
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

test('the nearest word is found up to the given distance, the first of equals', () => {
  expect(nearest('STRT', ['START', 'STOP'], 2)).toBe('START');
  expect(nearest('NONSENSE', ['START', 'STOP'], 2)).toBeUndefined();
  expect(nearest('AX', ['AY', 'AZ'], 1)).toBe('AY');
});
