/**
 * The main command: runs a task file, from the first look at it to the exit status.
 *
 *   prepare() ─► status file and logs ─► setUp(): driver and contexts ─► summary ─► exit status
 *
 * Nothing is made on disk before the command line, the task file and the status files to resume from have been found good.
 */

import { closeSync } from 'node:fs';
import { constants, hostname } from 'node:os';
import { openLog } from '../base/open-log.ts';
import { Releasers } from '../base/releasers.ts';
import { shellQuoted } from '../base/terminal-text.ts';
import { runFiles, type RunFiles } from '../contract/run-files.ts';
import type { RunEnd, RunSnapshot } from '../contract/snapshot.ts';
import { resolvePrefix } from '../driver/prefix.ts';
import { createStatusFile } from '../driver/status-file.ts';
import { summary } from '../monitor/summary.ts';
import { formatStatusLine } from '../task/status-line.ts';
import type { RunArguments } from './arguments.ts';
import type { Console } from './console.ts';
import { prepare, type Prepared, type Surroundings } from './prepare.ts';
import { resumeCommand } from './resume-command.ts';
import { setUp } from './set-up.ts';

/**
 * @returns the exit status of the command
 * @throws DisbatchError when the run cannot begin, or its records could not be written
 */
export async function run(given: RunArguments, around: Surroundings): Promise<number> {
  const prepared = prepare(given, around);
  const releasers = new Releasers();
  try {
    return await perform(given, around, prepared, releasers);
  } finally {
    releasers.release();
  }
}

async function perform(
  given: RunArguments,
  around: Surroundings,
  prepared: Prepared,
  releasers: Releasers,
): Promise<number> {
  const { console: say } = around;
  const { source, total } = prepared;
  const files = runFiles(resolvePrefix(given.prefix, source.taskName, new Date(), Math.random));
  const logs = openLog(
    given.logfile ?? files.driverLog,
    given.loglevel,
    releasers,
    given.logfile === undefined ? '-p' : '--logfile',
  );
  const log = logs.named('Driver');
  log('INFO', `disBatch ${around.version} on ${hostname()} (PID ${process.pid}) in ${process.cwd()}`);
  log('INFO', `command line: ${around.words.map(shellQuoted).join(' ')}`);
  const fd = beginStatusFile(given, prepared, files, say);
  if (total === 0) {
    closeSync(fd);
    say.notice('No tasks to run.');
    return 0;
  }
  const { driver, status, tellOver, settle, forced } = await setUp(given, around, prepared, releasers, files, fd, logs);
  say.startLive(() => driver.snapshot());
  releasers.add(() => say.stopLive());
  await Promise.race([driver.run(), forced]);
  tellOver(exitStatus(driver.snapshot().end ?? { why: 'done' }, driver.snapshot(), given));
  const settled = settle();
  const unwritten = await status.close();
  say.stopLive();
  const snapshot = driver.snapshot();
  const end = snapshot.end ?? { why: 'done' };
  log('INFO', `the run is over: ${end.why}; ${JSON.stringify(snapshot.counts)}`);
  if (end.why === 'done' && isEmpty(snapshot)) {
    await settled;
    say.notice('No tasks to run.');
    return 0;
  }
  const { failed, skippedFailed } = snapshot.counts;
  const carried = prepared.carries || given.resumeFrom.length === 0;
  const resume = resumeCommand(given, files.status, carried, failed + skippedFailed > 0);
  say.show(summary(snapshot, { statusPath: files.status, resumeCommand: resume, width: say.width }, say.paint));
  if (end.why === 'trouble' && given.quiet) say.error(`disbatch: ${end.error.message}`);
  await settled;
  if (unwritten !== undefined) throw unwritten;
  return exitStatus(end, snapshot, given);
}

/** Makes the status file, with the records that are taken over already in it. @returns its descriptor */
function beginStatusFile(given: RunArguments, prepared: Prepared, files: RunFiles, say: Console): number {
  const { fd, keptAs } = createStatusFile(files.status, given.statusHeader, (append) => {
    if (!prepared.carries) return;
    for (const item of prepared.newFeeder({ skipsWritten: true, warn: false }).all()) {
      if (item.kind === 'skip') append(formatStatusLine(item.record));
    }
  });
  if (keptAs !== undefined) say.notice(`The status file that was there is kept as ${keptAs}.`);
  return fd;
}

function isEmpty({ counts }: RunSnapshot): boolean {
  return counts.finished + counts.skipped + counts.barriers + counts.perEngineFailed === 0;
}

/** 0 done; 1 the run failed or was not completed, or with -e a task failed; 128+n on a signal. */
function exitStatus(end: RunEnd, { counts, total }: RunSnapshot, given: RunArguments): number {
  const failed = counts.failed + counts.skippedFailed + counts.perEngineFailed > 0;
  switch (end.why) {
    case 'signal':
      return 128 + constants.signals[end.signal];
    case 'trouble':
    case 'fail-fast':
      return 1;
    case 'soft-stop':
    case 'time-limit':
      if (total === undefined || counts.finished + counts.skipped < total) return 1;
      return given.exitCode && failed ? 1 : 0;
    case 'done':
    case 'check-failed':
      return given.exitCode && failed ? 1 : 0;
  }
}
