import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sparkline } from '../../../src/monitor/terminal/sparkline.ts';

const stretches = { from: 1000, width: 1, finished: [4, 2, 0, 6], failed: [0, 1, 0, 0] };

test('each stretch is a cell where there is room, with its rate and whether something failed', () => {
  expect(sparkline(stretches, 1004, 10)).toEqual({
    cells: [
      { rate: 4, failed: false },
      { rate: 2, failed: true },
      { rate: 0, failed: false },
      { rate: 6, failed: false },
    ],
    cellSeconds: 1,
    peak: 6,
  });
});

test('stretches are put together where there is none', () => {
  const { cells, cellSeconds } = sparkline(stretches, 1004, 2);
  expect(cells.map(({ rate }) => rate)).toEqual([3, 3]);
  expect(cellSeconds).toBe(2);
});

test('what has no ends since is nothing, up to now', () => {
  const { cells } = sparkline(stretches, 1008, 20);
  expect(cells.map(({ rate }) => rate)).toEqual([4, 2, 0, 6, 0, 0, 0, 0]);
});

test('a cell that has just begun is left out, and one that goes on is measured by what has gone of it', () => {
  const busy = { from: 1000, width: 10, finished: [50, 40], failed: [0, 0] };
  expect(sparkline(busy, 1012, 10).cells.map(({ rate }) => rate)).toEqual([5, 4]);
  const many = { from: 0, width: 1, finished: Array.from({ length: 41 }, () => 1), failed: [] };
  expect(sparkline(many, 41, 4).cells).toHaveLength(4);
});

test('there are never more cells than asked for, and none is above the peak', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1000), { maxLength: 240 }),
      fc.nat(100_000),
      fc.integer({ min: 1, max: 120 }),
      (finished, gone, most) => {
        const { cells, peak } = sparkline({ from: 0, width: 4, finished, failed: [] }, gone, most);
        expect(cells.length).toBeLessThanOrEqual(most);
        for (const { rate } of cells) expect(rate).toBeLessThanOrEqual(peak);
      },
    ),
  );
});

test('there is nothing to show when nothing has ended', () => {
  expect(sparkline({ from: 0, width: 1, finished: [], failed: [] }, 50, 10).cells).toEqual([]);
});
