/**
 * Finds a run that is going on by the prefix of its files, for who wants to take part in it or to look at it.
 */

import { existsSync, readFileSync } from 'node:fs';
import { resolve as resolvePath } from 'node:path';
import { DisbatchError, systemReason } from '../base/errors.ts';
import { connectChannel } from '../channel/connect.ts';
import type { Connection } from '../channel/connection.ts';
import { keyFile, runFiles } from '../contract/run-files.ts';
import { decodeRunInfo, type RunInfo } from '../contract/run-info.ts';

const connectMs = 30_000;

/**
 * @param version - of this program: that of the run must be the same
 * @returns undefined when the run is over: its key has gone with it
 * @throws DisbatchError no-run
 */
export function findRun(prefix: string, version: string): RunInfo | undefined {
  const path = keyFile(resolvePath(prefix));
  let info: RunInfo;
  try {
    info = decodeRunInfo(readFileSync(path, 'utf8'));
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (gone && existsSync(runFiles(resolvePath(prefix)).status)) return undefined;
    throw new DisbatchError(
      'no-run',
      gone
        ? `There is no run ${prefix}: ${path} is not there. Is the prefix right, and does this host share its folder?`
        : `The file ${path}, which says how to reach the run, cannot be used (${systemReason(error)}).`,
      error,
    );
  }
  if (info.version !== version) {
    throw new DisbatchError(
      'no-run',
      `The run is one of disBatch ${info.version}, and this is ${version}. Use the same.`,
    );
  }
  return info;
}

/** @throws (rejects with) DisbatchError no-run */
export async function reachRun(info: RunInfo): Promise<Connection> {
  try {
    return await connectChannel(info.addresses, Buffer.from(info.key, 'hex'), connectMs);
  } catch (error) {
    throw new DisbatchError(
      'no-run',
      `The run cannot be reached from this host. ${(error as Error).message} If it was killed, resume it with its status file.`,
      error,
    );
  }
}
