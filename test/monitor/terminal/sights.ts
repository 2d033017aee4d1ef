/** Sights of runs for the tests of the terminal monitor: made by hand, and with any text and number at all. */

import fc from 'fast-check';
import type { ContextOverview, EngineOverview, EngineSight, RunOverview } from '../../../src/contract/overview.ts';
import type { RunningTask } from '../../../src/contract/running.ts';
import { RecordTable } from '../../../src/monitor/records/record-table.ts';
import { runFigures } from '../../../src/monitor/run-figures.ts';
import { fits } from '../../../src/monitor/terminal/rows.ts';
import { chosenFrom, type FailedTasks, type Sight } from '../../../src/monitor/terminal/sight.ts';
import type { StatusRecord } from '../../../src/task/status-record.ts';
import { failureOf } from '../snapshots.ts';

export function engineOf(given: Partial<EngineOverview> & { rank: number }): EngineOverview {
  return {
    ...{ context: 0, node: `node${given.rank}`, hostname: `node${given.rank}`, pid: 100 + given.rank, slots: 4 },
    ...{ stage: 'working', running: 4, assigned: 14, finished: 10, failed: 0, last: 4999 },
    ...given,
  };
}

function contextOf(label: string): ContextOverview {
  return { rank: 0, label, host: 'head', pid: 7, assigned: 40, taskLimit: 0, left: false };
}

/** A run that has been going on for 1,000 s, with three engines of four slots; 30 of 100 tasks are done. */
export function overviewOf(
  given: Partial<Omit<RunOverview, 'tasks'>> & { tasks?: Partial<RunOverview['tasks']> } = {},
): RunOverview {
  const engines = given.engines ?? [0, 1, 2].map((rank) => engineOf({ rank }));
  return {
    ...{ prefix: '/work/ada/night', taskName: 'Tasks', phase: 'running', end: undefined, start: 4000, now: 5000 },
    ...{ slots: engines.length * 4, streamEnded: true, barriers: 0, barrier: undefined, engines },
    contexts: [contextOf('SSH0')],
    ...given,
    tasks: {
      ...{
        total: 100,
        finished: 30,
        failed: 0,
        skipped: 0,
        skippedFailed: 0,
        perEngineFailed: 0,
        running: 12,
        lost: 0,
      },
      taskSeconds: 9000,
      ...given.tasks,
    },
  };
}

export function runningOf(given: Partial<RunningTask> & { slot: number }): RunningTask {
  return {
    ...{ engine: 0, kind: 'task', taskId: 30 + given.slot, lineNumber: 3, repeatIndex: -1 },
    ...{ since: 4990, command: `./work ${given.slot}` },
    ...given,
  };
}

/** Records by their index. */
export function failedOf(records: readonly StatusRecord[]): FailedTasks {
  const record = (index: number): StatusRecord => records[index] as StatusRecord;
  return {
    total: records.length,
    chosen: (_sort, reversed, search) => {
      const indices = records.map((_, i) => i).filter((i) => fits(search, record(i).command, record(i).errorSnippet));
      return { ...chosenFrom(reversed ? indices : indices.reverse(), (index) => index), unread: 0 };
    },
    facts: record,
    record: (index) => records[index],
  };
}

export function sightOf(given: Partial<Sight> = {}): Sight {
  const overview = 'overview' in given ? given.overview : overviewOf();
  return {
    ...{ now: 1_000_000, prefix: '/work/ada/night', statusFile: '/work/ada/night_status.txt', link: { kind: 'live' } },
    ...{
      figures: runFigures(overview, new RecordTable().tallies, 0.5),
      running: undefined,
      failed: failedOf([]),
      nodes: [],
    },
    overTime: { from: 4000, width: 8, finished: Array.from({ length: 125 }, (_, i) => i % 7), failed: [] },
    ...{ isReading: false, recordsProblem: undefined },
    ...given,
    overview,
  };
}

const stages: readonly EngineSight[] = [
  ...(['launching', 'starting', 'working', 'draining', 'stopping', 'ending', 'leaving', 'lost', 'gone'] as const),
];

/** Of any code points, the low ones more often. */
export const anyCharacters: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.nat(0x2ff), fc.nat(0xffff), fc.nat(0x10ffff)), { maxLength: 40 })
  .map((codes) => String.fromCodePoint(...codes));

