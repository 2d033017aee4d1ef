/**
 * From `-p` to the prefix of a run's files. Source of the rules: the original.
 *
 * A folder gives `<folder>/<task file>_disBatch_<date>_<digits>`; anything else is the prefix itself, and its folder must
 * be there.
 */

import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DisbatchError } from '../base/errors.ts';
import { defaultName, runFiles } from '../contract/run-files.ts';

/**
 * @param path - what `-p` says; "." where it is not given
 * @param taskName - the name of the task file, without its folder
 * @throws DisbatchError prefix-unusable when the folder is not there
 */
export function resolvePrefix(path: string, taskName: string, now: Date, random: () => number): string {
  const wanted = resolve(path === '' ? '.' : path);
  if (isFolder(wanted)) {
    const folder = realpathSync(wanted);
    for (;;) {
      const prefix = join(folder, defaultName(taskName, now, random()));
      if (!existsSync(runFiles(prefix).status)) return prefix;
    }
  }
  const folder = path.endsWith('/') ? wanted : dirname(wanted);
  if (!isFolder(folder)) {
    throw new DisbatchError(
      'prefix-unusable',
      `There is no folder ${folder} for the files of this run. Make it (mkdir -p '${folder}'), or choose another with -p.`,
    );
  }
  return join(realpathSync(folder), basename(wanted));
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Whatever keeps it from being looked at keeps files from being made there.
    return false;
  }
}
