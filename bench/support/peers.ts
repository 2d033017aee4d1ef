/**
 * The programs that disBatch is measured against: xargs, GNU parallel, awk. Shared by the benches.
 *
 * Each starts `bash -c LINE` for every line of a file, as disBatch does, and records nothing.
 */

import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Command } from './processes.ts';

/** GNU xargs. */
export function xargs(slots: number, taskFile: string): Command {
  const args = [`-P${slots}`, '-d', '\n', '-n1', 'bash', '-c'];
  return { file: 'xargs', args, cwd: dirname(taskFile), input: taskFile };
}

/** GNU parallel. */
export function parallel(slots: number, taskFile: string): Command {
  const env = { ...process.env, SHELL: '/bin/bash' };
  return { file: 'parallel', args: ['--will-cite', `-j${slots}`, '--arg-file', taskFile], cwd: dirname(taskFile), env };
}

export function isOnPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}
