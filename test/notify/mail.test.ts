/** Mails through a real server on this machine. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { mailServer } from '../../src/notify/mail-server.ts';
import { sendMail, type Letter } from '../../src/notify/mail.ts';
import { subjectOf, textOf } from '../../src/notify/news-text.ts';
import { certificate, privateKey } from '../channel/fixtures/certificate.ts';
import { until } from '../support/run-disbatch.ts';
import { brokenServer, deadPort, mailbox, silentServer } from './fixtures/mailbox.ts';
import { failed, newsOf } from './news.ts';

const own = { cert: certificate, key: privateKey };
const letter: Letter = {
  address: 'ada@example.com',
  subject: 'disBatch Tasks: 3 failed',
  text: 'one\n.\n\ntwo\n',
  id: '<1@x.invalid>',
  firstId: undefined,
};
const never = new AbortController().signal;

test('a mail arrives as it is, from and to the same address', async () => {
  const box = await mailbox({ disabledCommands: ['STARTTLS'] });
  await sendMail(mailServer(`smtp://127.0.0.1:${box.port}`), letter, never);
  const [mail] = box.mails;
  expect(mail).toMatchObject({ from: 'ada@example.com', to: ['ada@example.com'], secure: false, text: letter.text });
  expect(mail?.headers).toMatchObject({
    ...{ from: 'ada@example.com', to: 'ada@example.com', subject: letter.subject, 'message-id': '<1@x.invalid>' },
    ...{ 'auto-submitted': 'auto-generated', 'content-type': 'text/plain; charset=utf-8' },
  });
  expect(mail?.headers['date']).toMatch(/^\w+, \d+ \w+ \d{4} /);
});

test('letters of all languages and long lines arrive whole', async () => {
  const box = await mailbox(own);
  const [subject, text] = ['disBatch Größe 中文 𝄞: 3 failed, 1 done '.repeat(3).trim(), `${'ü𝄞 '.repeat(500)}\n`];
  await sendMail(mailServer(`smtp://localhost:${box.port}`), { ...letter, subject, text }, never);
  expect(box.mails[0]).toMatchObject({ text, headers: { subject } });
});

test('later mails of a run belong to the first', async () => {
  const box = await mailbox(own);
  const second = { ...letter, id: '<2@x.invalid>', firstId: letter.id };
  await sendMail(mailServer(`smtp://127.0.0.1:${box.port}`), second, never);
  expect(box.mails[0]?.headers).toMatchObject({ 'in-reply-to': letter.id, references: letter.id });
});

test('a server of this machine whose certificate is signed by itself gets the mail encrypted', async () => {
  const box = await mailbox(own);
  await sendMail(mailServer(`smtp://127.0.0.1:${box.port}`), letter, never);
  expect(box.mails[0]?.secure).toBe(true);
});

test('smtps and a login go to it as well', async () => {
  const box = await mailbox({
    ...{ ...own, secure: true, authOptional: false },
    onAuth: ({ username, password }, _session, done) => {
      if (username === 'ada' && password === 'p:w@') done(null, { user: username });
      else done(new Error('wrong password'));
    },
  });
  await sendMail(mailServer(`smtps://ada:p%3Aw%40@localhost:${box.port}`), letter, never);
  expect(box.mails[0]).toMatchObject({ secure: true, user: 'ada' });
  const wrong = sendMail(mailServer(`smtps://ada:guess@localhost:${box.port}`), letter, never);
  await expect(wrong).rejects.toThrow(/^Invalid login: 535 wrong password$/);
});

test('a certificate that has to be good and is not keeps the mail, and the password, here', async () => {
  const asked = vi.fn<() => void>();
  const box = await mailbox({ ...own, onAuth: () => asked() });
  const server = { ...mailServer(`smtp://ada:secret@127.0.0.1:${box.port}`), tls: 'required', verified: true } as const;
  await expect(sendMail(server, letter, never)).rejects.toThrow(/self.signed certificate/);
  expect(box.mails).toEqual([]);
  expect(asked).not.toHaveBeenCalled();
});

test('a password is not said to a server that does not encrypt, when that is required', async () => {
  const asked = vi.fn<() => void>();
  const box = await mailbox({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true, onAuth: () => asked() });
  const server = { ...mailServer(`smtp://ada:secret@127.0.0.1:${box.port}`), tls: 'required' } as const;
  await expect(sendMail(server, letter, never)).rejects.toThrow(/STARTTLS/);
  expect(asked).not.toHaveBeenCalled();
});

test('what a command, an output, a host or the task file is called makes no header and no recipient', async () => {
  const box = await mailbox(own);
  const evil = 'x\r\nBcc: eve@example.com\r\nSubject: y\r\n\r\n.\r\nRCPT TO:<eve@example.com>\r\n\x1b[2J';
  const record = failed(0, { command: evil, node: evil, errorSnippet: evil });
  const news = newsOf({ records: [record], taskName: evil });
  await sendMail(
    mailServer(`smtp://127.0.0.1:${box.port}`),
    { ...letter, subject: subjectOf(news), text: textOf(news) },
    never,
  );
  const [mail] = box.mails;
  expect(mail?.to).toEqual(['ada@example.com']);
  expect(mail?.headers['bcc']).toBeUndefined();
  expect(mail?.headers['subject']).toBe(subjectOf(news));
  expect(mail?.text).toBe(textOf(news));
});

test('a subject that somebody forgot to make harmless is one line all the same', async () => {
  const box = await mailbox(own);
  const subject = 'x\r\nBcc: eve@example.com\nY: z';
  await sendMail(mailServer(`smtp://127.0.0.1:${box.port}`), { ...letter, subject }, never);
  expect(box.mails[0]?.headers).not.toHaveProperty('bcc');
  expect(box.mails[0]?.headers).not.toHaveProperty('y');
});

test('a server that is not there is said to be so', async () => {
  const server = mailServer(`smtp://localhost:${await deadPort()}`);
  await expect(sendMail(server, letter, never)).rejects.toThrow(/^nothing listens there$/);
});

test('a server that refuses is told of in its own words, and gets its good-bye', async () => {
  const box = await mailbox({ ...own, onRcptTo: (_address, _session, done) => done(new Error('no such person')) });
  const sent = sendMail(mailServer(`smtp://127.0.0.1:${box.port}`), letter, never);
  await expect(sent).rejects.toThrow(/no such person/);
});

const dialogue = ['220 hi\r\n', '250 hi\r\n', '250 ok\r\n', '250 ok\r\n', '354 go\r\n'];

test.each([
  ['before its greeting', []],
  ...dialogue.map((line, i): [string, string[]] => [`after ${line.trim()} (${i})`, dialogue.slice(0, i + 1)]),
  ['with garbage instead of a greeting', [`${'\0\xff'.repeat(1000)}\r\n`]],
  ['with a refusal for a greeting', ['554 go away\r\n']],
  ['in the handshake of TLS', ['220 hi\r\n', '250-hi\r\n250 STARTTLS\r\n', '220 go\r\n', 'no TLS at all']],
])('a server that breaks off %s is an error that can be told, and nothing else', async (_when, answers) => {
  const server = mailServer(`smtp://127.0.0.1:${await brokenServer(answers)}`);
  await expect(sendMail(server, letter, never)).rejects.toThrow(/^[ -~\xa0-\xff\ufffd…]{5,300}$/);
});

test('a server that speaks no TLS where it should from the beginning is said to do so', async () => {
  const box = await mailbox({ disabledCommands: ['STARTTLS'] });
  const sent = sendMail(mailServer(`smtps://localhost:${box.port}`), letter, never);
  await expect(sent).rejects.toThrow(/^it cannot be spoken to in TLS: wrong version number$/);
});

test('a server that says nothing is left when the signal says so, and no connection is left', async () => {
  const server = await silentServer();
  const giveUp = new AbortController();
  const sent = sendMail(mailServer(`smtp://127.0.0.1:${server.port}`), letter, giveUp.signal);
  sent.catch(() => {});
  await until('the connection is there', () => server.open() === 1);
  giveUp.abort(new Error('it takes too long'));
  await expect(sent).rejects.toThrow(/^it takes too long$/);
  await until('the connection is gone', () => server.open() === 0);
});

test('a server that says nothing is left after ten seconds', async () => {
  const server = await silentServer();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
  let reason = '';
  void sendMail(mailServer(`smtp://127.0.0.1:${server.port}`), letter, never).catch((error: Error) => {
    reason = error.message;
  });
  while (server.open() === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  expect(reason).toBe('');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(reason).toBe('it does not answer');
});
