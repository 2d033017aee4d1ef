import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { Feeder } from '../../src/driver/feeder.ts';
import { ResumeIndex } from '../../src/driver/resume-index.ts';
import type { TaskSource } from '../../src/driver/task-source.ts';
import { formatStatusLine, statusHeader } from '../../src/task/status-line.ts';
import type { StatusRecord } from '../../src/task/status-record.ts';

const folder = mkdtempSync(join(tmpdir(), 'disbatch-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const commands = [
  'echo one',
  'exit 3',
  'printf "a\\tb" >&2',
  "b'odd'",
  'caf\xc3\xa9',
  'raw \xff bytes',
  '\ttab\tin',
].map(asBytes);

const source: TaskSource = {
  shownName: 'Tasks',
  taskName: 'Tasks',
  repeatable: true,
  ofMessages: false,
  chunks: () => [asBytes(`${commands.join('\n')}\n`)][Symbol.iterator](),
};

function record(taskId: number, exitCode: number): StatusRecord {
  return {
    ...{ kind: 'task', taskId, lineNumber: taskId + 1, repeatIndex: -1, node: 'n', pid: 7, exitCode },
    ...{ elapsed: 0.5, start: 1, finish: 1.5, outputBytes: 3, outputSnippet: 'é\t\n', errorBytes: 0, errorSnippet: '' },
    ...{ outputCut: false, errorCut: false },
    command: commands[taskId] as StatusRecord['command'],
  };
}

/** Which tasks would run, resuming from a file with this content. */
function wouldRun(content: Uint8Array, retry = false): number[] {
  const path = join(folder, 'status.txt');
  writeFileSync(path, content);
  const index = new ResumeIndex([path]);
  const options = { source, unknownDirectives: 'error', onWarning: () => {}, skipsWritten: false } as const;
  const feeder = new Feeder({ ...options, resume: { index, options: { retry, force: false } } });
  return [...feeder.all()].flatMap((item) => (item.kind === 'task' ? [item.taskId] : []));
}

test('a resume of a run whose status file was cut at any byte runs exactly the tasks without a whole line', () => {
  const order = [2, 0, 1, 6, 3, 5, 4];
  const lines = [statusHeader, ...order.map((taskId) => formatStatusLine(record(taskId, 0)))];
  const whole = Buffer.from(`${lines.join('\n')}\n`);
  for (let cut = 0; cut <= whole.length; cut++) {
    const wholeLines = whole.subarray(0, cut).filter((byte) => byte === 10).length;
    const recorded = new Set(order.slice(0, Math.max(0, wholeLines - 1)));
    expect(wouldRun(whole.subarray(0, cut))).toEqual(commands.map((_, id) => id).filter((id) => !recorded.has(id)));
  }
});

test('of any records in any order, in any number of them for a task, a success counts, else the last', () => {
  const records = fc.array(fc.tuple(fc.nat(commands.length - 1), fc.constantFrom(0, 0, 1, 127, -9, -100)), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(records, fc.boolean(), (all, retry) => {
      const text = all.map(([taskId, exitCode]) => `${formatStatusLine(record(taskId, exitCode))}\n`).join('');
      const expected = commands
        .map((_, id) => id)
        .filter((id) => {
          const own = all.filter(([taskId]) => taskId === id);
          return own.length === 0 || (retry && own.every(([, exitCode]) => exitCode !== 0));
        });
      expect(wouldRun(Buffer.from(text), retry)).toEqual(expected);
    }),
    { numRuns: 100 },
  );
});

test('lines longer than what is read at once are found whole', () => {
  const long = asBytes(`echo ${'x'.repeat(100_000)}`);
  const path = join(folder, 'long_status.txt');
  const filler = { ...record(1, 0), command: asBytes('y'.repeat(1 << 20)) };
  writeFileSync(
    path,
    [filler, { ...record(0, 0), command: long }].map((each) => `${formatStatusLine(each)}\n`).join(''),
  );
  const index = new ResumeIndex([path]);
  expect(index.get(0)?.command).toBe(long);
  expect(index.get(1)?.command).toBe(filler.command);
  expect(index.get(2)).toBeUndefined();
});
