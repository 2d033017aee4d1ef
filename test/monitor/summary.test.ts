import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunSnapshot } from '../../src/contract/snapshot.ts';
import { coloured, plain } from '../../src/monitor/progress.ts';
import { ending, summary } from '../../src/monitor/summary.ts';
import { anySnapshot, failureOf, snapshotOf, withoutColours } from './snapshots.ts';

const facts = { statusPath: '/d/Tasks_status.txt', resumeCommand: 'disbatch -r /d/Tasks_status.txt Tasks', width: 80 };
const linesOf = (snapshot: RunSnapshot): string[] => summary(snapshot, facts, plain);
const done = { why: 'done' } as const;
const all = snapshotOf({ counts: { finished: 10, taskSeconds: 19 }, now: 1010, end: done });

describe('the summary', () => {
  test('of a run in which all went well is two lines', () => {
    expect(linesOf(all)).toEqual([
      'disBatch: 10 tasks run, none failed, in 10.0 s (task time 19.0 s, 1.00 tasks/s)',
      '  status  /d/Tasks_status.txt',
    ]);
  });

  test('of a run that had lost tasks says how many were started again', () => {
    const one = snapshotOf({ counts: { finished: 10, taskSeconds: 19, rerun: 1 }, now: 1010, end: done });
    expect(linesOf(one)[1]).toBe('  lost    1 task that had been lost with what ran it was started again');
    const more = snapshotOf({ counts: { finished: 10, taskSeconds: 19, rerun: 1200 }, now: 1010, end: done });
    expect(linesOf(more)[1]).toBe('  lost    1,200 tasks that had been lost with what ran them were started again');
  });

  test('of one task says "1 task"', () => {
    const one = snapshotOf({ counts: { finished: 1, taskSeconds: 0.5 }, total: 1, now: 1000.5, end: done });
    expect(linesOf(one)[0]).toBe('disBatch: 1 task run, none failed, in 0.50 s (task time 0.50 s, 2.00 tasks/s)');
  });

  test('of a run with failures shows them, how to see the others, and the command that runs them again', () => {
    const failures = [
      failureOf({ errorSnippet: 'no such\nthing\n', command: 'work --hard' }),
      failureOf({ taskId: 6, lineNumber: 7, exitCode: -9, outputSnippet: 'said\n', command: 'sleep 9' }),
    ];
    const snapshot = snapshotOf({
      counts: { finished: 10, failed: 5, taskSeconds: 19 },
      now: 1010,
      end: done,
      failures,
    });
    expect(linesOf(snapshot)).toEqual([
      'disBatch: 10 tasks run, 5 failed, in 10.0 s (task time 19.0 s, 1.00 tasks/s)',
      '  failed  task 4 (line 5) on node1, exit code 3: work --hard',
      '          no such\\nthing',
      '  failed  task 6 (line 7) on node1, killed by signal 9: sleep 9',
      '          said',
      '  … and 3 more that failed: the lines with R, o or e at their beginning in the status file',
      '  status  /d/Tasks_status.txt',
      '  run the failed ones again:',
      '          disbatch -r /d/Tasks_status.txt Tasks',
    ]);
  });

  test('of a resumed run counts what was taken over', () => {
    const counts = { finished: 4, skipped: 6, skippedFailed: 1, taskSeconds: 4 };
    const [headline, ...rest] = linesOf(snapshotOf({ counts, now: 1004, end: done }));
    expect(headline).toMatch(/^disBatch: 4 tasks run, 6 taken over from earlier \(1 of them failed\), none failed/);
    expect(rest).toContain('  run the failed ones again:');
  });

  test('of a run that was ended says by what, how much is left, and how to resume', () => {
    const counts = { finished: 3, interrupted: 2, taskSeconds: 3 };
    const lines = linesOf(snapshotOf({ counts, now: 1003, end: { why: 'signal', signal: 'SIGINT' } }));
    expect(lines[0]).toMatch(/^disBatch: 3 of 10 tasks run/);
    expect(lines[1]).toBe('  Ended by SIGINT. 7 tasks are left. Of these, 2 ran and were ended.');
    expect(lines.slice(-2)).toEqual(['  resume:', `          ${facts.resumeCommand}`]);
  });

  test.each([
    [{ why: 'check-failed', barrier: 7 }, '  The check of barrier 7 failed: a task before it did. 1 task is left.'],
    [{ why: 'fail-fast', record: failureOf() }, '  Stopped at the first failure (--fail-fast). 1 task is left.'],
    [{ why: 'soft-stop' }, '  Stopped as asked: running tasks have finished. 1 task is left.'],
    [{ why: 'trouble', error: new Error('The disk is full.') }, '  The disk is full. 1 task is left.'],
  ] as const)('of a run that ended by %j says so', (end, sentence) => {
    const snapshot = snapshotOf({ counts: { finished: 9, failed: 1, taskSeconds: 9 }, now: 1009, end });
    expect(linesOf(snapshot)[1]).toBe(sentence);
    expect(linesOf(snapshot)).toContain('  resume, failed ones too:');
  });

  test('says nothing of what is left when the number of tasks is not known', () => {
    const lines = linesOf(snapshotOf({ counts: { finished: 9 }, total: undefined, end: { why: 'soft-stop' } }));
    expect(lines[0]).toMatch(/^disBatch: 9 tasks run/);
    expect(lines[1]).toBe('  Stopped as asked: running tasks have finished.');
  });

  test('counts failed per-engine tasks among the failures', () => {
    const failures = [failureOf({ kind: 'per-engine', taskId: 0, lineNumber: 1 })];
    const lines = linesOf({ ...all, counts: { ...all.counts, perEngineFailed: 1 }, failures });
    expect(lines[0]).toContain('1 per-engine task failed');
    expect(lines[1]).toMatch(/^ {2}failed {2}per-engine task 0 \(line 1\)/);
  });

  test('lets nothing through that a terminal obeys, and keeps the lines of failures to the width', () => {
    const hostile = fc.string({ unit: 'binary', maxLength: 300 });
    const failure = fc
      .record({
        command: hostile,
        errorSnippet: hostile,
        outputSnippet: hostile,
        exitCode: fc.integer({ min: -64, max: 255 }),
      })
      .map(failureOf);
    fc.assert(
      fc.property(
        anySnapshot,
        fc.array(failure, { maxLength: 3 }),
        fc.integer({ min: 80, max: 200 }),
        (run, failures, width) => {
          const lines = summary({ ...run, failures }, { ...facts, width, statusPath: '/d/a\x1b[2Jb' }, plain);
          for (const line of lines) {
            expect(line).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
            if (/^ {2}failed/.test(line)) expect([...line].length).toBeLessThanOrEqual(width);
          }
          expect(summary({ ...run, failures: [] }, facts, coloured).map(withoutColours)).toEqual(
            summary({ ...run, failures: [] }, facts, plain),
          );
        },
      ),
    );
  });

  test('is the same with colours, colours apart, also where a long command is cut', () => {
    const snapshot = { ...all, failures: [failureOf({ command: 'x'.repeat(300), errorSnippet: 'y'.repeat(300) })] };
    expect(summary(snapshot, facts, coloured).map(withoutColours)).toEqual(linesOf(snapshot));
  });
});

test.each([
  [{ exitCode: 3, pid: 7 }, 'exit code 3'],
  [{ exitCode: -15, pid: 7 }, 'killed by signal 15'],
  [{ exitCode: -100, pid: -1 }, 'lost when its launcher or engine died'],
  [{ exitCode: 7, pid: -1 }, 'could not be started'],
  [{ exitCode: 0, pid: 7 }, 'not all of its output was kept'],
])('a task that ended with %j is told as "%s"', (record, words) => {
  expect(ending(record)).toBe(words);
});
