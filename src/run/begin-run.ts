/**
 * A run from its beginning to its end, for whoever asks for one: the command line or a program.
 *
 *   prepare() ─► status file and logs ─► setUp(): driver and contexts ─► toItsEnd() ─► close()
 *
 * Nothing is made on disk before the options, the tasks and the status files to resume from have been found good.
 */

import { hostname } from 'node:os';
import type { ByteString } from '../base/byte-string.ts';
import type { DisbatchError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { openLog } from '../base/open-log.ts';
import { Releasers } from '../base/releasers.ts';
import { runFiles, type RunFiles } from '../contract/run-files.ts';
import type { RunEnd, RunSnapshot } from '../contract/snapshot.ts';
import type { Driver } from '../driver/driver.ts';
import { resolvePrefix } from '../driver/prefix.ts';
import { messageSource, type TaskSource } from '../driver/task-source.ts';
import { exitStatusOf } from './exit-status.ts';
import { prepare, type Prepared } from './prepare.ts';
import { closeRecordFiles, createRecordFiles, makeResultsFolder } from './record-files.ts';
import type { RunOptions } from './run-options.ts';
import { setUp, type LateTasks, type SetUp } from './set-up.ts';
import type { Surroundings } from './surroundings.ts';

/** A run whose parts are there. */
export interface BegunRun {
  readonly driver: Driver;
  readonly files: RunFiles;
  /** The driver's. */
  readonly log: Logger;
  /** Whether its status file holds the records of the files that it resumes, so that the next resume needs it alone. */
  readonly carries: boolean;
  /**
   * Runs until the last record is in the status file. To be called once.
   *
   * @param forced - resolves when the end is not to be waited for
   */
  toItsEnd(forced: Promise<void>): Promise<RunResult>;
  /** Ends what is left of engines and connections, and removes what was there for the run only. */
  close(): Promise<void>;
}

/** How a run ended. */
export interface RunResult {
  readonly snapshot: RunSnapshot;
  readonly end: RunEnd;
  /** 0 done; 1 the run failed or was not completed, or with `-e` a task failed; 128+n on a signal. */
  readonly exitStatus: number;
  /** Records are missing in the status file. */
  readonly unwritten: DisbatchError | undefined;
}

/**
 * Makes the parts of a run. Its tasks start with `toItsEnd`.
 *
 * @returns 'no tasks' when it is known that there are none
 * @throws (rejects with) DisbatchError when the run cannot begin
 */
export async function beginRun(
  options: RunOptions,
  openSource: () => TaskSource,
  around: Surroundings,
): Promise<BegunRun | 'no tasks'> {
  const late: LateTasks = { open: undefined };
  const opened = (): AsyncIterator<ByteString> => {
    if (late.open === undefined) throw new Error('tasks are asked for before there is a store');
    return late.open();
  };
  const ofStore = (): TaskSource => messageSource('what the program has sent', 'STREAM', opened);
  const prepared = prepare(options, options.taskServer === undefined ? openSource : ofStore, around);
  const releasers = new Releasers();
  try {
    return await begin(options, around, prepared, releasers, late);
  } catch (error) {
    releasers.release();
    throw error;
  }
}

async function begin(
  options: RunOptions,
  around: Surroundings,
  prepared: Prepared,
  releasers: Releasers,
  late: LateTasks,
): Promise<BegunRun | 'no tasks'> {
  const { source, total } = prepared;
  const files = runFiles(resolvePrefix(options.prefix, source.taskName, new Date(), Math.random));
  const logs = openLog(
    options.logfile ?? files.driverLog,
    options.loglevel,
    releasers,
    options.logfile === undefined ? '-p' : '--logfile',
  );
  const log = logs.named('Driver');
  log('INFO', `disBatch ${around.version} on ${hostname()} (PID ${process.pid}) in ${process.cwd()}`);
  log('INFO', around.invocation);
  makeResultsFolder(options);
  const fds = createRecordFiles(options, prepared, files, around.tell);
  if (total === 0) {
    closeRecordFiles(fds);
    releasers.release();
    return 'no tasks';
  }
  let parts: SetUp;
  try {
    parts = await setUp(options, around, prepared, releasers, files, fds, logs, late);
  } catch (error) {
    closeRecordFiles(fds);
    throw error;
  }
  const { driver, records, tellOver, settle } = parts;
  let settled: Promise<void> | undefined;
  return {
    ...{ driver, files, log, carries: prepared.carries },
    toItsEnd: async (forced) => {
      await Promise.race([driver.run(), forced]);
      const end = (): RunEnd => driver.snapshot().end ?? { why: 'done' };
      tellOver(exitStatusOf(end(), driver.snapshot(), options));
      settled = settle(forced);
      const unwritten = await records.close();
      const snapshot = driver.snapshot();
      log('INFO', `the run is over: ${end().why}; ${JSON.stringify(snapshot.counts)}`);
      const exitStatus = unwritten?.exitStatus ?? exitStatusOf(end(), snapshot, options);
      return { snapshot, end: end(), exitStatus, unwritten };
    },
    close: async () => {
      try {
        await (settled ?? settle(Promise.resolve()));
      } finally {
        releasers.release();
      }
    },
  };
}
