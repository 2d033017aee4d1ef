/** What the command of --notify reads. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newsJson } from '../../src/notify/news-json.ts';
import { anySnapshot, snapshotOf } from '../monitor/snapshots.ts';
import { readPage, sections } from '../docs/pages.ts';
import { anyRecord } from '../task/any-record.ts';
import { done, failed, newsOf } from './news.ts';

type Fields = Readonly<Record<string, unknown>>;
const read = (json: string): Fields => JSON.parse(json) as Fields;

test('it has what has happened, and null for what belongs to the end', () => {
  const snapshot = snapshotOf({ counts: { finished: 2, failed: 1 }, running: 2, now: 1005 });
  const fields = read(newsJson(newsOf({ records: [done(0), failed(1, { errorSnippet: 'no\n' })], snapshot, toGo: 9 })));
  expect(fields).toMatchObject({
    ...{ event: 'first-failure', taskName: 'Tasks', prefix: '/work/run', statusFile: '/work/run_status.txt' },
    ...{ host: 'lab1', time: 1005, start: 1000, elapsed: 5, toGo: 9, ended: 2, endedFailed: 1, tasksLeftOut: 0 },
    counts: { total: 10, finished: 2, failed: 1, running: 2 },
    tasks: [
      { taskId: 0, failed: false, how: 'exit code 0', command: 'true' },
      { taskId: 1, failed: true, how: 'exit code 3', error: 'no\n', node: 'node1' },
    ],
    ...{ end: null, exitStatus: null, resumeCommand: null, summary: null },
  });
});

test('at the end it has the exit status, the resume command and the summary', () => {
  const farewell = { exitStatus: 130, resumeCommand: 'disbatch -r x', summary: ['one', 'two'] };
  const snapshot = snapshotOf({ end: { why: 'signal', signal: 'SIGINT' } });
  expect(read(newsJson(newsOf({ farewell, snapshot })))).toMatchObject({
    ...{ event: 'end', end: 'signal', exitStatus: 130, resumeCommand: 'disbatch -r x', summary: 'one\ntwo' },
  });
  expect(read(newsJson(newsOf({ farewell })))).toMatchObject({ end: 'done' });
});

test('any news is one line of JSON with the same fields', () => {
  const names = Object.keys(read(newsJson(newsOf({}))));
  fc.assert(
    fc.property(fc.array(anyRecord), anySnapshot, (records, snapshot) => {
      const json = newsJson(newsOf({ records, snapshot }));
      expect(json.indexOf('\n')).toBe(json.length - 1);
      expect(Object.keys(read(json))).toEqual(names);
    }),
  );
});

test('the page has each field', () => {
  const { text = '' } = sections(readPage('docs/notify.md'), 3).find(({ heading }) => heading.includes('JSON')) ?? {};
  const shown = [...text.matchAll(/^\| (`.*?`) +\|/gm)].flatMap(([, cell = '']) => cell.match(/[\w-]+/g) ?? []);
  const fields = read(newsJson(newsOf({ records: [failed(0)] })));
  const [task] = fields['tasks'] as Fields[];
  const names = [...Object.keys(fields), ...Object.keys(fields['counts'] as Fields), ...Object.keys(task as Fields)];
  expect(shown.toSorted()).toEqual(names.toSorted());
});
