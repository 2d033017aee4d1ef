/**
 * Puts the roles of a run together: the driver, what it opens for others, and its first context, all in this process; the
 * engine of this host too, where what it and the driver say to each other crosses in memory.
 *
 *   rendezvous (port, store, files) ─► status file ─► driver ◄─► peers on connections
 *                                                       ▲
 *                                                       └─► context ─► own engine, engines over ssh
 */

import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { ByteString } from '../base/byte-string.ts';
import { addressText } from '../base/host-port.ts';
import type { Log } from '../base/log.ts';
import type { Releasers } from '../base/releasers.ts';
import { shellQuoted } from '../base/terminal-text.ts';
import { dbUtilFile, type RunFiles } from '../contract/run-files.ts';
import type { RunInfo } from '../contract/run-info.ts';
import { Driver } from '../driver/driver.ts';
import type { Effects } from '../driver/effects.ts';
import { Peers } from '../driver/peers.ts';
import { firstContext } from './first-context.ts';
import { postRunState } from '../programs/post-run-state.ts';
import type { Prepared } from './prepare.ts';
import { openPrograms } from './programs-of-run.ts';
import { openRendezvous } from './rendezvous.ts';
import { openRecordFiles, resultsFolder, type RecordFds, type RecordFiles } from './record-files.ts';
import type { RunOptions } from './run-options.ts';
import type { Surroundings } from './surroundings.ts';

/** Between TERM and KILL when a run is ended. */
const graceMs = 5000;
/** How long engines that have left may take to end, and connections to close. */
const settleMs = 2000;

/** Tasks that can be asked for only when the store is there. */
export interface LateTasks {
  open: (() => AsyncIterator<ByteString>) | undefined;
}

/** The parts of a run that the command goes on with. */
export interface SetUp {
  readonly driver: Driver;
  readonly records: RecordFiles;
  /** Tells those who wait for the end of the run. */
  readonly tellOver: (exitStatus: number) => void;
  /** Ends what is left of engines, programs and connections; waits for it, though not for long: till forced. */
  readonly settle: (forced: Promise<void>) => Promise<void>;
}

/**
 * Makes the parts of the run and links them.
 *
 * @throws (rejects with) DisbatchError when one cannot be made
 */
export async function setUp(
  given: RunOptions,
  around: Surroundings,
  prepared: Prepared,
  releasers: Releasers,
  files: RunFiles,
  fds: RecordFds,
  logs: Log,
  late: LateTasks,
): Promise<SetUp> {
  const { tell: say, folder, version } = around;
  const { plan, launchers, source, total } = prepared;
  const log = logs.named('Driver');
  const rendezvous = await openRendezvous({
    run: {
      ...{ version, cwd: process.cwd(), prefix: files.prefix, taskName: source.taskName, loglevel: given.loglevel },
      ...{ heartbeat: given.heartbeat, launcher: given.launcher },
      ...{ results: resultsFolder(given), details: given.details },
      ...{ cpusPerTask: given.cpusPerTask, tasksPerNode: given.tasksPerNode, resources: given.resources },
    },
    address: given.useAddress,
    openStore: given.openStore,
    foreignStore: given.foreignStore === undefined ? undefined : addressText(given.foreignStore),
    ...{ folder, log: logs.named('Port'), storeLog: logs.named('Store'), releasers },
    spillFolder: dirname(files.prefix),
    onConnection: (connection) => peers.accept(connection),
    onDown: () => log('WARNING', 'a client asked for the end of the store; it goes on until the end of the run'),
  });
  if (given.openStore) say.notice(`The store is open to whoever reaches port ${rendezvous.storeAddress}.`);
  if (given.foreignStore !== undefined) {
    const what =
      given.taskServer === undefined ? 'read what the run puts there' : 'run commands as you: tasks come from it';
    say.notice(`The store at ${rendezvous.storeAddress} is not of this run. Whoever reaches it can ${what}.`);
  }
  const { info } = rendezvous;
  const records = openRecordFiles(given, files, fds, around.watch, (error) => driver.trouble(error));
  const programs = await openPrograms({
    ...{ options: given, around, rendezvous, files, logs, releasers },
    onTrouble: (error) => driver.trouble(error),
  });
  late.open = () => programs.tasks();
  const record: Effects['record'] = (each, facts) => {
    records.record(each, facts);
    programs.record(each, facts);
  };
  const driver: Driver = new Driver({
    options: {
      failFast: given.failFast,
      graceMs,
      endBackground: given.endBackground,
      awaitsContexts: given.startupOnly,
      maxLost: given.noRerun ? undefined : given.maxLost,
      node: hostname(),
      pid: process.pid,
    },
    heartbeat: given.heartbeat,
    feeder: prepared.newFeeder({ skipsWritten: prepared.carries, warn: true }),
    ...{ prefix: files.prefix, taskName: source.taskName },
    ...{ record, log, total, notice: (text: string) => say.notice(text) },
    awaitEngines: () => {
      const { counts } = driver.snapshot();
      const left = total === undefined ? undefined : total - counts.finished - counts.skipped;
      say.notice(waitingFor(info, left));
    },
    putBarrierKey: (key, taskId) => programs.putBarrierKey(key, taskId),
  });
  const peers: Peers = new Peers(driver, version, logs.named('Peers'));
  const endPosts = postRunState(() => driver.runState(), programs.store);
  releasers.add(endPosts);

  const context =
    plan === undefined
      ? undefined
      : firstContext(given, around, {
          ...{ plan, run: info, storeAddress: rendezvous.storeAddress, launchers, driver, releasers },
        });
  context?.begin();
  const settle = async (forced: Promise<void>): Promise<void> => {
    endPosts();
    const end = driver.snapshot().end ?? { why: 'done' };
    await Promise.all([peers.close(settleMs), context?.settle(settleMs), programs.settle(end, forced)]);
  };
  return { driver, records, tellOver: (exitStatus) => peers.tellOver(exitStatus), settle };
}

/** What a run without hosts waits for, and how it comes. */
function waitingFor({ prefix }: RunInfo, left: number | undefined): string {
  const tasks = left === undefined ? 'The tasks wait' : left === 1 ? '1 task waits' : `${left} tasks wait`;
  const command = shellQuoted(dbUtilFile(prefix));
  return `${tasks} for hosts. Add some: ${command} -s HOST:CORES, or within a cluster: sbatch -n TASKS ${command}`;
}
