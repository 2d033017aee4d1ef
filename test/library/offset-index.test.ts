/** Where records begin. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OffsetIndex } from '../../src/library/offset-index.ts';

describe('the index of records', () => {
  test('knows each place that was noted, also the first of the file, and no other', () => {
    const place = fc.oneof(
      fc.constant(0),
      fc.maxSafeNat().map((n) => Math.min(n, Number.MAX_SAFE_INTEGER - 1)),
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.nat({ max: 30_000 }).map(String), place),
        fc.nat({ max: 30_000 }),
        (places, barrier) => {
          const index = new OffsetIndex();
          for (const [id, at] of Object.entries(places)) if (Number(id) !== barrier) index.note(Number(id), at);
          index.noteBarrier(barrier);
          for (let id = 0; id < 30_100; id += 97)
            expect(index.placeOf(id)).toBe(id === barrier ? undefined : places[id]);
          for (const [id, at] of Object.entries(places)) {
            expect(index.placeOf(Number(id))).toBe(Number(id) === barrier ? undefined : at);
          }
          expect(index.isBarrier(barrier)).toBe(true);
        },
      ),
    );
  });
});
