/**
 * The one table of sub-commands: what they are called, what is told of them, and what they do. A new one is a line here.
 */

import { completion, completionText } from './help/completion.ts';
import { ctl, ctlText } from './ctl.ts';
import type { Printer } from './printer.ts';
import { kvs, kvsText } from './kvs/kvs.ts';
import { manPage } from './help/man-page.ts';
import type { SubCommandText } from './help/option-text.ts';
import { optionTable } from './options/options.ts';
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
