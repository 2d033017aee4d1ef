/**
 * Tells people and programs how a run goes: by mail, and by the command of `--notify`. In the driver's process.
 *
 *   driver ─ records ─► notifier ─┬─► courier of the mail ─► mail.cjs ─► SMTP
 *                                 └─► courier of the command ─► bash
 *
 * Always true: nothing that goes wrong here changes the run or its exit status; it is one warning each.
 */

import { randomBytes } from 'node:crypto';
import type { RunSnapshot } from '../contract/snapshot.ts';
import type { StatusRecord } from '../task/status-record.ts';
import { Courier, courierTimes, type CourierTimes } from './courier.ts';
import { Gathering, type Batch } from './gathering.ts';
import type { MailBundle } from './mail.ts';
import { checkMailAddress, mailServer, serverText, serverVariable } from './mail-server.ts';
import type { News, RunFarewell, RunNames } from './news.ts';
import { newsJson } from './news-json.ts';
import { subjectOf, textOf } from './news-text.ts';
import type { NotifyOptions } from './notify-options.ts';
import { runCommand } from './run-command.ts';

export interface NotifierParts {
  readonly options: NotifyOptions;
  /** What the command gets, and where the mail server is named. */
  readonly env: NodeJS.ProcessEnv;
  /** The soft limit on open files that the command gets; undefined: that of this process. */
  readonly openFiles: number | undefined;
  readonly host: string;
  /** Tells the user of something that went wrong. */
  readonly warn: (text: string) => void;
  readonly loadMail: () => Promise<MailBundle>;
  /** How a task that failed ended. */
  readonly wordsFor: (record: StatusRecord) => string;
  /** Seconds until the run is done, where that can be said. */
  readonly timeToGo: (snapshot: RunSnapshot) => number | undefined;
  readonly times?: CourierTimes;
}

/** The run, as soon as it is there. */
export interface NewsSource extends Omit<RunNames, 'host'> {
  readonly snapshot: () => RunSnapshot;
  /** Writes into the driver's log. */
  readonly log: (text: string) => void;
}

export class Notifier {
  private readonly parts: NotifierParts;
  private readonly couriers: Courier<RunFarewell>[] = [];
  private source: NewsSource | undefined;

  /** @throws DisbatchError usage when there is no such address or server */
  constructor(parts: NotifierParts) {
    this.parts = parts;
    const { mailTo, command } = parts.options;
    if (mailTo !== undefined) this.couriers.push(this.mailCourier(mailTo));
    if (command !== undefined) this.couriers.push(this.commandCourier(command));
  }

  /** Where the news comes from. To be called before the first record. */
  begin(source: NewsSource): void {
    this.source = source;
  }

  /** A record, as it is made. */
  record(record: StatusRecord): void {
    for (const courier of this.couriers) courier.record(record);
  }

  /**
   * The run is over: brings the last news. Waits for it, though not long.
   *
   * @param forced - resolves when nothing is to be waited for
   */
  async end(farewell: RunFarewell, forced: Promise<void>): Promise<void> {
    await Promise.all(this.couriers.map((courier) => courier.end(farewell, forced)));
  }

  private mailCourier(address: string): Courier<RunFarewell> {
    checkMailAddress(address);
    const named = this.parts.env[serverVariable];
    const server = mailServer(named);
    const remedy = named === undefined || named === '' ? ` ${serverVariable} can name another server.` : '';
    // The files of the program may be replaced while the run goes on; and no mail should be late for them.
    const loaded = this.parts.loadMail();
    loaded.catch(() => {});
    const run = randomBytes(12).toString('hex');
    const domain = /@([\w.-]+)$/.exec(address)?.[1] ?? 'localhost';
    let count = 0;
    let firstId: string | undefined;
    return this.courier(
      async (news, signal) => {
        const { sendMail } = await loaded;
        const id = `<${run}.${++count}@${domain}>`;
        await sendMail(server, { address, subject: subjectOf(news), text: textOf(news), id, firstId }, signal);
        firstId ??= id;
      },
      `no mail could be sent to ${address} through ${serverText(server)}`,
      remedy,
    );
  }

  private commandCourier(command: string): Courier<RunFarewell> {
    const { env, openFiles } = this.parts;
    return this.courier(
      (news, signal) => runCommand({ command, env, openFiles }, newsJson(news), signal),
      'the command of --notify has failed',
    );
  }

  /**
   * @param failure - what a delivery that failed means, as a clause
   * @param remedy - a sentence behind a blank, or nothing
   */
  private courier(
    deliver: (news: News, signal: AbortSignal) => Promise<void>,
    failure: string,
    remedy = '',
  ): Courier<RunFarewell> {
    const { options, warn, wordsFor, times } = this.parts;
    return new Courier<RunFarewell>({
      gathering: new Gathering(options.every, wordsFor),
      deliver: (batch, farewell, signal) => deliver(this.news(batch, farewell), signal),
      failed: (reason) => {
        const warning = `${failure} (${reason.message})`;
        this.source?.log(warning);
        warn(`Warning: ${warning}.${remedy} The run is not affected; this is said once.`);
      },
      times: times ?? courierTimes,
    });
  }

  private news(batch: Batch, farewell: RunFarewell | undefined): News {
    const { source, parts } = this;
    if (source === undefined) throw new Error('there is news of a run that has not begun');
    const { taskName, prefix, statusFile } = source;
    const snapshot = source.snapshot();
    return {
      run: { taskName, prefix, statusFile, host: parts.host },
      snapshot,
      toGo: snapshot.end === undefined ? parts.timeToGo(snapshot) : undefined,
      batch,
      farewell,
    };
  }
}
