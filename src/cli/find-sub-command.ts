/**
 * Which sub-command a command line means, if any: the first word tells. Pure.
 */

import type { SubCommandText } from './help/option-text.ts';
import { usage } from './options/usage.ts';

/**
 * @param exists - whether there is a file of this name: a word that says nothing by itself may be a task file
 * @returns undefined for a command line that runs tasks
 * @throws DisbatchError usage for a sub-command that lacks the words it needs
 */
export function findSubCommand<Command extends SubCommandText>(
  commands: readonly Command[],
  words: readonly string[],
  exists: (path: string) => boolean,
): Command | undefined {
  const command = commands.find(({ word }) => word === words[0]);
  if (command === undefined || words.length > 1 || command.standsAlone === true) return command;
  if (exists(command.word)) return undefined;
  throw usage(
    `disbatch ${command.word} needs more words. Write it so: disbatch ${command.usage[0]}. See disbatch ${command.word} --help.`,
  );
}

/** Whether the words of a sub-command ask for its help. */
export function asksForHelp(words: readonly string[]): boolean {
  const options = words.slice(0, words.includes('--') ? words.indexOf('--') : words.length);
  return options.some((word) => word === '-h' || word === '--help');
}
