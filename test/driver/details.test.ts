import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import type { RunnableTask } from '../../src/contract/messages.ts';
import { detailsLine } from '../../src/driver/details.ts';
import type { TaskFacts } from '../../src/driver/task-facts.ts';
import { anyRecord } from '../task/any-record.ts';
import { recordOf } from './records.ts';

const task: RunnableTask = { kind: 'task', taskId: 7, lineNumber: 8, repeatIndex: -1, command: asBytes('echo') };
const facts: TaskFacts = {
  ...{ task, context: { rank: 1, label: 'J12' }, engine: 4, slot: 2, broken: [], outputError: 0, errorError: 0 },
  usage: {
    ...{ userCpu: 1.5, systemCpu: 0.25, cpuFrom: 'wait4', peakMemory: 3_000_000, memoryFrom: 'samples' },
    largestProcess: 2_000_000,
  },
};

function detailsOf(...words: Parameters<typeof detailsLine>): Record<string, unknown> {
  return JSON.parse(detailsLine(...words)) as Record<string, unknown>;
}

const anyFacts: fc.Arbitrary<TaskFacts | undefined> = fc.option(
  fc.record({
    task: fc.constantFrom<RunnableTask>(task, {
      kind: 'per-engine',
      moment: 'stop',
      taskId: 7,
      lineNumber: 8,
      command: task.command,
    }),
    context: fc.record({ rank: fc.nat(), label: fc.string() }),
    engine: fc.nat(),
    slot: fc.integer({ min: -1 }),
    broken: fc.array(fc.constant({ engine: 1, slot: 0, node: 'n', start: 1, dead: 2 }), { maxLength: 3 }),
    outputError: fc.constantFrom(0, 28),
    errorError: fc.constantFrom(0, 28),
    usage: fc.constantFrom(undefined, facts.usage),
  }),
  { nil: undefined },
);

describe('a line of the details', () => {
  test('is one line of JSON with the same fields in the same order, whatever is known', () => {
    const fields = Object.keys(detailsOf(recordOf(1), facts, '/out'));
    fc.assert(
      fc.property(anyRecord, anyFacts, fc.constantFrom(undefined, '/out'), (record, known, results) => {
        const line = detailsLine(record, known, results);
        expect(line).not.toMatch(/[\r\n]/);
        expect(Object.keys(JSON.parse(line) as object)).toEqual(fields);
      }),
      { numRuns: 300 },
    );
  });

  test('tells where a task ran and what it used', () => {
    expect(detailsOf({ ...recordOf(7), elapsed: 1.1000000000000014 }, facts, undefined)).toEqual({
      ...{ kind: 'task', moment: null, taskId: 7, lineNumber: 8, repeatIndex: null },
      ...{ failed: false, exitCode: 0, signal: null, lost: false, started: true, attempts: 1, brokenAttempts: [] },
      ...{ context: 'J12', contextRank: 1, engine: 4, slot: 2, node: 'node1', pid: 1007 },
      ...{ start: 1000, finish: 1001, elapsed: 1.1 },
      ...{ userCpu: 1.5, systemCpu: 0.25, cpuFrom: 'wait4' },
      ...{ peakMemory: 3_000_000, memoryFrom: 'samples', largestProcess: 2_000_000 },
      ...{ outputBytes: 2, output: 'ä', outputFile: null, outputProblem: null },
      ...{ errorBytes: 0, error: '', errorFile: null, errorProblem: null },
      command: 'echo 7',
    });
  });

  test.each([
    ['went well', {}, { failed: false, exitCode: 0, signal: null, lost: false, started: true }],
    ['failed', { exitCode: 3 }, { failed: true, exitCode: 3, signal: null, lost: false, started: true }],
    ['was killed', { exitCode: -9 }, { failed: true, exitCode: null, signal: 9, lost: false, started: true }],
    [
      'could not be started',
      { exitCode: 2, pid: -1 },
      { failed: true, exitCode: null, lost: false, started: false, pid: null },
    ],
    [
      'was lost',
      { exitCode: -100, pid: -1 },
      { failed: true, exitCode: null, signal: null, lost: true, started: false },
    ],
  ])('of a task that %s', (_, change, shows) => {
    expect(detailsOf({ ...recordOf(7), ...change }, facts, undefined)).toMatchObject(shows);
  });

  test('names the files of what was kept, and why it is not all of it', () => {
    const record = { ...recordOf(7), errorBytes: 3, errorCut: true };
    expect(detailsOf(record, { ...facts, errorError: 28 }, '/out')).toMatchObject({
      ...{ failed: true, exitCode: 0, outputFile: '/out/0/0/7.out', outputProblem: null },
      ...{ errorFile: '/out/0/0/7.err', errorProblem: 'ENOSPC' },
    });
    expect(detailsOf({ ...record, outputBytes: 0 }, facts, '/out')['outputFile']).toBeNull();
    // It is not known that an earlier run has kept it.
    expect(detailsOf({ ...record, kind: 'skipped' }, undefined, '/out')['outputFile']).toBeNull();
  });

  test('of what an engine ran for itself says when, and has no slot', () => {
    const perEngine: RunnableTask = {
      kind: 'per-engine',
      moment: 'stop',
      taskId: 1,
      lineNumber: 2,
      command: asBytes('x'),
    };
    const record = { ...recordOf(1), kind: 'per-engine' } as const;
    expect(detailsOf(record, { ...facts, task: perEngine, slot: -1 }, '/out')).toMatchObject({
      ...{ kind: 'per-engine', moment: 'stop', engine: 4, slot: null, outputFile: '/out/per-engine/0/4/stop-1.out' },
    });
  });

  test('of a barrier, and of what was taken over, knows no engine', () => {
    for (const kind of ['barrier', 'skipped'] as const) {
      expect(detailsOf({ ...recordOf(1), kind }, undefined, '/out')).toMatchObject({
        ...{ kind, attempts: null, brokenAttempts: [], context: null, contextRank: null, engine: null, slot: null },
        ...{ userCpu: null, cpuFrom: null, peakMemory: null, memoryFrom: null, largestProcess: null },
      });
    }
  });

  test('has a command that is not UTF-8 as the status file has it', () => {
    expect(detailsOf({ ...recordOf(1), command: asBytes('\xff') }, facts, undefined)['command']).toBe("b'\\xff'");
  });
});
