/**
 * The one table of sub-commands: what they are called, what is told of them, and what they do. A new one is a line here.
 */

import { completion, completionText } from './help/completion.ts';
import { ctl, ctlText } from './ctl.ts';
import type { Printer } from './printer.ts';
import { kvs, kvsText } from './kvs/kvs.ts';
import { fullHelp, shortHelp, subCommandHelp } from './help/help-text.ts';
import { manPage } from './help/man-page.ts';
import type { SubCommandText } from './help/option-text.ts';
import { optionTable } from './options/options.ts';
import { usage } from './options/usage.ts';
import { mon, monText } from './mon.ts';
import type { Program } from './program.ts';
import { report, reportText } from './report.ts';
import { web, webText } from './web.ts';

export interface SubCommand extends SubCommandText {
  /**
   * @param words - what follows its word
   * @returns the exit status
   * @throws (rejects with) DisbatchError
   */
  readonly run: (words: readonly string[], program: Program, printer: Printer) => Promise<number>;
}

export const subCommands: readonly SubCommand[] = [
  { ...ctlText, run: ctl },
  { ...monText, run: mon },
  { ...webText, run: web },
  { ...reportText, run: report },
  { ...kvsText, run: kvs },
  {
    ...completionText,
    run: (words, _, printer) => completion(words, { options: optionTable, commands: subCommands }, printer),
  },
  {
    word: 'help',
    summary: 'this help, or that of another command',
    usage: ['help [COMMAND]'],
    about: ['Prints what disbatch --help prints, or disbatch COMMAND --help.'],
    options: [],
    operands: [{ choices: ['all', 'ctl', 'mon', 'web', 'report', 'kvs', 'completion', 'man'] }],
    standsAlone: true,
    run: async (words, _, printer) => {
      await printer.print(helpOn(words, printer.width));
      return 0;
    },
  },
  {
    word: 'man',
    summary: 'the manual, as a man page',
    usage: ['man | man -l -'],
    about: ['Prints the manual page, which man -l - shows. After npm install -g, man disbatch may show it too.'],
    options: [],
    operands: [],
    standsAlone: true,
    run: async (_, { version }, printer) => {
      await printer.print(manPage(version, optionTable, subCommands));
      return 0;
    },
  },
];

/** @throws DisbatchError usage */
function helpOn([word, ...more]: readonly string[], width: number): string {
  if (word === undefined) return shortHelp(optionTable, subCommands, width);
  if (word === 'all' && more.length === 0) return fullHelp(optionTable, subCommands, width);
  const command = subCommands.find((each) => each.word === word);
  if (command === undefined || more.length > 0)
    throw usage(`There is no help on "${[word, ...more].join(' ')}". See disbatch --help.`);
  return subCommandHelp(command, width);
}
