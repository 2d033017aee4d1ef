/** Mail and command together, with what really brings them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sendMail } from '../../src/notify/mail.ts';
import type { NotifyOptions } from '../../src/notify/notify-options.ts';
import { Notifier, type NotifierParts } from '../../src/notify/notifier.ts';
import { snapshotOf } from '../monitor/snapshots.ts';
import { lives, testFolder, until } from '../support/run-disbatch.ts';
import { mailbox, silentServer } from './fixtures/mailbox.ts';
import { done, failed, wordsFor } from './news.ts';

const farewell = { exitStatus: 0, resumeCommand: 'disbatch -r x', summary: ['disBatch: all done'] };
const never = new Promise<void>(() => {});
const times = { gather: 20, gatherUrgent: 5, pause: 50, longestPause: 100, delivery: 10_000, end: 400 };

/** A notifier of a run that has begun, whose warnings are in a list. */
function notifierOf(options: Partial<NotifyOptions>, given: Partial<NotifierParts> = {}): [Notifier, string[]] {
  const warnings: string[] = [];
  const notifier = new Notifier({
    options: { mailTo: undefined, command: undefined, every: undefined, ...options },
    ...{ env: { ...process.env }, openFiles: undefined, host: 'lab1', wordsFor, times },
    ...{ warn: (text: string) => warnings.push(text), timeToGo: () => 7 },
    loadMail: () => Promise.resolve({ sendMail }),
    ...given,
  });
  const counts = { finished: 3, failed: 1 };
  const names = { taskName: 'Tasks', prefix: '/work/run', statusFile: '/work/run_status.txt' };
  notifier.begin({ ...names, snapshot: () => snapshotOf({ counts }), log: () => {} });
  return [notifier, warnings];
}

const server = (port: number): Pick<NotifierParts, 'env'> => ({
  env: { ...process.env, DISBATCH_SMTP_URL: `smtp://127.0.0.1:${port}` },
});

test('mail and command get the same news, each at its own pace', async () => {
  const [box, folder] = [await mailbox({ disabledCommands: ['STARTTLS'] }), testFolder()];
  const file = join(folder, 'news');
  const options = { mailTo: 'ada@example.com', command: `cat >> ${file}`, every: 2 };
  const [notifier, warnings] = notifierOf(options, server(box.port));
  notifier.record(done(0));
  notifier.record(done(1));
  const news = (): string[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []);
  await until('both were told', () => box.mails.length === 1 && news().length === 1);
  notifier.record(failed(2));
  await until('both were told of the failure', () => box.mails.length === 2 && news().length === 2);
  await notifier.end(farewell, never);
  expect(news().map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
    ...['completions', 'first-failure', 'end'],
  ]);
  expect(box.mails.map(({ headers }) => headers['subject'])).toEqual([
    ...['disBatch Tasks: 1 failed, 3 of 10 done', 'disBatch Tasks: first failure, 3 of 10 done'],
    'disBatch Tasks: finished, 1 failed, 3 of 10 done',
  ]);
  const [first, ...later] = box.mails.map(({ headers }) => headers);
  for (const each of later) expect(each['references']).toBe(first?.['message-id']);
  expect(warnings).toEqual([]);
});

test('a server and a command that hang are given up at the end of the run, and leave nothing', async () => {
  const [silent, folder] = [await silentServer(), testFolder()];
  const file = join(folder, 'pid');
  const options = { mailTo: 'ada@example.com', command: `echo $$ > ${file}; sleep 1000`, every: undefined };
  const [notifier, warnings] = notifierOf(options, server(silent.port));
  const start = performance.now();
  await notifier.end(farewell, never);
  expect(performance.now() - start).toBeLessThan(5000);
  expect(warnings.toSorted()).toEqual([
    expect.stringMatching(
      /^Warning: no mail could be sent to ada@example.com through 127.0.0.1:\d+ \(it takes too long/,
    ),
    expect.stringMatching(/^Warning: the command of --notify has failed \(it takes too long, and the run is over\)/),
  ]);
  // It may have been killed before it wrote.
  const isLeft = (): boolean => existsSync(file) && lives(Number(readFileSync(file, 'utf8')));
  await until('nothing is left', () => silent.open() === 0 && !isLeft());
});

test('a program file for mails that cannot be read is a warning too', async () => {
  const loadMail = (): Promise<never> => Promise.reject(new Error('Cannot find module mail.cjs'));
  const [notifier, warnings] = notifierOf({ mailTo: 'ada' }, { loadMail });
  await notifier.end(farewell, never);
  expect(warnings).toEqual([expect.stringContaining('through localhost:25 (Cannot find module mail.cjs)')]);
});

describe('before the run', () => {
  test('what sends mails is loaded when there are mails to send, and only then', () => {
    const loaded: string[] = [];
    const loadMail = (): Promise<{ sendMail: typeof sendMail }> => {
      loaded.push('mail');
      return Promise.resolve({ sendMail });
    };
    notifierOf({ command: 'true' }, { loadMail });
    expect(loaded).toEqual([]);
    notifierOf({ mailTo: 'ada' }, { loadMail });
    expect(loaded).toEqual(['mail']);
  });

  test('an address and a server that can be none are mistakes of the command line', () => {
    expect(() => notifierOf({ mailTo: 'ada, eve' })).toThrow(/--mailTo: "ada, eve" is no mail address/);
    const env = { DISBATCH_SMTP_URL: 'mail.example.com' };
    expect(() => notifierOf({ mailTo: 'ada' }, { env })).toThrow(/DISBATCH_SMTP_URL names no mail server/);
    expect(() => notifierOf({ command: 'true' }, { env })).not.toThrow();
  });
});

test('where this host takes no mail, the warning says how to name a server that does', async () => {
  const loadMail = () => Promise.resolve({ sendMail: () => Promise.reject(new Error('nothing listens there')) });
  const unset = { env: { ...process.env, DISBATCH_SMTP_URL: '' }, loadMail };
  const [notifier, warnings] = notifierOf({ mailTo: 'ada@example.com' }, unset);
  await notifier.end(farewell, never);
  expect(warnings).toEqual([
    'Warning: no mail could be sent to ada@example.com through localhost:25 (nothing listens there). ' +
      'DISBATCH_SMTP_URL can name another server. The run is not affected; this is said once.',
  ]);
});
