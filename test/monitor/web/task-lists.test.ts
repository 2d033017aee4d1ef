/** Which records fit, in which order, page by page; and looking for a text. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { bytesOfText } from '../../../src/base/byte-string.ts';
import { StatusFollower } from '../../../src/monitor/records/status-follower.ts';
import type { TaskSort, TaskState } from '../../../src/monitor/web/answers.ts';
import { TaskLists, type TasksWanted } from '../../../src/monitor/web/task-lists.ts';
import { linesWith } from '../../../src/monitor/web/text-search.ts';
import { hasFailed, type StatusRecord } from '../../../src/task/status-record.ts';
import { testFolder } from '../../support/run-disbatch.ts';
import { anyRecords, recordOf, statusText } from '../analysis/tables.ts';

const never = new AbortController().signal;

const everything: TasksWanted = {
  ...{ state: 'all', node: undefined, text: '', sort: 'recorded', descending: false, from: 0, count: 1000 },
};

interface Listed {
  readonly path: string;
  readonly follower: StatusFollower;
  readonly lists: TaskLists;
  readonly find: (wanted: Partial<TasksWanted>) => Promise<readonly number[]>;
}

async function listed(records: readonly Partial<StatusRecord>[]): Promise<Listed> {
  const path = join(testFolder(), 'status');
  writeFileSync(path, statusText(records));
  const follower = new StatusFollower(path);
  await follower.look();
  await follower.close();
  const lists = new TaskLists(follower);
  const find = async (wanted: Partial<TasksWanted>): Promise<readonly number[]> => {
    const { indices, total, searching } = await lists.find({ ...everything, ...wanted }, never);
    expect([total >= indices.length, searching]).toEqual([true, false]);
    await follower.close();
    return indices;
  };
  return { path, follower, lists, find };
}

const fits: Record<TaskState, (record: StatusRecord) => boolean> = {
  all: () => true,
  failed: (record) => hasFailed(record) && !['late', 'barrier', 'check-barrier'].includes(record.kind),
  ok: (record) => record.kind === 'task' && !hasFailed(record),
  skipped: ({ kind }) => kind === 'skipped',
  late: ({ kind }) => kind === 'late',
  'per-engine': ({ kind }) => kind === 'per-engine',
  barrier: ({ kind }) => kind === 'barrier' || kind === 'check-barrier',
};

const keys: Record<TaskSort, (record: StatusRecord, index: number) => number | string> = {
  recorded: (_, index) => index,
  task: ({ taskId }) => taskId,
  line: ({ lineNumber }) => lineNumber,
  node: ({ node }) => node,
  exit: ({ exitCode }) => exitCode,
  start: ({ start }) => Math.round(start * 1000),
  finish: ({ finish }) => Math.round(finish * 1000),
  elapsed: ({ elapsed }) => Math.round(elapsed * 1000),
};

test('filters and orders are those of a plain list', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyRecords,
      fc.constantFrom(...(Object.keys(fits) as TaskState[])),
      fc.constantFrom(...(Object.keys(keys) as TaskSort[])),
      fc.boolean(),
      fc.constantFrom(undefined, 'n1', 'n9'),
      async (given, state, sort, descending, node) => {
        const records = given.map((record, place) => recordOf(record, place));
        const rows = records.map((record, index) => ({ record, index, key: keys[sort](record, index) }));
        const wanted = rows.filter(({ record }) => fits[state](record) && (node === undefined || record.node === node));
        wanted.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.index - b.index));
        if (descending) wanted.reverse();
        const { find } = await listed(given);
        expect(await find({ state, sort, descending, node })).toEqual(wanted.map(({ index }) => index));
      },
    ),
    { numRuns: 60 },
  );
});

test('nodes are sorted as people count them', async () => {
  const { find } = await listed(['n10', 'n9', 'n100', 'm1'].map((node) => ({ node })));
  expect(await find({ sort: 'node' })).toEqual([3, 1, 0, 2]);
});

test('pages are parts of the whole, from either end', async () => {
  const { find, lists } = await listed(Array.from({ length: 10 }, (_, i) => ({ elapsed: i })));
  expect(await find({ from: 3, count: 2 })).toEqual([3, 4]);
  expect(await find({ from: 8, count: 5, sort: 'elapsed', descending: true })).toEqual([1, 0]);
  expect(await lists.find({ ...everything, from: 11, count: 5 }, never)).toEqual({
    ...{ total: 10, searching: false, indices: [] },
  });
});

test('what was found goes on as the file grows, and begins anew with another file', async () => {
  const { path, find, follower } = await listed([{ exitCode: 1 }, {}, { exitCode: 2, node: 'x' }]);
  expect(await find({ state: 'failed' })).toEqual([0, 2]);
  expect(await find({ text: 'true' })).toEqual([0, 1, 2]);
  appendFileSync(path, statusText([{}, { exitCode: 3 }]));
  await follower.look();
  expect(await find({ state: 'failed' })).toEqual([0, 2, 4]);
  expect(await find({ text: 'TRUE', state: 'failed' })).toEqual([0, 2, 4]);
  expect(await find({ text: 'true' })).toEqual([0, 1, 2, 3, 4]);
  writeFileSync(path, statusText([{ exitCode: 9, taskId: 5 }]));
  await follower.look();
  expect(await find({ state: 'failed' })).toEqual([0]);
  expect(await find({ text: 'true' })).toEqual([0]);
});

test('a text is looked for in commands and snippets, whatever its case, and a number among the task ids too', async () => {
  const { find } = await listed([
    { command: bytesOfText('echo Hello') },
    { errorSnippet: "can't say HELLO" },
    { outputSnippet: 'hello\tthere', exitCode: 77 },
    { node: 'hello', kind: 'barrier' },
    { command: bytesOfText('grep -i héllo\ttab') },
    { taskId: 77, command: bytesOfText('echo 770') },
    { taskId: 9, command: bytesOfText('77 #8') },
    { taskId: 8 },
  ]);
  expect(await find({ text: 'hello' })).toEqual([0, 1, 2]);
  expect(await find({ text: 'hello', node: 'n1', sort: 'exit', descending: true })).toEqual([2, 1, 0]);
  expect(await find({ text: 'HéLLO' })).toEqual([4]);
  expect(await find({ text: '77' })).toEqual([5, 6]);
  expect(await find({ text: '#77' })).toEqual([5]);
  expect(await find({ text: '#8' })).toEqual([7]);
  expect(await find({ text: ' #8 ' })).toEqual([7]);
  expect(await find({ text: 'nowhere' })).toEqual([]);
  expect(await find({ text: '1' })).toEqual([1]);
});

test('lines that are no records, and one that is half written, are none that are found', async () => {
  const { path, follower, find } = await listed([{}]);
  appendFileSync(path, 'echo true, says somebody\n');
  appendFileSync(path, statusText([{ taskId: 3 }]));
  appendFileSync(path, 'R true');
  await follower.look();
  expect(follower.table.length).toBe(2);
  expect(await find({ text: 'true' })).toEqual([0, 1]);
});

test('a search that nobody wants any more rests, and goes on when somebody does', async () => {
  const { lists, find } = await listed([{}, {}]);
  const gone = AbortSignal.abort(new Error('gone'));
  await expect(lists.find({ ...everything, text: 'true', state: 'ok' }, gone)).rejects.toThrow('gone');
  expect(await find({ text: 'true', state: 'ok' })).toEqual([0, 1]);
});

test('a text that takes long to look for is told as far as it has been found, after a moment', async () => {
  const { follower, lists } = await listed([{}, {}]);
  const unending = new Promise<never>(() => {});
  Object.assign(follower, {
    async *pieces() {
      yield await unending;
    },
  });
  // What is looked for long leaves garbage, and the moment must not be collected with it.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const collecting = setInterval(collect, 20);
  onTestFinished(() => clearInterval(collecting));
  expect(await lists.find({ ...everything, text: 'true' }, never)).toEqual({ total: 0, searching: true, indices: [] });
});

test('lines with a text are those that have it in the 12th, 14th or 15th field', () => {
  const fields = fc.array(fc.constantFrom('a', 'ab', 'b', '', 'aa'), { minLength: 15, maxLength: 16 });
  fc.assert(
    fc.property(fc.array(fields, { maxLength: 4 }), fc.constantFrom('a', 'ab', 'aa', 'b'), (lines, needle) => {
      let at = 0;
      const begins = lines.map((line) => (at += line.join('\t').length + 1) - line.join('\t').length - 1);
      const expected = begins.filter((_, i) => {
        const line = lines[i] as string[];
        return [line[11], line[13], line.slice(14).join('\t')].some((field) => (field as string).includes(needle));
      });
      const text = lines.map((line) => `${line.join('\t')}\n`).join('');
      expect(linesWith(text, needle)).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
