/**
 * Joins a run and those who are told of it: `--mailTo` and `--notify`.
 */

import { hostname } from 'node:os';
import type { RunSnapshot } from '../contract/snapshot.ts';
import { timeToGo } from '../monitor/progress.ts';
import { ending } from '../monitor/summary.ts';
import type { MailBundle } from '../notify/mail.ts';
import type { RunFarewell } from '../notify/news.ts';
import { Notifier, type NewsSource } from '../notify/notifier.ts';
import type { NotifyOptions } from '../notify/notify-options.ts';
import type { BegunRun } from '../run/begin-run.ts';
import type { Surroundings, Teller } from '../run/surroundings.ts';
import { loadPart } from './program.ts';

/** Columns of the summary in a mail. */
export const newsWidth = 120;

/** So long nobody wonders what is waited for. */
const patienceMs = 1500;

/**
 * @returns undefined when nobody is to be told
 * @throws DisbatchError usage
 */
export function makeNotifier(options: NotifyOptions, around: Surroundings): Notifier | undefined {
  if (options.mailTo === undefined && options.command === undefined) return undefined;
  return new Notifier({
    ...{ options, env: around.env, openFiles: around.started.nofile, host: hostname() },
    warn: (text) => around.tell.error(text),
    loadMail: () => loadPart<MailBundle>(around, 'mail.cjs'),
    wordsFor: ending,
    timeToGo: (snapshot) => timeToGo(snapshot, meanRate(snapshot)),
  });
}

/** The part of the surroundings by which it follows the records. */
export function watchedBy(notifier: Notifier | undefined): Pick<Surroundings, 'watch'> {
  if (notifier === undefined) return {};
  return { watch: { record: (record) => notifier.record(record), written: () => {} } };
}

export function newsSource({ driver, files, log }: BegunRun): NewsSource {
  const { taskName } = driver.overview();
  return {
    taskName,
    prefix: files.prefix,
    statusFile: files.status,
    snapshot: () => driver.snapshot(),
    log: (text) => log('WARNING', text),
  };
}

/**
 * Brings the last news; says so when that takes a while.
 *
 * @param forced - resolves when they are not to be waited for
 */
export async function tellEnd(
  notifier: Notifier,
  farewell: RunFarewell,
  forced: Promise<void>,
  tell: Teller,
): Promise<void> {
  const patience = setTimeout(() => tell.notice('The last news is on its way; Ctrl-C gives it up.'), patienceMs);
  await notifier.end(farewell, forced);
  clearTimeout(patience);
}

/** Tasks a second since the beginning. */
function meanRate({ counts, start, now }: RunSnapshot): number | undefined {
  return counts.finished > 0 && now > start ? counts.finished / (now - start) : undefined;
}
