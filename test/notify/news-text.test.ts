/** The subject and the text of a mail. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { subjectOf, textOf } from '../../src/notify/news-text.ts';
import { anySnapshot, snapshotOf } from '../monitor/snapshots.ts';
import { anyRecord } from '../task/any-record.ts';
import { done, failed, newsOf } from './news.ts';

const farewell = { exitStatus: 0, resumeCommand: 'disbatch -r x', summary: ['disBatch: 10 tasks run', '  status  x'] };

describe('the subject says how it goes:', () => {
  test.each([
    [{ counts: { finished: 1234 }, total: 5000 }, undefined, [done(0)], 'disBatch Tasks: 1,234 of 5,000 done'],
    [
      { counts: { finished: 1230, failed: 3, skipped: 4 }, total: 5000 },
      ...[undefined, [done(0)], 'disBatch Tasks: 3 failed, 1,234 of 5,000 done'],
    ],
    [{ counts: { finished: 7 }, total: undefined }, undefined, [done(0)], 'disBatch Tasks: 7 done'],
    [{ counts: { finished: 7, failed: 1 } }, undefined, [failed(0)], 'disBatch Tasks: first failure, 7 of 10 done'],
    [{ counts: { finished: 10 } }, farewell, [], 'disBatch Tasks: finished, none failed, 10 of 10 done'],
    [
      { counts: { finished: 4, failed: 2, perEngineFailed: 1 }, end: { why: 'signal', signal: 'SIGINT' } },
      ...[farewell, [], 'disBatch Tasks: ended by SIGINT, 3 failed, 4 of 10 done'],
    ],
    [
      { counts: { finished: 4 }, end: { why: 'soft-stop' } },
      ...[farewell, [], 'disBatch Tasks: stopped, none failed, 4 of 10 done'],
    ],
    [
      { counts: { finished: 10 }, end: { why: 'soft-stop' } },
      ...[farewell, [], 'disBatch Tasks: finished, none failed, 10 of 10 done'],
    ],
  ] as [Parameters<typeof snapshotOf>[0], typeof farewell | undefined, ReturnType<typeof done>[], string][])(
    '%#',
    (snapshot, last, records, subject) => {
      const news = newsOf({
        records,
        snapshot: snapshotOf(snapshot),
        ...(last === undefined ? {} : { farewell: last }),
      });
      expect(subjectOf(news)).toBe(subject);
    },
  );
});

test('the text has counts, times, names and the tasks, failed ones first and with what they said', () => {
  const news = newsOf({
    records: [done(0), failed(1, { repeatIndex: 7, errorSnippet: 'no such\nfile\n', elapsed: 0.42 }), done(2)],
    snapshot: snapshotOf({ counts: { finished: 3, failed: 1 }, running: 2, now: 1065 }),
    toGo: 3700,
  });
  expect(textOf(news)).toBe(`3 of 10 done, 1 failed, 2 running
1:05 since the start, about 1:01:40 to go

tasks   Tasks
host    lab1
prefix  /work/run
status  /work/run_status.txt

3 tasks have ended so far (1 failed, the first failure of the run):
FAILED  task 1 (line 2, index 7) on node1, exit code 3, 0.42 s: false
            no such\\nfile
done    task 0 (line 1) on node1, exit code 0, 1.00 s: true
done    task 2 (line 3) on node1, exit code 0, 1.00 s: true
`);
});

test('of the first failure alone it has just that', () => {
  const news = newsOf({ records: [failed(1)], snapshot: snapshotOf({ counts: { finished: 1, failed: 1 } }) });
  expect(textOf(news)).toContain(
    `\nThe first failure:\nFAILED  task 1 (line 2) on node1, exit code 3, 1.00 s: false\n`,
  );
});

test('the last has the summary, and the tasks that have not been told', () => {
  const text = textOf(newsOf({ records: [done(9)], farewell }));
  expect(text.startsWith('disBatch: 10 tasks run\n  status  x\n\n')).toBe(true);
  expect(text).toContain('\n1 task has ended since the last news:\ndone    task 9 ');
});

test('of many tasks it has the first, and says how many more there are and where', () => {
  const text = textOf(newsOf({ records: Array.from({ length: 1500 }, (_, id) => done(id)) }));
  expect(text.split('\n').filter((line) => line.startsWith('done'))).toHaveLength(100);
  expect(text).toContain('\n… and 1,400 more: see the status file /work/run_status.txt\n');
});

test('names, commands, hosts and outputs stay on their line and obey nothing', () => {
  const evil = 'x\r\nBcc: eve@example.com\r\n\r\n\x1b[31m\u202e';
  const record = failed(0, { command: evil, node: evil, errorSnippet: evil });
  const news = newsOf({ records: [record], taskName: evil });
  expect(subjectOf(news)).toContain('x\\r\\nBcc: eve@example.com');
  for (const line of textOf(news).split('\n')) expect(line).not.toMatch(/^Bcc|[\r\x1b\u202e]/);
});

test('any news is one line of subject, and lines that can be read', () => {
  fc.assert(
    fc.property(fc.array(anyRecord), anySnapshot, fc.string({ unit: 'binary' }), (records, snapshot, taskName) => {
      const news = newsOf({ records, snapshot, taskName });
      const [subject, text] = [subjectOf(news), textOf(news)];
      expect(subject).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028\u2029]/);
      expect(subject.length).toBeLessThan(200);
      expect(text).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/);
      expect(text.endsWith('\n')).toBe(true);
    }),
  );
});
