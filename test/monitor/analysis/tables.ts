/** Tables of records for tests. */
import fc from 'fast-check';
import { RecordTable } from '../../../src/monitor/records/record-table.ts';
import { bytesOfText } from '../../../src/base/byte-string.ts';
import { formatStatusLine } from '../../../src/task/status-line.ts';
import type { StatusRecord } from '../../../src/task/status-record.ts';

/** Seconds since 1970 at which what is made here begins. */
export const t0 = 1_795_500_000;

/** A record with what a test does not care for filled in; `start` counts from t0 and finish is made of it. */
export function recordOf(given: Partial<StatusRecord>, place = 0): StatusRecord {
  const [start, elapsed] = [t0 + (given.start ?? 0), given.elapsed ?? 1];
  return {
    ...{ kind: 'task', taskId: place, lineNumber: place + 1, repeatIndex: -1, node: 'n1', pid: 7, exitCode: 0 },
    ...{ outputBytes: 0, outputSnippet: '', outputCut: false, errorBytes: 0, errorSnippet: '', errorCut: false },
    command: bytesOfText('true'),
    ...given,
    ...{ elapsed, start, finish: start + elapsed },
  };
}

/** The text of a status file. */
export function statusText(records: readonly Partial<StatusRecord>[]): string {
  return records.map((record, place) => `${formatStatusLine(recordOf(record, place))}\n`).join('');
}

export function tableOf(records: readonly Partial<StatusRecord>[]): RecordTable {
  const table = new RecordTable();
  const bytes = Buffer.from(statusText(records));
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(10, from);
    if (!table.add(bytes, from, end, from)) throw new Error(`no record: ${bytes.toString('utf8', from, end)}`);
    from = end + 1;
  }
  return table;
}

/** Tasks of some nodes, some of which fail, in no order; and records of other kinds among them. */
export const anyRecords = fc.array(
  fc.record({
    kind: fc.constantFrom('task', 'task', 'task', 'task', 'skipped', 'per-engine', 'late', 'barrier'),
    node: fc.constantFrom('n1', 'n2', 'n3'),
    exitCode: fc.constantFrom(0, 0, 0, 1, -9),
    start: fc.integer({ min: 0, max: 5000 }).map((ms) => ms / 1000),
    elapsed: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 9000 })).map((ms) => ms / 1000),
  }),
  { maxLength: 60 },
) as fc.Arbitrary<Partial<StatusRecord>[]>;

/**
 * What slots of a run have run, one task after the other in each, with barriers: the records in the order in which they end,
 * with times that are rounded as the status file has them.
 */
export const schedules = fc
  .record({
    slots: fc.integer({ min: 1, max: 4 }),
    phases: fc.array(
      fc.array(
        fc.record({
          elapsed: fc.double({ min: 0, max: 3, noNaN: true }),
          gap: fc.double({ min: 0, max: 0.01, noNaN: true }),
        }),
        {
          maxLength: 15,
        },
      ),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map(({ slots, phases }) => {
    const records: Partial<StatusRecord>[] = [];
    let now = 0;
    for (const tasks of phases) {
      const free = Array.from({ length: slots }, () => now);
      const ran = tasks.map(({ elapsed, gap }) => {
        const slot = free.indexOf(Math.min(...free));
        const start = (free[slot] as number) + gap;
        free[slot] = start + elapsed;
        return { start, elapsed, node: `n${slot % 2}` };
      });
      records.push(...ran.toSorted((a, b) => a.start + a.elapsed - b.start - b.elapsed));
      now = Math.max(...free);
      records.push({ kind: 'barrier', start: now, elapsed: 0 });
    }
    return { records, slots };
  });
