/**
 * Which launchers are installed beside this program, the preferred one first.
 */

import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { DisbatchError } from '../base/errors.ts';
import type { LauncherCommand } from './spawned-launcher.ts';

/**
 * @param folder - where the program is installed
 * @param kind - the only kind to use, when the user named one or something that only one kind can do
 * @throws DisbatchError launcher-unusable when that kind is not there
 */
export function findLaunchers(
  folder: string,
  kind: LauncherCommand['kind'] | undefined,
  args: readonly string[],
): LauncherCommand[] {
  const found: LauncherCommand[] = [];
  const native = join(folder, `launcher-${process.platform}-${process.arch}`);
  if (kind !== 'portable' && isExecutable(native)) found.push({ kind: 'native', file: native, args });
  if (kind === 'native' && found.length === 0) {
    throw new DisbatchError(
      'launcher-unusable',
      `There is no native launcher for this machine (${native}). Leave out --launcher native and --end-background, which need it, or build it with a C compiler.`,
    );
  }
  if (kind !== 'native') {
    found.push({ kind: 'portable', file: process.execPath, args: [join(folder, 'portable-launcher.cjs'), ...args] });
  }
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
