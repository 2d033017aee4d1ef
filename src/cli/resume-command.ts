/**
 * The command that goes on where a run ended. Pure.
 */

import { shellQuoted } from '../base/terminal-text.ts';
import type { RunArguments } from './arguments.ts';
import { optionTable } from './options.ts';

/**
 * @param carried - whether the new status file holds the records of the files that this run resumed
 * @param retry - whether failed tasks are to run again
 */
export function resumeCommand(given: RunArguments, statusPath: string, carried: boolean, retry: boolean): string {
  const from = carried ? [statusPath] : [...given.options.resumeFrom, statusPath];
  const words = [...from.flatMap((file) => ['-r', file]), ...(retry ? ['-R'] : [])];
  for (const { long, short } of optionTable) {
    if (long === 'resume-from' || long === 'retry') continue;
    const value = given.given[long];
    const flag = short === undefined ? `--${long}` : `-${short}`;
    if (value === true) words.push(flag);
    else if (value !== undefined) words.push(...[value].flat().flatMap((each) => [flag, String(each)]));
  }
  // A task file whose name begins with a dash must not be taken for an option.
  if (given.taskFile.startsWith('-') && given.taskFile !== '-') words.push('--');
  return ['disbatch', ...words, given.taskFile].map(shellQuoted).join(' ');
}
