import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bytesOfText } from '../../../src/base/byte-string.ts';
import { DisbatchError } from '../../../src/base/errors.ts';
import { columnsOf } from '../../../src/base/text-width.ts';
import { makeData } from '../../../src/monitor/report/make-data.ts';
import type { ReportData } from '../../../src/monitor/report/report-data.ts';
import { reportText } from '../../../src/monitor/report/report-text.ts';
import { inks, noInks } from '../../../src/monitor/report/signs.ts';
import { readStatusFiles } from '../../../src/monitor/report/status-files.ts';
import { statusHeader } from '../../../src/task/status-line.ts';
import type { StatusRecord } from '../../../src/task/status-record.ts';
import { statusText } from '../analysis/tables.ts';
import { testFolder } from '../../support/run-disbatch.ts';

const fixture = (name: string): string => resolve(import.meta.dirname, `../../compat/fixtures/${name}-status.txt`);

async function dataOf(given: readonly string[], top = 10): Promise<ReportData> {
  const files = await readStatusFiles(given);
  const data = makeData(files, { version: '4', now: 1_795_600_000, top });
  return data;
}

const plainText = (data: ReportData, width = 80): string => reportText(data, { width, plain: false, inks: noInks });

/** Writes status files into a folder of the test. @returns their paths */
function written(...files: (string | readonly Partial<StatusRecord>[])[]): string[] {
  const folder = testFolder();
  return files.map((file, n) => {
    const path = join(folder, `run${n}_status.txt`);
    writeFileSync(path, typeof file === 'string' ? file : statusText(file));
    return path;
  });
}

test('a status file that goes away while the report is made is told of in a sentence', async () => {
  const [path = ''] = written([{ exitCode: 1 }]);
  const files = await readStatusFiles([path]);
  rmSync(path);
  expect(() => makeData(files, { version: '4', now: 0, top: 10 })).toThrow(
    `The status file ${path} cannot be read any more: no such file or directory. Was it moved? Try again.`,
  );
});

