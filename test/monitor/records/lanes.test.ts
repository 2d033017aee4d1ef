/** Lanes of tasks that ran beside each other: as few as there can be, and none in which two overlap. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lanes, overlapSeconds, type Lane } from '../../../src/monitor/records/lanes.ts';
import type { RecordTable } from '../../../src/monitor/records/record-table.ts';
import type { StatusRecord } from '../../../src/task/status-record.ts';
import { tableOf } from '../analysis/tables.ts';

function lanesOf(table: RecordTable): Lane[][] {
  const lanes = new Lanes();
  for (const _ of lanes.catchUp(table));
  return lanes.nodes;
}

const indicesOf = ({ indices }: Lane): number[] => Array.from({ length: indices.length }, (_, i) => indices.at(i));

/** Tasks whose times are multiples of some milliseconds, in the order of their ends, as records come. */
const inOrder = (stepMs: number): fc.Arbitrary<Partial<StatusRecord>[]> =>
  fc
    .array(
      fc.record({
        start: fc.nat(60),
        elapsed: fc.integer({ min: 1, max: 30 }),
        node: fc.constantFrom('a', 'b'),
        exitCode: fc.constantFrom(0, 0, 1),
      }),
      {
        maxLength: 60,
      },
    )
    .map((tasks) =>
      tasks
        .sort((x, y) => x.start + x.elapsed - y.start - y.elapsed)
        .map((task) => ({
          ...task,
          start: (task.start * stepMs) / 1000,
          elapsed: (task.elapsed * stepMs) / 1000,
        })),
    );

/** How many of them ran at once, at most. */
function peak(tasks: readonly Partial<StatusRecord>[]): number {
  const ms = (seconds = 0): number => Math.round(seconds * 1000);
  const at = (moment: number) =>
    tasks.filter(({ start, elapsed }) => ms(start) <= moment && moment < ms(start) + ms(elapsed)).length;
  return Math.max(0, ...tasks.map(({ start }) => at(ms(start))));
}

/** The same, some of them a few places later than they should be. */
const nearlyInOrder = fc
  .tuple(inOrder(1), fc.array(fc.tuple(fc.nat(59), fc.nat(10)), { maxLength: 10 }))
  .map(([tasks, delays]) => {
    for (const [place, by] of delays) tasks.splice(place + by, 0, ...tasks.splice(place, 1));
    return tasks;
  });

test('each task is in one lane of its node, and no two in a lane overlap', () => {
  fc.assert(
    fc.property(nearlyInOrder, (tasks) => {
      const table = tableOf(tasks);
      const all = lanesOf(table);
      const seen: number[] = [];
      for (const [node, lanes] of all.entries()) {
        for (const lane of lanes) {
          const indices = indicesOf(lane);
          seen.push(...indices);
          let failed = 0;
          for (const [place, index] of indices.entries()) {
            failed += table.hasFailed(index) ? 1 : 0;
            expect(lane.failures.at(place)).toBe(failed);
          }
          expect(indices.every((index) => table.node(index) === node)).toBe(true);
          for (const [i, index] of indices.slice(1).entries())
            expect(table.start(index) + overlapSeconds + 1e-6).toBeGreaterThanOrEqual(
              table.finish(indices[i] as number),
            );
        }
      }
      expect(seen.sort((a, b) => a - b)).toEqual(tasks.map((_, index) => index));
    }),
  );
});

test('a node has as many lanes as tasks ran there at once, when records come in the order of their ends', () => {
  fc.assert(
    fc.property(inOrder(10), (tasks) => {
      const table = tableOf(tasks);
      const all = lanesOf(table);
      for (const [number, node] of table.nodes.entries())
        expect(all[number]?.length).toBe(peak(tasks.filter((task) => task.node === node)));
    }),
  );
});

test('what comes later goes on in the same lanes, and failures are counted along', () => {
  const tasks = [
    { start: 0, elapsed: 1 },
    { start: 0, elapsed: 2, exitCode: 1 },
    { start: 1, elapsed: 2, exitCode: 1 },
    { kind: 'barrier', start: 3, elapsed: 0 },
    { start: 3, elapsed: 1 },
  ] as const;
  const lanes = new Lanes();
  for (let count = 1; count <= tasks.length; count++) {
    const table = tableOf(tasks.slice(0, count));
    for (const _ of lanes.catchUp(table));
  }
  const [first, second] = lanes.nodes[0] as Lane[];
  expect([first, second].map((lane) => indicesOf(lane as Lane))).toEqual([[0, 2, 4], [1]]);
  expect([0, 1, 2].map((place) => (first as Lane).failures.at(place))).toEqual([0, 1, 1]);
});

test('failures that are recorded a moment later, since they were doubted, take no lanes of their own', () => {
  const slots = [0, 1].flatMap(() =>
    Array.from({ length: 100 }, (_, i) => ({
      start: i * 0.1,
      elapsed: 0.1,
      exitCode: i % 3 === 0 ? 1 : 0,
    })),
  );
  const recordedAt = ({ start, elapsed, exitCode }: (typeof slots)[number]): number =>
    start + elapsed + (exitCode === 0 ? 0 : 1);
  const [lanes = []] = lanesOf(tableOf(slots.sort((a, b) => recordedAt(a) - recordedAt(b))));
  expect(lanes.map((lane) => indicesOf(lane).length)).toEqual([100, 100]);
});

test('many nodes with many slots each do not take gigabytes', () => {
  const table = tableOf(
    Array.from({ length: 20_000 }, (_, n) => ({ node: `node${n % 200}`, start: 100, elapsed: 50 + n / 1000 })),
  );
  const before = process.memoryUsage().arrayBuffers;
  const nodes = lanesOf(table);
  expect(nodes.reduce((sum, lanes) => sum + lanes.length, 0)).toBe(20_000);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20e6);
});
