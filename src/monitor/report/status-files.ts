/**
 * The status files of a report: found, read, and looked at for what is peculiar about them. In the process of the command.
 */

import { existsSync, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { asBytes } from '../../base/byte-string.ts';
import { DisbatchError } from '../../base/errors.ts';
import { keyFile, prefixOf, runFiles } from '../../contract/run-files.ts';
import { StatusScan } from '../../task/status-scan.ts';
import { StatusFollower } from '../records/status-follower.ts';

/** One that was read. */
export interface StatusFile {
  readonly follower: StatusFollower;
  readonly torn: boolean;
  readonly goesOn: boolean;
}

/**
 * @param given - status files, other files of runs, or the prefixes of runs
 * @returns in the order in which the runs began; those that ran nothing last
 * @throws (rejects with) DisbatchError status-unreadable, status-not-ours
 */
export async function readStatusFiles(given: readonly string[]): Promise<StatusFile[]> {
  const files: StatusFile[] = [];
  const known = new Set<string>();
  for (const path of given.map(statusFileOf)) {
    // A file that was given twice would count its work twice.
    const real = existsSync(path) ? realpathSync(path) : path;
    if (known.has(real)) continue;
    known.add(real);
    files.push(await readStatusFile(path));
  }
  const begin = ({ follower }: StatusFile): number => follower.table.tallies.firstStart ?? Infinity;
  return files.toSorted((a, b) => (begin(a) === begin(b) ? 0 : begin(a) - begin(b)));
}

/** The status file that somebody means. */
function statusFileOf(given: string): string {
  const prefix = prefixOf(given);
  const isFile = prefix === given && statSync(given, { throwIfNoEntry: false })?.isDirectory() === false;
  return isFile ? given : runFiles(prefix).status;
}

async function readStatusFile(path: string): Promise<StatusFile> {
  const follower = new StatusFollower(path);
  try {
    await follower.look();
  } finally {
    await follower.close();
  }
  const { unfinished, foreignLines, table } = follower;
  const isTorn = unfinished.length > 0;
  if (follower.firstForeignLine === 1) throw notOurs(path);
  if (isTorn && table.length + foreignLines === 0) {
    // The first line: half a record, or something else that has no newline.
    const line = asBytes(unfinished.toString('latin1'));
    if (new StatusScan().classify(line, { newline: false, last: true }).kind === 'not-a-status-file')
      throw notOurs(path);
  }
  return { follower, torn: isTorn, goesOn: existsSync(keyFile(resolve(prefixOf(path)))) };
}

function notOurs(path: string): DisbatchError {
  return new DisbatchError(
    'status-not-ours',
    `${path} is not a status file: its first line is no record. Give a file that ends in _status.txt, or the prefix of a run.`,
  );
}
