import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunEnd } from '../../src/contract/snapshot.ts';
import { summaryJson } from '../../src/monitor/summary-json.ts';
import { anySnapshot, failureOf, snapshotOf } from './snapshots.ts';

const facts = {
  ...{ exitStatus: 1, statusFile: '/d/run_status.txt', resumeCommand: 'disbatch -r /d/run_status.txt Tasks' },
  ...{ detailsFile: undefined, resultsFolder: undefined },
};

function read(...words: Parameters<typeof summaryJson>): Record<string, unknown> {
  return JSON.parse(summaryJson(...words)) as Record<string, unknown>;
}

describe('the summary as JSON', () => {
  test('is one line with the same fields in the same order, however a run has ended', () => {
    const fields = Object.keys(read(snapshotOf({}), facts));
    fc.assert(
      fc.property(anySnapshot, (snapshot) => {
        const line = summaryJson(snapshot, facts);
        expect(line).not.toContain('\n');
        expect(Object.keys(JSON.parse(line) as object)).toEqual(fields);
      }),
      { numRuns: 200 },
    );
  });

  test('has all counts, times in seconds, and where things are', () => {
    const counts = {
      ...{ finished: 5, failed: 2, skipped: 3, skippedFailed: 1, interrupted: 4, rerun: 6, late: 7 },
      ...{ perEngineFailed: 8, barriers: 9, taskSeconds: 12.5 },
    };
    const snapshot = snapshotOf({ counts, start: 1000, now: 1030.25, end: { why: 'done' } });
    const places = { detailsFile: '/d/run_details.jsonl', resultsFolder: '/d/out' };
    expect(read(snapshot, { ...facts, ...places })).toEqual({
      ...{ end: 'done', problem: null, total: 10, start: 1000, finish: 1030.25, elapsed: 30.25 },
      ...counts,
      firstFailures: [],
      ...{ exitStatus: 1, statusFile: facts.statusFile, resumeCommand: facts.resumeCommand },
      ...places,
    });
  });

  test('has the first failures, with how each ended in words', () => {
    const failures = [
      failureOf({ errorSnippet: 'no such\nthing', command: 'caf\u00e9' }),
      failureOf({ exitCode: -100, pid: -1, kind: 'per-engine' }),
    ];
    expect(read(snapshotOf({ failures }), facts)['firstFailures']).toEqual([
      {
        ...{ kind: 'task', taskId: 4, lineNumber: 5, node: 'node1', exitCode: 3, how: 'exit code 3' },
        ...{ error: 'no such\nthing', command: 'caf\u00e9' },
      },
      expect.objectContaining({ kind: 'per-engine', exitCode: -100, how: 'lost when its launcher or engine died' }),
    ]);
  });

  test('does not know how many tasks there are when they come as they come', () => {
    expect(read(snapshotOf({ total: undefined }), facts)['total']).toBeNull();
  });

  test.each<[RunEnd, string | null]>([
    [{ why: 'done' }, null],
    [{ why: 'soft-stop' }, null],
    [{ why: 'time-limit' }, null],
    [{ why: 'fail-fast', record: failureOf() }, null],
    [{ why: 'check-failed', barrier: 7 }, 'the check of barrier 7 failed'],
    [{ why: 'signal', signal: 'SIGHUP' }, 'SIGHUP'],
    [{ why: 'trouble', error: new Error('The disk is full.') }, 'The disk is full.'],
  ])('of a run that ended by $why names the problem', (end, problem) => {
    expect(read(snapshotOf({ end }), facts)).toMatchObject({ end: end.why, problem });
  });
});
