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
import { dirname } from 'node:path';
import { asBytes } from '../base/byte-string.ts';
import { DisbatchError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { openLog } from '../base/open-log.ts';
import { Releasers } from '../base/releasers.ts';
import { shellQuoted } from '../base/terminal-text.ts';
import type { NodePlan } from '../context/context.ts';
import { overSsh } from '../context/engine-starters.ts';
import { sameHost } from '../context/host-list.ts';
import { HostsContext } from '../context/hosts-context.ts';
import { StartQueue } from '../context/start-queue.ts';
import { contextLog, runFiles, type RunFiles } from '../contract/run-files.ts';
import type { RunEnd, RunSnapshot } from '../contract/snapshot.ts';
import { Driver } from '../driver/driver.ts';
import { Peers } from '../driver/peers.ts';
import { resolvePrefix } from '../driver/prefix.ts';
import { createStatusFile, StatusFile } from '../driver/status-file.ts';
import { summary } from '../monitor/summary.ts';
import { formatStatusLine } from '../task/status-line.ts';
import type { RunArguments } from './arguments.ts';
import type { Console } from './console.ts';
import { startOwnEngine } from './own-engine.ts';
import { postRunState } from './post-run-state.ts';
import { prepare, type Prepared, type Surroundings } from './prepare.ts';
import { openRendezvous } from './rendezvous.ts';
import { resumeCommand } from './resume-command.ts';
import { watchSignals } from './signals.ts';

/** Between TERM and KILL when a run is ended. */
const graceMs = 5000;
/** How long engines that have left may take to end, and connections to close. */
const settleMs = 2000;

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
  const { driver, status, settle, forced } = await setUp(given, around, prepared, releasers, files, fd, logs);
  say.startLive(() => driver.snapshot());
  releasers.add(() => say.stopLive());
  await Promise.race([driver.run(), forced]);
  const settled = settle();
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
  await settled;
  if (unwritten !== undefined) throw unwritten;
  return exitStatus(end, snapshot, given);
}

interface SetUp {
  readonly driver: Driver;
  readonly status: StatusFile;
  /** Ends what is left of engines and connections; waits for it, though not for long. */
  readonly settle: () => Promise<void>;
  /** Resolves when the user will not wait for the run's end. */
  readonly forced: Promise<void>;
}

/** Makes the parts of the run and links them. */
async function setUp(
  given: RunArguments,
  around: Surroundings,
  prepared: Prepared,
  releasers: Releasers,
  files: RunFiles,
  statusFd: number,
  logs: Log,
): Promise<SetUp> {
  const { console: say, env, folder, version } = around;
  const { plan, launchers, source, total } = prepared;
  const log = logs.named('Driver');
  const rendezvous = await openRendezvous({
    run: {
      ...{ version, cwd: process.cwd(), prefix: files.prefix, taskName: source.taskName, loglevel: given.loglevel },
      ...{ heartbeat: given.heartbeat, launcher: given.launcher },
      ...{ cpusPerTask: given.cpusPerTask, tasksPerNode: given.tasksPerNode },
    },
    address: given.useAddress,
    openStore: given.openStore,
    ...{ folder, log: logs.named('Port'), storeLog: logs.named('Store'), releasers },
    spillFolder: dirname(files.prefix),
    onConnection: (connection) => peers.accept(connection),
    onDown: () => log('WARNING', 'a client asked for the end of the store; it goes on until the end of the run'),
  });
  if (given.openStore) say.notice(`The store is open to whoever reaches port ${rendezvous.storeAddress}.`);
  const { info, store } = rendezvous;
  const status = new StatusFile(files.status, statusFd, (error) => driver.trouble(error));
  const driver: Driver = new Driver({
    options: {
      failFast: given.failFast,
      graceMs,
      endBackground: given.endBackground,
      maxLost: given.noRerun ? undefined : given.maxLost,
      node: hostname(),
      pid: process.pid,
    },
    heartbeat: given.heartbeat,
    feeder: prepared.newFeeder({ skipsWritten: prepared.carries, warn: true }),
    ...{ status, log, total, notice: (text: string) => say.notice(text) },
    putBarrierKey: (key, taskId) => {
      try {
        store.put(key, asBytes('ASTR'), Buffer.from(String(taskId)));
      } catch (error) {
        log('ERROR', `the key of barrier ${taskId} is not in the store: ${(error as Error).message}`);
      }
    },
  });
  const peers: Peers = new Peers(driver, version, logs.named('Peers'));
  releasers.add(postRunState(driver, store));

  const contextLogger = openLog(contextLog(files.prefix, plan.label ?? 'SSH0'), given.loglevel, releasers).named(
    'Context',
  );
  for (const notice of plan.notices) contextLogger('WARNING', notice);
  const isOwn = (node: NodePlan): boolean => sameHost(node.name, hostname());
  const own = { run: info, env, storeAddress: rendezvous.storeAddress, launchers, driver, releasers };
  const ssh = overSsh({ run: info, folder, log: contextLogger }, new StartQueue(Math.random));
  const context = new HostsContext({
    plan,
    host: hostname(),
    isLeased: (node) => !isOwn(node),
    start: (node, rank, label, ended) =>
      isOwn(node) ? startOwnEngine(own, node, rank, label) : ssh(node, rank, label, ended),
    send: (message) => driver.fromContext(contextRank, message),
    log: contextLogger,
    onLeave: () => {},
  });
  const contextRank = driver.addContext((message) => {
    // Later: the driver is answered never within its own call.
    queueMicrotask(() => {
      try {
        context.receive(message);
      } catch (error) {
        if (!(error instanceof DisbatchError)) throw error;
        driver.trouble(error);
      }
    });
  });
  const forced = new Promise<void>((resolve) => {
    releasers.add(watch(driver, around, () => resolve()));
  });
  context.begin();
  const settle = async (): Promise<void> => {
    await Promise.all([peers.close(settleMs), context.settle(settleMs)]);
  };
  return { driver, status, settle, forced };
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
