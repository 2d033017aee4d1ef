/**
 * The main command: runs a task file, with a live line while it runs and a summary at its end.
 */

import type { TaskSource } from '../driver/task-source.ts';
import type { RunSnapshot } from '../contract/snapshot.ts';
import { detailsFile } from '../contract/run-files.ts';
import { summaryJson } from '../monitor/summary-json.ts';
import { plain } from '../monitor/progress.ts';
import { summary } from '../monitor/summary.ts';
import type { Notifier } from '../notify/notifier.ts';
import { beginRun, type BegunRun } from '../run/begin-run.ts';
import { resultsFolder } from '../run/record-files.ts';
import type { Surroundings } from '../run/surroundings.ts';
import type { RunArguments } from './options/arguments.ts';
import type { Console } from './console.ts';
import type { Printer } from './printer.ts';
import { makeNotifier, newsSource, newsWidth, tellEnd, watchedBy } from './run-notifier.ts';
import { resumeCommand } from './resume-command.ts';
import { watchSignals } from './signals.ts';
import { startWebOfRun } from './web-of-run.ts';

/**
 * @returns the exit status of the command
 * @throws DisbatchError when the run cannot begin, or its records could not be written
 */
export async function run(
  given: RunArguments,
  openSource: () => TaskSource,
  around: Surroundings,
  say: Console,
  printer: Printer,
): Promise<number> {
  const notifier = makeNotifier(given.notify, around);
  const begun = await beginRun(given.options, openSource, { ...around, ...watchedBy(notifier) });
  if (begun === 'no tasks') {
    say.notice('No tasks to run.');
    if (given.json) await printer.print('{"end":"no tasks","exitStatus":0}\n');
    return 0;
  }
  const { prefix } = begun.files;
  const endWeb = given.web && startWebOfRun({ ...around, prefix, address: given.web, isTerminal: say.isTerminal });
  try {
    return await perform(given, begun, around, say, printer, notifier);
  } finally {
    endWeb?.();
    await begun.close();
  }
}

async function perform(
  given: RunArguments,
  begun: BegunRun,
  around: Surroundings,
  say: Console,
  printer: Printer,
  notifier: Notifier | undefined,
): Promise<number> {
  const { driver, files } = begun;
  let endWatch = (): void => {};
  let isTelling = false;
  const forced = new Promise<void>((resolve) => {
    endWatch = watch(begun, around, say, resolve, () => isTelling);
  });
  notifier?.begin(newsSource(begun));
  say.startLive(() => driver.snapshot());
  const { snapshot, end, exitStatus, unwritten } = await begun.toItsEnd(forced);
  say.stopLive();
  const { failed, skippedFailed } = snapshot.counts;
  const carried = begun.carries || given.options.resumeFrom.length === 0;
  const resume = resumeCommand(given, files.status, carried, failed + skippedFailed > 0);
  if (end.why === 'done' && isEmpty(snapshot)) {
    say.notice('No tasks to run.');
  } else {
    say.show(summary(snapshot, { statusPath: files.status, resumeCommand: resume, width: say.width }, say.paint));
    if (end.why === 'trouble' && given.quiet) say.error(`disbatch: ${end.error.message}`);
  }
  if (given.json) {
    const facts = {
      ...{ exitStatus, statusFile: files.status, resumeCommand: resume },
      detailsFile: given.options.details ? detailsFile(files.prefix) : undefined,
      resultsFolder: resultsFolder(given.options),
    };
    await printer.print(`${summaryJson(snapshot, facts)}\n`);
  }
  if (notifier !== undefined) {
    isTelling = true;
    const shown = summary(snapshot, { statusPath: files.status, resumeCommand: resume, width: newsWidth }, plain);
    await tellEnd(notifier, { exitStatus, resumeCommand: resume, summary: shown }, forced, say);
  }
  await begun.close();
  endWatch();
  if (unwritten !== undefined) throw unwritten;
  return exitStatus;
}

function isEmpty({ counts }: RunSnapshot): boolean {
  return counts.finished + counts.skipped + counts.barriers + counts.perEngineFailed === 0;
}

/**
 * What signals do to the run.
 *
 * @param isTelling - whether only the last news is waited for
 * @returns what ends the watch
 */
function watch(
  { driver }: BegunRun,
  { started }: Surroundings,
  say: Console,
  force: () => void,
  isTelling: () => boolean,
): () => void {
  return watchSignals(started, {
    end: (signal) => {
      if (isTelling()) return force();
      const { running } = driver.snapshot();
      say.notice(`${signal}: ending ${running} running ${running === 1 ? 'task' : 'tasks'}; once more to end at once.`);
      driver.signal(signal);
    },
    endAtOnce: force,
    softStop: () => {
      say.notice('Stopping: running tasks may finish, no new ones are started.');
      driver.softStop('soft-stop');
    },
  });
}
