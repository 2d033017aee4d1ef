/**
 * Sends a mail. In the driver's process; a bundle of its own (mail.cjs), so that a run without mail does not load it.
 *
 *   connect ─► greeting ─► TLS ─► login ─► message ─► quit
 *
 * Always true: each step has its time; when `signal` says so the connection is gone at once.
 */

import { connect, type Socket } from 'node:net';
import MailComposer from 'nodemailer/lib/mail-composer';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { clipped, visible } from '../base/terminal-text.ts';
import type { MailServer } from './mail-server.ts';

export interface Letter {
  /** From and to: the same. Source: the original. */
  readonly address: string;
  readonly subject: string;
  readonly text: string;
  /** Identifies the mail, `<…@…>`; and the first mail of the run, when this is a later one. */
  readonly id: string;
  readonly firstId: string | undefined;
}

/** What the bundle has. */
export interface MailBundle {
  readonly sendMail: typeof sendMail;
}

const stepMs = 10_000;
/** Between two signs of life. */
const silenceMs = 20_000;

/** @throws (rejects with) an Error that says which step failed, as a clause; the signal's reason, when it is given up */
export async function sendMail(server: MailServer, letter: Letter, signal: AbortSignal): Promise<void> {
  const message = await compose(letter);
  signal.throwIfAborted();
  // Host names as the system knows them: nodemailer asks name servers only.
  const socket = connect({ host: server.host, port: server.port });
  // What still comes of a connection that was given up is nobody's business.
  socket.on('error', () => {});
  let stop = (): void => {};
  try {
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
    });
    await Promise.race([converse(server, socket, letter.address, message), stopped]);
  } catch (error) {
    throw signal.aborted ? signal.reason : new Error(reasonOf(error), { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
    // A server may take its time to say good-bye.
    if (signal.aborted) socket.destroy();
  }
}

async function converse(server: MailServer, socket: Socket, address: string, message: Buffer): Promise<void> {
  await connected(socket);
  const connection = new SMTPConnection({
    ...{ host: server.host, port: server.port, connection: socket, secure: server.tls === 'from the beginning' },
    ...{ requireTLS: server.tls === 'required', opportunisticTLS: server.tls === 'when offered' },
    tls: { rejectUnauthorized: server.verified },
    ...{ connectionTimeout: 2 * stepMs, greetingTimeout: stepMs, socketTimeout: silenceMs },
  });
  const { login } = server;
  try {
    await new Promise<void>((resolve, reject) => {
      // Some steps fail by the event, and some by the callback.
      connection.on('error', reject);
      void (async () => {
        await step((done) => connection.connect(done));
        if (login !== undefined) {
          await step((done) => connection.login({ credentials: { user: login.user, pass: login.password } }, done));
        }
        await step((done) => connection.send({ from: address, to: [address] }, message, done));
      })().then(resolve, reject);
    });
    connection.quit();
  } finally {
    connection.close();
  }
}

function compose({ address, subject, text, id, firstId }: Letter): Promise<Buffer> {
  const mailbox = { name: '', address };
  const mail = new MailComposer({
    ...{ from: mailbox, to: mailbox, subject, text, messageId: id, textEncoding: 'quoted-printable' },
    ...(firstId === undefined ? {} : { inReplyTo: firstId, references: firstId }),
    // An answer by a machine would come to the same address, and so forth.
    headers: { 'Auto-Submitted': 'auto-generated' },
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  return mail.compile().build();
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error('it does not answer')), stepMs).unref();
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function step(begin: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    begin((error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Characters of an answer that are shown. */
const reasonWidth = 300;

/** What a person makes of the error. */
function reasonOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return String(first);
  const tls = /SSL routines:[^:]*:([^:]+)/.exec(first.message)?.[1];
  if (tls !== undefined) return `it cannot be spoken to in TLS: ${tls}`;
  return words[(first as NodeJS.ErrnoException).code ?? ''] ?? clipped(visible(first.message.trim()), reasonWidth);
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'no host of this name is known',
  EAI_AGAIN: 'no host of this name is known now',
  EHOSTUNREACH: 'no way leads there',
  ENETUNREACH: 'no way leads there',
  ETIMEDOUT: 'it does not answer',
};
