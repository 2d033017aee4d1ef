import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coloured, plain, progressLine, RateMeter, timeToGo } from '../../src/monitor/progress.ts';
import { anySnapshot, snapshotOf, withoutColours } from './snapshots.ts';

const anyRate = fc.option(fc.double({ min: 1e-4, max: 1e5, noNaN: true }), { nil: undefined });

describe('the line', () => {
  test('is never wider than asked, and has one column to spare for the cursor', () => {
    fc.assert(
      fc.property(anySnapshot, anyRate, fc.integer({ min: 1, max: 250 }), (snapshot, rate, width) => {
        const line = progressLine(snapshot, rate, width, plain);
        expect([width, [...line].length]).toEqual([width, Math.min(width - 1, [...line].length)]);
      }),
      { numRuns: 2000 },
    );
  });

  test('is the same with colours, colours apart, and ends each colour', () => {
    fc.assert(
      fc.property(anySnapshot, anyRate, fc.integer({ min: 6, max: 250 }), (snapshot, rate, width) => {
        const line = progressLine(snapshot, rate, width, coloured);
        expect(withoutColours(line)).toBe(progressLine(snapshot, rate, width, plain));
        const escapes = line.match(/\x1b\[\d+m/g) ?? [];
        expect(escapes.filter((_, i) => i % 2 === 1).every((escape) => escape === '\x1b[0m')).toBe(true);
        expect(escapes.length % 2).toBe(0);
      }),
    );
  });

  test('shows more the wider it may be, and what it shows does not change', () => {
    fc.assert(
      fc.property(anySnapshot, anyRate, (snapshot, rate) => {
        // Below 72 columns there is no bar, so that a line is a beginning of the wider ones.
        let shorter = '';
        for (let width = 7; width < 72; width++) {
          const line = progressLine(snapshot, rate, width, plain);
          expect(line.startsWith(shorter)).toBe(true);
          shorter = line;
        }
      }),
    );
  });

  const middle = snapshotOf({
    counts: { finished: 1200, failed: 3, skipped: 34, taskSeconds: 100 },
    total: 2468,
    running: 8,
    now: 1065,
  });

  test('tells done of total, failed, running, rate, time to go and time gone', () => {
    expect(progressLine(middle, 20, 120, plain)).toBe(
      '████████████············  50%  1,234/2,468 done  3 failed  8 running  20/s  ETA 1:02  elapsed 1:05',
    );
    expect(progressLine(middle, 20, 80, plain)).toBe(
      '██████······  50%  1,234/2,468 done  3 failed  8 running  20/s  ETA 1:02',
    );
    expect(progressLine(middle, 20, 40, plain)).toBe(' 50% 1,234/2,468 done  3 failed');
  });

  test('says what it knows while the number of tasks is not known', () => {
    expect(progressLine({ ...middle, total: undefined }, 0.5, 120, plain)).toBe(
      '1,234 done  3 failed  8 running  0.50/s  elapsed 1:05',
    );
  });

  test('says that the run is stopping, and gives no time to go then', () => {
    const line = progressLine({ ...middle, end: { why: 'soft-stop' } }, 20, 120, plain);
    expect(line).toContain('8 running  stopping  20/s  elapsed');
    expect(line).not.toContain('ETA');
  });

  test('has no word of failures while there are none', () => {
    expect(progressLine(snapshotOf({}), undefined, 120, plain)).not.toContain('failed');
  });

  test('is full at the end, and never claims 100% before', () => {
    expect(progressLine(snapshotOf({ counts: { finished: 10 } }), 1, 100, plain)).toMatch(/^█{24} 100%/);
    expect(progressLine(snapshotOf({ counts: { finished: 9999 }, total: 10000 }), 1, 100, plain)).toContain(' 99%');
  });
});

describe('the rate', () => {
  function rateOf(...samples: [number, number][]): number | undefined {
    const meter = new RateMeter();
    for (const [time, finished] of samples) meter.note(time, finished);
    return meter.rate();
  }

  test('is not known before something has finished', () => {
    expect(rateOf()).toBeUndefined();
    expect(rateOf([0, 0])).toBeUndefined();
    expect(rateOf([0, 0], [5, 0])).toBeUndefined();
    expect(rateOf([0, 0], [0, 7])).toBeUndefined();
  });

  test('is what finished by the time that it took', () => {
    expect(rateOf([100, 0], [110, 25])).toBe(2.5);
  });

  test('is that of the last half minute, whatever was before', () => {
    const samples = Array.from({ length: 2000 }, (_, i): [number, number] => {
      const time = i / 5;
      return [time, time < 300 ? time * 1000 : 300_000 + (time - 300) * 2];
    });
    expect(rateOf(...samples)).toBeCloseTo(2, 6);
  });

  test('of a steady run is its rate at any moment, however often it is looked at', () => {
    const waits = fc.array(fc.double({ min: 0.01, max: 50, noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(waits, fc.double({ min: 0.01, max: 1e4, noNaN: true }), (gaps, rate) => {
        const meter = new RateMeter();
        meter.note(0, 0);
        let time = 0;
        const seen = gaps.map((gap) => {
          meter.note((time += gap), time * rate);
          return (meter.rate() as number) / rate;
        });
        expect(seen.filter((ratio) => Math.abs(ratio - 1) > 1e-6)).toEqual([]);
      }),
    );
  });

  test('is unknown again when nothing has finished for longer than the window', () => {
    expect(rateOf([0, 0], [1, 100], [2, 100], [40, 100], [80, 100])).toBeUndefined();
  });
});

describe('the time to go', () => {
  test('is what is left by the rate', () => {
    expect(timeToGo(snapshotOf({ counts: { finished: 4, skipped: 2 } }), 0.5)).toBe(8);
  });

  test('without a rate comes from how long a task took and how many run at a time', () => {
    const counts = { finished: 2, taskSeconds: 200 };
    expect(timeToGo(snapshotOf({ counts, slots: 4 }), undefined)).toBe(200);
    expect(timeToGo(snapshotOf({ counts, slots: 100 }), undefined)).toBe(100);
  });

  test('is not known before the first task has finished, nor without a total', () => {
    expect(timeToGo(snapshotOf({ counts: { skipped: 5 } }), 1)).toBeUndefined();
    expect(timeToGo(snapshotOf({ counts: { finished: 5 }, total: undefined }), 1)).toBeUndefined();
  });

  test('is nothing when all is done, and never below', () => {
    expect(timeToGo(snapshotOf({ counts: { finished: 8, skipped: 2 } }), undefined)).toBe(0);
    fc.assert(
      fc.property(anySnapshot, anyRate, (snapshot, rate) => {
        const seconds = timeToGo(snapshot, rate);
        expect(seconds === undefined || (seconds >= 0 && Number.isFinite(seconds))).toBe(true);
      }),
    );
  });
});
