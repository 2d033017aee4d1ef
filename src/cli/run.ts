/**
 * The main command: runs a task file on this machine. Puts the roles together: here the driver and the engine share one
 * process, and what they say to each other crosses in memory.
 *
 *   prepare() ─► status file and logs ─► engine + driver ─► summary ─► exit status
 *
 * Nothing is made on disk before the command line, the task file and the status files to resume from have been found good.
 */

import { closeSync } from 'node:fs';
import { constants, hostname } from 'node:os';
import { shellQuoted } from '../base/terminal-text.ts';
import { Releasers } from '../base/releasers.ts';
import { runFiles, type RunFiles } from '../contract/run-files.ts';
import type { RunEnd, RunSnapshot } from '../contract/snapshot.ts';
import { Driver } from '../driver/driver.ts';
import { resolvePrefix } from '../driver/prefix.ts';
import { createStatusFile, StatusFile } from '../driver/status-file.ts';
import { summary } from '../monitor/summary.ts';
import { formatStatusLine } from '../task/status-line.ts';
import type { RunArguments } from './arguments.ts';
import type { Console } from './console.ts';
import { startEngines } from './local-engines.ts';
import { prepare, type Prepared, type Surroundings } from './prepare.ts';
import { resumeCommand } from './resume-command.ts';
import { openLog } from './run-log.ts';
import { watchSignals } from './signals.ts';

/** Between TERM and KILL when a run is ended. */
const graceMs = 5000;

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
  const { console: say, env } = around;
  const { plan, launchers, source, total } = prepared;
  const files = runFiles(resolvePrefix(given.prefix, source.taskName, new Date(), Math.random));
  const log = openLog(
    given.logfile ?? files.driverLog,
    given.loglevel,
    releasers,
    given.logfile === undefined ? '-p' : '--logfile',
  ).named('Driver');
  log('INFO', `disBatch ${around.version} on ${hostname()} (PID ${process.pid}) in ${process.cwd()}`);
  log('INFO', `command line: ${around.words.map(shellQuoted).join(' ')}`);
  const fd = beginStatusFile(given, prepared, files, say);
  if (total === 0) {
    closeSync(fd);
    say.notice('No tasks to run.');
    return 0;
  }
  const status = new StatusFile(files.status, fd, (error) => driver.trouble(error));
  const driver: Driver = new Driver({
    options: {
      failFast: given.failFast,
      graceMs,
      endBackground: given.endBackground,
      node: hostname(),
      pid: process.pid,
    },
    feeder: prepared.newFeeder({ skipsWritten: prepared.carries, warn: true }),
    status,
    log,
    total,
  });
  const engines = startEngines({ plan, files, given, env, source, launchers, driver, releasers });
  const killEngines = (): void => {
    for (const engine of engines) engine.kill();
  };
  const forced = new Promise<void>((resolve) => {
    releasers.add(watch(driver, around, () => resolve()));
  });
  say.startLive(() => driver.snapshot());
  releasers.add(() => say.stopLive());
  await Promise.race([driver.run(), forced]);
  killEngines();
  const unwritten = await status.close();
  say.stopLive();
  const snapshot = driver.snapshot();
  const end = snapshot.end ?? { why: 'done' };
  log('INFO', `the run is over: ${end.why}; ${JSON.stringify(snapshot.counts)}`);
  if (end.why === 'done' && isEmpty(snapshot)) {
    say.notice('No tasks to run.');
    return 0;
  }
  const { failed, skippedFailed } = snapshot.counts;
  const carried = prepared.carries || given.resumeFrom.length === 0;
  const resume = resumeCommand(given, files.status, carried, failed + skippedFailed > 0);
  say.show(summary(snapshot, { statusPath: files.status, resumeCommand: resume, width: say.width }, say.paint));
  if (end.why === 'trouble' && given.quiet) say.error(`disbatch: ${end.error.message}`);
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

/** What signals do to the run. @returns what ends the watch */
function watch(driver: Driver, { console: say, started }: Surroundings, force: () => void): () => void {
  return watchSignals(started, {
    end: (signal) => {
      const { running } = driver.snapshot();
      say.notice(`${signal}: ending ${running} running ${running === 1 ? 'task' : 'tasks'}; once more to end at once.`);
      driver.signal(signal);
    },
    endAtOnce: force,
    softStop: () => {
      say.notice('Stopping: running tasks may finish, no new ones are started.');
      driver.softStop();
    },
  });
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
      if (total === undefined || counts.finished + counts.skipped < total) return 1;
      return given.exitCode && failed ? 1 : 0;
    case 'done':
    case 'check-failed':
      return given.exitCode && failed ? 1 : 0;
  }
}