/** Text as it comes: of any characters, with what terminals obey, with wide ones, and long. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  anyCharacters,
  fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
  fc.constantFrom(
    '\x1b[2J\x1b]0;owned\x07',
    '中文節點'.repeat(9),
    '👩‍👩‍👧🏽🇩🇪e\u0301\u0301\u0301\u0301',
    '\u202eabc\u200d',
    '\x9b31m',
    '',
  ),
);

const count = fc.oneof(fc.nat(9), fc.nat(5_000_000_000));
const seconds = fc.double({ min: 0, max: 3e7, noNaN: true });

const anyEngine = (rank: number): fc.Arbitrary<EngineOverview> =>
  fc.record({
    ...{ rank: fc.constant(rank), context: fc.nat(2), node: anyText, hostname: anyText, pid: fc.nat(4_000_000) },
    ...{ slots: fc.nat(300), stage: fc.constantFrom(...stages), running: fc.nat(300), assigned: count },
    ...{ finished: count, failed: count, last: seconds },
  });

const anyOverview: fc.Arbitrary<RunOverview> = fc
  .record({
    engines: fc.nat(30).chain((many) => fc.tuple(...Array.from({ length: many }, (_, rank) => anyEngine(rank)))),
    ...{ label: anyText, phase: fc.constantFrom('running', 'closing', 'killing', 'over'), now: seconds, slots: count },
    end: fc.constantFrom(undefined, 'soft-stop', 'signal', 'trouble', 'done'),
    barrier: fc.option(fc.record({ taskId: count, lineNumber: count, since: seconds }), { nil: undefined }),
    tasks: fc.record({
      ...{ total: fc.option(count, { nil: undefined }), finished: count, failed: count, skipped: count },
      ...{ skippedFailed: count, perEngineFailed: count, running: count, lost: count, taskSeconds: seconds },
    }),
  })
  .map(({ label, ...each }) => overviewOf({ ...each, contexts: [contextOf(label)] }));

const anyRecord: fc.Arbitrary<StatusRecord> = fc
  .record({
    ...{ command: anyText, errorSnippet: anyText, outputSnippet: anyText, node: anyText, taskId: count },
    ...{
      exitCode: fc.integer({ min: -100, max: 255 }),
      pid: fc.constantFrom(-1, 5),
      finish: seconds,
      elapsed: seconds,
    },
  })
  .map((given) => failureOf(given));

/** Any sight that can be, with hostile text wherever foreign text is. */
export const anySight: fc.Arbitrary<Sight> = fc
  .record({
    ...{
      overview: fc.option(anyOverview, { nil: undefined, freq: 9 }),
      records: fc.array(anyRecord, { maxLength: 30 }),
    },
    link: fc.oneof(
      fc.constantFrom<Sight['link'][]>({ kind: 'live' }, { kind: 'connecting' }, { kind: 'over', exitStatus: 1 }),
      fc.record({ kind: fc.constant('away' as const), problem: anyText, since: seconds }),
    ),
    ...{ prefix: anyText, recordsProblem: fc.option(anyText, { nil: undefined }), rate: fc.option(seconds) },
    running: fc.uniqueArray(fc.record({ slot: fc.integer({ min: -1, max: 300 }), command: anyText, since: seconds }), {
      selector: ({ slot }) => slot,
      maxLength: 40,
    }),
    engine: fc.option(fc.nat(5), { nil: undefined }),
    ...{
      finished: fc.array(count, { maxLength: 240 }),
      nodes: fc.uniqueArray(fc.record({ node: anyText, finished: count, failed: count }), {
        selector: ({ node }) => node,
      }),
    },
  })
  .map(({ overview, records, rate, running, engine, finished, ...given }) =>
    sightOf({
      ...given,
      ...{ overview, failed: failedOf(records), statusFile: `${given.prefix}_status.txt` },
      figures: runFigures(overview, new RecordTable().tallies, rate ?? undefined),
      running: { engine, total: running.length * 3, tasks: running.map(runningOf) },
      overTime: { from: 4000, width: 1, finished, failed: finished.map((each) => each % 3) },
    }),
  );
