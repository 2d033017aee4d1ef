import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OverTime } from '../../../src/monitor/records/over-time.ts';
import { RecordTable } from '../../../src/monitor/records/record-table.ts';
import { tableOf } from './tables.ts';

test('without records there are no stretches', () => {
  const overTime = new OverTime();
  overTime.catchUp(new RecordTable());
  expect(overTime.stretches).toMatchObject({ finished: [], failed: [] });
});

test('each end is in the stretch of its time', () => {
  const overTime = new OverTime();
  const ends = [1000.2, 1000.9, 1002.5].map((finish) => ({ start: finish - 0.1, elapsed: 0.1, exitCode: 0 }));
  overTime.catchUp(tableOf([...ends, { start: 1002, elapsed: 0.6, exitCode: 3 }]));
  expect(overTime.stretches).toEqual({ from: 1000, width: 1, finished: [2, 0, 2], failed: [0, 0, 1] });
});

test('a node whose clock is an hour ahead does not hide what the others do', () => {
  const overTime = new OverTime(10);
  const ends = [4600, 1000, 1900, 2800].map((finish) => ({ start: finish - 1, elapsed: 1 }));
  overTime.catchUp(tableOf(ends));
  // An hour is eight stretches of 512 seconds, and of 256 it would be more than there may be.
  expect(overTime.stretches).toEqual({
    from: 4600 - 8 * 512,
    width: 512,
    finished: [1, 0, 1, 0, 1, 0, 0, 0, 1],
    failed: Array(9).fill(0),
  });
});

test('an end in 1970 is one of the first stretch, and makes the others no longer', () => {
  const overTime = new OverTime();
  overTime.catchUp(tableOf([1_795_500_000, 10, 1_795_500_001].map((start) => ({ start, elapsed: 0 }))));
  expect(overTime.stretches).toEqual({ from: 1_795_500_000, width: 1, finished: [2, 1], failed: [0, 0] });
});

test('no end is lost, there are never too many stretches, and it does not matter how records come', () => {
  const record = fc.record({
    start: fc.integer({ min: 1_000_000, max: 1_100_000 }).map((tenths) => tenths / 10),
    elapsed: fc.nat(500).map((tenths) => tenths / 10),
    exitCode: fc.constantFrom(0, 0, 1),
    kind: fc.constantFrom('task' as const, 'task' as const, 'skipped' as const, 'barrier' as const),
  });
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(60),
      (records, most, cut) => {
        const tasks = records.filter(({ kind }) => kind === 'task');
        const whole = new OverTime(most);
        whole.catchUp(tableOf(records));
        const { finished, failed, width } = whole.stretches;
        const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
        expect(sum(finished)).toBe(tasks.length);
        expect(sum(failed)).toBe(tasks.filter(({ exitCode }) => exitCode !== 0).length);
        expect(finished.length).toBeLessThanOrEqual(most);
        expect(Math.log2(width) % 1).toBe(0);
        const parts = new OverTime(most);
        parts.catchUp(tableOf(records.slice(0, cut)));
        parts.catchUp(tableOf(records));
        expect(parts.stretches).toEqual(whole.stretches);
      },
    ),
  );
});
