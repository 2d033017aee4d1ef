/** Snapshots of runs for the tests of what monitors show: made by hand, and any at all. */
import fc from 'fast-check';
import { bytesOfText } from '../../src/base/byte-string.ts';
import type { RunCounts, RunEnd, RunSnapshot } from '../../src/contract/snapshot.ts';
import type { StatusRecord } from '../../src/task/status-record.ts';

const noCounts: RunCounts = {
  finished: 0,
  failed: 0,
  skipped: 0,
  skippedFailed: 0,
  interrupted: 0,
  rerun: 0,
  late: 0,
  perEngineFailed: 0,
  barriers: 0,
  taskSeconds: 0,
};

/** A run of ten tasks in two slots that has just begun, but for what is given. */
export function snapshotOf(given: Partial<Omit<RunSnapshot, 'counts'>> & { counts?: Partial<RunCounts> }): RunSnapshot {
  return {
    total: 10,
    running: 0,
    slots: 2,
    start: 1000,
    now: 1000,
    end: undefined,
    failures: [],
    ...given,
    counts: { ...noCounts, ...given.counts },
  };
}

/** A task that failed with exit code 3, but for what is given. */
export function failureOf(given: Partial<Omit<StatusRecord, 'command'>> & { command?: string } = {}): StatusRecord {
  return {
    kind: 'task',
    taskId: 4,
    lineNumber: 5,
    repeatIndex: -1,
    node: 'node1',
    pid: 77,
    exitCode: 3,
    elapsed: 1,
    start: 1000,
    finish: 1001,
    outputBytes: 0,
    outputSnippet: '',
    errorBytes: 0,
    errorSnippet: '',
    outputCut: false,
    errorCut: false,
    ...given,
    command: bytesOfText(given.command ?? 'false'),
  };
}

export const anyEnd: fc.Arbitrary<RunEnd | undefined> = fc.constantFrom<(RunEnd | undefined)[]>(
  undefined,
  { why: 'done' },
  { why: 'check-failed', barrier: 7 },
  { why: 'fail-fast', record: failureOf() },
  { why: 'soft-stop' },
  { why: 'signal', signal: 'SIGINT' },
  { why: 'trouble', error: new Error('the disk is full') },
);

const count = fc.oneof(fc.nat(3), fc.nat(2000), fc.nat(20_000_000));

/** Any run that can be. */
export const anySnapshot: fc.Arbitrary<RunSnapshot> = fc
  .record({
    succeeded: count,
    failed: count,
    skippedGood: count,
    skippedFailed: count,
    waiting: count,
    running: fc.nat(5000),
    slots: fc.integer({ min: 1, max: 5000 }),
    interrupted: fc.nat(100),
    known: fc.boolean(),
    seconds: fc.double({ min: 0, max: 3e6, noNaN: true }),
    taskSeconds: fc.double({ min: 0, max: 1e9, noNaN: true }),
    end: anyEnd,
  })
  .map((each) => {
    const finished = each.succeeded + each.failed;
    const skipped = each.skippedGood + each.skippedFailed;
    return snapshotOf({
      counts: {
        finished,
        failed: each.failed,
        skipped,
        skippedFailed: each.skippedFailed,
        interrupted: each.interrupted,
        taskSeconds: each.taskSeconds,
      },
      total: each.known ? finished + skipped + each.running + each.waiting : undefined,
      running: each.running,
      slots: each.slots,
      now: 1000 + each.seconds,
      end: each.end,
    });
  });

/** The text without colours. */
export function withoutColours(text: string): string {
  return text.replace(/\x1b\[\d+m/g, '');
}
