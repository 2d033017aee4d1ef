/**
 * The command that goes on where a run ended. Pure.
 */

import { shellQuoted } from '../base/terminal-text.ts';
import type { RunArguments } from './options/arguments.ts';
import { optionTable } from './options/options.ts';
import { isOptional } from './options/option-spec.ts';

/**
 * @param carried - whether the new status file holds the records of the files that this run resumed
 * @param retry - whether failed tasks are to run again
 */
export function resumeCommand(given: RunArguments, statusPath: string, carried: boolean, retry: boolean): string {
  const from = carried ? [statusPath] : [...given.options.resumeFrom, statusPath];
  const words = [...from.flatMap((file) => ['-r', file]), ...(retry ? ['-R'] : [])];
  let mayTakeNext = false;
  for (const spec of optionTable) {
    const { long, short } = spec;
    if (long === 'resume-from' || long === 'retry') continue;
    const value = given.given[long];
    const flag = short === undefined ? `--${long}` : `-${short}`;
    if (value === true) words.push(flag);
    if (value !== undefined) mayTakeNext = value === true && isOptional(spec);
    if (value === true) continue;
    if (value !== undefined) words.push(...[value].flat().flatMap((each) => [flag, String(each)]));
  }
  const { taskFile } = given;
  if (taskFile !== undefined) {
    // It must not be taken for an option, nor for the value of one that may stand alone.
    if (mayTakeNext || (taskFile.startsWith('-') && taskFile !== '-')) words.push('--');
    words.push(taskFile);
  }
  return ['disbatch', ...words].map(shellQuoted).join(' ');
}
