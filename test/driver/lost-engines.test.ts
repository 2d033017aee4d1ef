import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leaseSeconds, SimulatedCluster, type Fault } from './simulated-cluster.ts';

const minute = 60_000;
const lease = leaseSeconds * 1000;

/** How the tasks of a run ended, but for late reports. */
function finalCodes(cluster: SimulatedCluster): number[] {
  return cluster.records.filter((record) => record.kind === 'task').map((record) => record.exitCode);
}

describe('a host that is lost', () => {
  test('has its tasks run again elsewhere, but not before its lease and the margin have ended', () => {
    const cluster = new SimulatedCluster(2, [1, 1], () => 20_000, 2);
    cluster.pass(1000);
    cluster.strike('crash', 1);
    cluster.pass(lease + 4000);
    expect(cluster.starts).toBe(2);
    cluster.pass(5000);
    expect(cluster.starts).toBe(3);
    cluster.pass(minute);
    expect(finalCodes(cluster)).toEqual([0, 0]);
    expect(cluster.state.end).toEqual({ why: 'done' });
  });

  test('has its tasks run again at once when they are known to be dead', () => {
    const cluster = new SimulatedCluster(2, [1, 1], () => 4000, 2);
    cluster.pass(1000);
    cluster.strike('kill engine', 1);
    cluster.strike('proof of death', 1);
    cluster.pass(8500);
    expect(finalCodes(cluster)).toEqual([0, 0]);
  });

  test('and is heard of again within its lease has lost nothing', () => {
    const cluster = new SimulatedCluster(4, [2, 2], () => 45_000, 2);
    cluster.pass(1000);
    cluster.strike('cut', 1);
    cluster.pass(lease - 5000);
    cluster.strike('heal', 1);
    cluster.pass(minute);
    expect(finalCodes(cluster)).toEqual([0, 0, 0, 0]);
    expect(cluster.starts).toBe(4);
    expect(cluster.notices).toEqual([]);
  });

  test('and is heard of after its lease works again, and its tasks have run elsewhere', () => {
    const cluster = new SimulatedCluster(8, [1, 1], () => 50_000, 2);
    cluster.pass(1000);
    cluster.strike('cut', 1);
    cluster.pass(lease + 20_000);
    cluster.strike('heal', 1);
    cluster.pass(10 * minute);
    expect(finalCodes(cluster)).toEqual(Array.from({ length: 8 }, () => 0));
    expect(cluster.notices.some((text) => text.includes('node1 is there again'))).toBe(true);
    expect(cluster.state.engines.get(1)?.finished).toBeGreaterThan(1);
  });

  test('and was the only one is waited for, and the run goes on when it is there again', () => {
    const cluster = new SimulatedCluster(3, [1], () => 10_000, 2);
    cluster.pass(1000);
    cluster.strike('cut', 0);
    cluster.pass(2 * minute);
    expect(cluster.over).toBe(false);
    cluster.strike('heal', 0);
    cluster.pass(2 * minute);
    expect(finalCodes(cluster)).toEqual([0, 0, 0]);
  });

  test('and was the only one ends the run with an error when it does not come back', () => {
    const cluster = new SimulatedCluster(3, [1], () => 10_000, 2);
    cluster.pass(1000);
    cluster.strike('crash', 0);
    cluster.pass(20 * minute);
    expect(cluster.over).toBe(true);
    expect(cluster.state.end?.why).toBe('trouble');
    expect(finalCodes(cluster)).toEqual([]);
  });

  test('and reports a task that has run elsewhere has that report recorded as late, which does not count', () => {
    const cluster = new SimulatedCluster(2, [1, 1], () => 10_000, 2);
    cluster.pass(1000);
    cluster.strike('cut', 1);
    // The task ends there and its report waits behind the cut.
    cluster.pass(lease + 40_000);
    expect(cluster.over).toBe(true);
    expect(finalCodes(cluster)).toEqual([0, 0]);

    const longer = new SimulatedCluster(3, [1, 1], (taskId) => (taskId === 1 ? 10_000 : 2 * minute), 2);
    longer.pass(1000);
    longer.strike('cut', 1);
    longer.pass(3 * minute);
    longer.strike('heal', 1);
    longer.pass(5 * minute);
    expect(longer.records.filter((record) => record.kind === 'late').map((record) => record.taskId)).toEqual([1]);
    expect(longer.state.counts).toMatchObject({ finished: 3, failed: 0, late: 1 });
  });

  test('at a signal keeps the run from ending until its tasks must be dead', () => {
    const cluster = new SimulatedCluster(2, [1, 1], () => minute, 2);
    cluster.pass(1000);
    cluster.strike('cut', 1);
    cluster.strike('signal', 0);
    cluster.pass(lease);
    expect(cluster.over).toBe(false);
    cluster.pass(8000);
    expect(cluster.over).toBe(true);
    expect(cluster.state.counts.interrupted).toBe(2);
  });
});

test('a host that comes back at the moment of a signal is sent away, and does not keep the run from ending', () => {
  const cluster = new SimulatedCluster(1, [1, 1], () => 32_501, undefined);
  cluster.strike('cut', 0);
  cluster.pass(5000);
  cluster.strike('crash', 1);
  cluster.pass(24_001);
  // It tells that its lease has ended, and is asked to work again.
  cluster.strike('heal', 0);
  cluster.pass(1);
  cluster.strike('signal', 0);
  cluster.pass(2 * minute);
  expect(cluster.over).toBe(true);
});

test('whatever breaks whenever, no task runs in two places, and each is recorded once or left to a resume', () => {
  const faults: Fault[] = ['crash', 'kill engine', 'break connection', 'cut', 'heal', 'cut', 'heal', 'freeze', 'thaw'];
  const more: Fault[] = ['proof of death', 'stop context', 'signal', 'soft stop'];
  const happening = fc.tuple(
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...faults) }, { weight: 1, arbitrary: fc.constantFrom(...more) }),
    fc.nat(4),
    fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 5000, max: 50_000 })),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 }),
      fc.array(fc.integer({ min: 100, max: 60_000 }), { minLength: 5, maxLength: 5 }),
      fc.array(happening, { maxLength: 12 }),
      fc.constantFrom(undefined, 0, 2),
      (tasks, slots, durations, happenings, maxLost) => {
        const cluster = new SimulatedCluster(tasks, slots, (taskId) => durations[taskId % 5] as number, maxLost);
        for (const [fault, which, ms] of happenings) {
          cluster.strike(fault, which);
          cluster.pass(ms);
        }
        cluster.mend();
        cluster.pass(120 * minute);
        expect(cluster.over).toBe(true);
        const recorded = cluster.records.filter((record) => record.kind === 'task');
        expect(new Set(recorded.map((record) => record.taskId)).size).toBe(recorded.length);
        if (cluster.state.end?.why === 'done') expect(recorded).toHaveLength(tasks);
        for (const record of recorded) expect([0, -100]).toContain(record.exitCode);
      },
    ),
    { numRuns: 2000 },
  );
});
