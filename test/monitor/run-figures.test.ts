import { describe, expect, test } from 'vitest';
import type { RunOverview } from '../../src/contract/overview.ts';
import { runFigures } from '../../src/monitor/run-figures.ts';
import { tableOf } from './records/tables.ts';

const overview: RunOverview = {
  ...{ prefix: '/x/a', taskName: 'a', phase: 'running', end: undefined, start: 1000, now: 1010 },
  ...{ slots: 4, streamEnded: false, barriers: 1, barrier: undefined, contexts: [], engines: [] },
  tasks: {
    ...{ total: 100, finished: 20, failed: 2, skipped: 10, skippedFailed: 1, perEngineFailed: 0 },
    ...{ running: 4, lost: 0, taskSeconds: 40 },
  },
};
const none = tableOf([]).tallies;

describe('the figures of a run', () => {
  test('that goes on are those of the driver, with the time to go by the rate', () => {
    expect(runFigures(overview, none, 2)).toMatchObject({
      total: 100,
      done: 30,
      failed: 2,
      rate: 2,
      toGo: 35,
      elapsed: 10,
    });
  });

  test('that goes on without an end lately have a time to go by the time that tasks take', () => {
    expect(runFigures(overview, none, undefined)).toMatchObject({ rate: undefined, toGo: (70 * 2) / 4 });
  });

  test('that is being ended have no time to go, and one that is over has its mean rate', () => {
    expect(runFigures({ ...overview, phase: 'closing', end: 'soft-stop' }, none, 2).toGo).toBeUndefined();
    const over = runFigures({ ...overview, phase: 'over', end: 'done' }, none, 9);
    expect([over.rate, over.toGo]).toEqual([2, undefined]);
  });

  test('that nobody tells of are those of its records', () => {
    const { tallies } = tableOf([
      { start: 1000, elapsed: 2 },
      { start: 1001, elapsed: 3, exitCode: 1 },
      { kind: 'skipped', start: 1, elapsed: 1 },
      { kind: 'barrier', start: 1, elapsed: 1 },
    ]);
    expect(runFigures(undefined, tallies, 7)).toMatchObject({
      ...{ total: undefined, done: 3, finished: 2, failed: 1, skipped: 1, barriers: 1, start: 1000, elapsed: 4 },
      ...{ rate: 0.5, toGo: undefined, running: 0, slots: 0, taskSeconds: 5 },
    });
    expect(runFigures(undefined, none, undefined)).toMatchObject({ done: 0, elapsed: 0, rate: undefined });
  });
});
