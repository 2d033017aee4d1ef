import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRecordLine, type LineFields } from '../../../src/monitor/records/record-line.ts';
import { hasFailed } from '../../../src/task/status-record.ts';
import { formatStatusLine, parseStatusLine } from '../../../src/task/status-line.ts';
import { anyRecord } from '../../task/any-record.ts';

const fields = (): LineFields => ({
  ...{ kind: 'task', failed: false, taskId: 0, lineNumber: 0, nodeFrom: 0, nodeTo: 0 },
  ...{ exitCode: 0, elapsed: 0, start: 0 },
});

/** What is read out of a line with other bytes around it. */
function read(line: string): (LineFields & { node: string }) | undefined {
  const into = fields();
  const bytes = Buffer.from(`x\t${line}\ny\t`);
  if (!readRecordLine(bytes, 2, bytes.length - 3, into)) return undefined;
  return { ...into, node: bytes.toString('utf8', into.nodeFrom, into.nodeTo) };
}

test('what is read out of a line is what the whole parser finds in it', () => {
  fc.assert(
    fc.property(anyRecord, (any) => {
      const line = formatStatusLine({ ...any, taskId: any.taskId % 2 ** 32, lineNumber: any.lineNumber % 2 ** 32 });
      const parsed = parseStatusLine(line);
      if (parsed.kind === 'unreadable') throw new Error(parsed.problem);
      const { kind, taskId, lineNumber, node, exitCode, elapsed, start } = parsed;
      const isBarrier = kind === 'barrier' || kind === 'check-barrier';
      expect(read(line)).toMatchObject({ kind, taskId, lineNumber, node, exitCode, elapsed, start });
      expect(read(line)?.failed).toBe(!isBarrier && hasFailed(parsed));
    }),
  );
});

test.each([
  ["R   \t1\t2\t-1\tlab1\t5\t3\t1e-05\t1700000000.123456789012\t1\t0\t''\t0\t''\ttrue", { elapsed: 1e-5, exitCode: 3 }],
  ["    \t1\t2\t-1\tlab1\t5\t-9\t12\t1700000000.\t1\t0\t''\t0\t''\ta\tb", { elapsed: 12, start: 1_700_000_000 }],
])('numbers of old versions are read: %s', (line, expected) => {
  expect(read(line)).toMatchObject(expected);
});

test.each([
  '',
  'hello',
  "    \t1\t2\t-1\tlab1\t5\t3\t1\t1\t1\t0\t''\t0\t''",
  "X   \t1\t2\t-1\tlab1\t5\t3\t1\t1\t1\t0\t''\t0\t''\ttrue",
  "    \t1a\t2\t-1\tlab1\t5\t3\t1\t1\t1\t0\t''\t0\t''\ttrue",
  "    \t\t2\t-1\tlab1\t5\t3\t1\t1\t1\t0\t''\t0\t''\ttrue",
  "    \t1\t2\t-1\tlab1\t5\t3\t1.2.3\t1\t1\t0\t''\t0\t''\ttrue",
  "    \t1\t2\t-1\tlab1\t5\t3\tnan\t1\t1\t0\t''\t0\t''\ttrue",
  // A date that never comes, from a line that was damaged, would be waited for without end.
  "    \t1\t2\t-1\tlab1\t5\t3\t1\t-1e999\t1\t0\t''\t0\t''\ttrue",
  "    \t1\t2\t-1\tlab1\t5\t3\t1e300\t1\t1\t0\t''\t0\t''\ttrue",
  "    \t-1\t2\t-1\tlab1\t5\t3\t1\t1\t1\t0\t''\t0\t''\ttrue",
  "    \t1\t99999999999\t-1\tlab1\t5\t3\t1\t1\t1\t0\t''\t0\t''\ttrue",
  "    \t1\t2\t-1\tlab1\tx\t3\t1\t1\t1\t0\t''\t0\t''\ttrue",
])('what is no record is none: %j', (line) => {
  expect(read(line)).toBeUndefined();
});