describe("the original's status files", () => {
  test('with header, per-engine tasks, barriers and failures', async () => {
    const data = await dataOf([fixture('mixed')]);
    expect(data.tasks).toEqual({
      ...{ total: 12, good: 9, failed: 3, lost: 0, run: 12, takenOver: 0, takenOverFailed: 0, ranAgain: 0 },
      ...{ late: 0, perEngine: 1, perEngineFailed: 0, barriers: 2 },
    });
    expect(data.failures.map(({ how, message }) => [how, message])).toEqual([
      ['exit code 3', null],
      ['killed by signal 9', null],
      ['exit code 127', '/bin/bash: line 1: nosuchcommand: command not found'],
    ]);
    expect(data.slots).toMatchObject({ most: 2, phases: 2 });
    expect(data.notes).toEqual([]);
  });

  test('with commands that are no UTF-8', async () => {
    const data = await dataOf([fixture('odd')]);
    expect(data.tasks).toMatchObject({ total: 12, failed: 1 });
    expect(data.longest.map(({ command }) => command)).toContain('echo \ufffd\ufffd raw "bytes" it\'s');
  });

  test('of a resume alone: what was taken over counts, but not as the run’s own', async () => {
    const { tasks, times } = await dataOf([fixture('mixed-resumed')]);
    expect(tasks).toMatchObject({ total: 12, failed: 3, run: 3, takenOver: 9 });
    expect(times.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(3);
  });

  test('of a run and its resume, in any order: each task once', async () => {
    for (const names of [
      ['mixed', 'mixed-resumed'],
      ['mixed-resumed', 'mixed'],
    ]) {
      const { tasks, runs, time } = await dataOf(names.map(fixture));
      expect(tasks).toMatchObject({ total: 12, good: 9, failed: 3, run: 12, takenOver: 0, ranAgain: 3 });
      expect(runs.map((run) => run.tasks)).toEqual([12, 3]);
      // The time between the runs is not theirs.
      expect(time.elapsed).toBeLessThan((time.finish ?? 0) - (time.start ?? 0));
    }
  });
});

describe('files', () => {
  test('a torn last line and lines that are no records are told, and do not count', async () => {
    const text = statusText([{}, {}, {}]);
    const [path = ''] = written(`${statusHeader}\n${text.slice(0, 40)}\n${text.slice(0, -9)}`);
    const data = await dataOf([path]);
    expect(data.tasks.total).toBe(2);
    expect(data.notes).toEqual([
      `${path}: its last line was cut off by a crash and does not count.`,
      `${path}:2: this line is no record and does not count.`,
    ]);
  });

  test('a run that goes on is told so', async () => {
    const [path = ''] = written([{}]);
    writeFileSync(path.replace('_status.txt', '_key.json'), '{}');
    const data = await dataOf([path]);
    expect(data.runs[0]?.goesOn).toBe(true);
    expect(plainText(data)).toContain('so far');
  });

  test('the prefix of a run will do, and another of its files', async () => {
    const [path = ''] = written([{}]);
    for (const given of [path.replace('_status.txt', ''), path.replace('_status.txt', '_details.jsonl')])
      expect((await dataOf([given])).runs[0]?.statusFile).toBe(path);
  });

  test('one that is given twice, by whatever name, counts once', async () => {
    const [path = ''] = written([{}, {}]);
    symlinkSync(path, `${path}.other`);
    const data = await dataOf([path, `${path}.other`, path]);
    expect([data.runs.length, data.tasks.total, data.tasks.ranAgain]).toEqual([1, 2, 0]);
  });

  test.each([['hello\n'], ['hello'], [`hello\n${statusText([{}])}`], ['\n']])('%j is no status file', async (text) => {
    await expect(readStatusFiles(written(text))).rejects.toMatchObject({ code: 'status-not-ours' });
  });

  test('an empty one, or one with a header only, is of a run without tasks', async () => {
    for (const text of ['', `${statusHeader}\n`]) {
      const data = await dataOf(written(text));
      expect(data).toMatchObject({ tasks: { total: 0 }, slots: { most: 0, busy: null }, nodes: [], longest: [] });
      expect(plainText(data)).toContain('0 tasks');
    }
  });

  test('what is not there is a sentence', async () => {
    const failure = await readStatusFiles([join(testFolder(), 'no')]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DisbatchError);
    expect((failure as DisbatchError).message).toMatch(/no_status\.txt cannot be read: no such file/);
  });

  test('files of different task files are noticed', async () => {
    const data = await dataOf(written([{ lineNumber: 1 }], [{ lineNumber: 9, start: 50 }]));
    expect(data.notes.join()).toContain('1 record of a task that has another line number');
  });
});

describe('failures', () => {
  const said = (message: string) => ({ exitCode: 1, errorSnippet: `${message}\n`, errorBytes: message.length + 1 });

  test('those of one node stand out', async () => {
    const data = await dataOf(
      written([
        { node: 'good' },
        { node: 'bad', ...said('disk full: /a') },
        { node: 'bad', ...said('disk full: /b') },
        { kind: 'per-engine', exitCode: 2 },
      ]),
    );
    const text = plainText(data);
    expect(text).toContain('2  exit code 1: disk full: …\n       all on bad; tasks 1 (line 2), 2 (line 3)');
    expect(text).toContain('1  per-engine task, exit code 2');
    expect(text).toContain('1 per-engine task (1 failed)');
  });

  test('kinds beyond those that are listed are counted', async () => {
    const data = await dataOf(written(['a', 'b', 'b', 'c', 'c'].map((message) => said(message))), 2);
    expect(data.failures.map(({ message }) => message)).toEqual(['b', 'c']);
    expect(plainText(data)).toContain('and 1 failure of 1 other kind');
  });

  test('lost tasks, and output that could not be kept, are told in words', async () => {
    const data = await dataOf(
      written([
        { exitCode: -100, pid: -1 },
        { outputCut: true, outputBytes: 9, outputSnippet: '' },
      ]),
    );
    expect(data.tasks).toMatchObject({ failed: 2, lost: 1 });
    expect(data.failures.map(({ how }) => how)).toEqual([
      'lost when its launcher or engine died',
      'not all of its output was kept',
    ]);
  });
});

describe('memory', () => {
  const line = (fields: Record<string, unknown>): string =>
    `${JSON.stringify({ kind: 'task', taskId: 1, lineNumber: 2, node: 'n', failed: false, ...fields })}\n`;

  test('is told when the details file is there: of tasks, the largest first', async () => {
    const [path = ''] = written([{}, {}]);
    const details = [
      line({ taskId: 3, peakMemory: 5_000_000, command: 'small' }),
      line({ taskId: 4, peakMemory: 2_000_000_000, failed: true, command: 'large "peakMemory":9' }),
      line({ peakMemory: null, command: 'not known' }),
      line({ kind: 'skipped', peakMemory: 9e12, command: 'not of this run' }),
      line({ peakMemory: 6_000_000, command: 'torn' }).slice(0, -4),
    ].join('');
    writeFileSync(path.replace('_status.txt', '_details.jsonl'), details);
    const data = await dataOf([path]);
    expect(data.memory).toMatchObject({ tasks: 2, most: 2_000_000_000 });
    expect(data.memory?.largest.map(({ taskId, failed }) => [taskId, failed])).toEqual([
      [4, true],
      [3, false],
    ]);
    expect(plainText(data)).toMatch(/\n {2}2\.0 GB +4 +2 +n +failed +large "peakMemory":9\n {2}5\.0 MB +3 /);
  });

  test('a details file without an end of line is given up, and that is told', async () => {
    const [path = ''] = written([{}]);
    writeFileSync(path.replace('_status.txt', '_details.jsonl'), Buffer.alloc(18 * 1024 * 1024, 'x'));
    const { memory, notes } = await dataOf([path]);
    expect(memory).toBeNull();
    expect(notes).toEqual([
      expect.stringContaining('(it has a line of more than 16 MiB), so nothing is known of memory.'),
    ]);
  });

  test('is not told when it is not', async () => {
    const data = await dataOf(written([{}]));
    expect(data.memory).toBeNull();
    expect(plainText(data)).not.toContain('Memory');
  });
});

describe('text', () => {
  const hostile = '\x1b]0;owned\x07\u202e';
  const records = [
    { node: `n${hostile}`, command: readFileSync(fixture('odd')).toString('latin1') as StatusRecord['command'] },
    { node: `n${hostile}`, exitCode: 1, errorSnippet: hostile, errorBytes: 9 },
    ...Array.from({ length: 60 }, (_, n) => ({ node: `node${n}`, elapsed: 1 + n / 10, exitCode: n === 30 ? 1 : 0 })),
  ].map((record) => ({
    ...record,
    command: 'echo a long command that goes on and on; '.repeat(5) as StatusRecord['command'],
  }));

  test('fits into its width, and holds nothing that a terminal would obey', async () => {
    const data = await dataOf(written(records));
    for (const width of [80, 120]) {
      const lines = plainText(data, width).split('\n').slice(1);
      expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(width);
    }
    expect(plainText(data)).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
  });

  test('of commands and names in wide characters fits as well, and its columns stay straight', async () => {
    const [path = ''] = written([
      {
        command: bytesOfText(`echo ${'結果の表'.repeat(30)}`),
        node: '計算機一',
        exitCode: 1,
        errorSnippet: '見つかりません'.repeat(20),
      },
      { command: bytesOfText(`echo ${'x'.repeat(200)}`), node: 'node2', exitCode: 1, errorSnippet: 'no' },
    ]);
    const lines = plainText(await dataOf([path])).split('\n');
    for (const line of lines.filter((each) => !each.includes(path))) expect(columnsOf(line)).toBeLessThanOrEqual(80);
    const rows = lines.filter((line) => line.includes('echo '));
    expect(rows).toHaveLength(2);
    expect(new Set(rows.map((line) => columnsOf(line.slice(0, line.indexOf('echo '))))).size).toBe(1);
  });

  test('of many nodes shows those that stand out', async () => {
    const text = plainText(await dataOf(written(records)));
    expect(text).toContain('Nodes: 61, 24 of them');
    expect(text).toMatch(/\n {2}node30 /);
    expect(text).toMatch(/\n {2}node59 /);
    expect(text).not.toMatch(/\n {2}node2 /);
  });

  test('is plain ASCII where it is asked to be, and coloured only where it is asked to be', async () => {
    const data = await dataOf([fixture('mixed')]);
    const ascii = reportText(data, { width: 80, plain: true, inks: noInks });
    expect(ascii).toMatch(/^[\x20-\x7e\n]+$/);
    expect(ascii).toContain('####');
    const coloured = reportText(data, { width: 80, plain: false, inks });
    expect(coloured).toContain('\x1b[31m3 failed\x1b[0m');
    expect(coloured.replace(/\x1b\[\d*m/g, '')).toBe(plainText(data));
  });
});
