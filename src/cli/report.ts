/**
 * `disbatch report …`: what became of a run, in figures, from its status file. A process of its own; what it does is a part of
 * the program that is loaded for it.
 */

import type * as Reports from '../monitor/report/main.ts';
import type { SubCommandText } from './help/option-text.ts';
import { usage } from './options/usage.ts';
import type { Printer } from './printer.ts';
import { loadPart, type Program } from './program.ts';
import { subCommandArguments } from './sub-command-arguments.ts';

export const reportText: SubCommandText = {
  word: 'report',
  summary: 'what became of a run, in figures',
  usage: ['report [--html FILE] [--json] [--top N] STATUSFILE...'],
  about: [
    'Tells what became of a run: counts, failures by what they have in common, nodes, how long tasks took, how busy ' +
      'the slots were, and the best time that was possible. STATUSFILE is the file of a run whose name ends in ' +
      "_status.txt, or the run's PREFIX; of a run that was resumed, those of all its parts.",
  ],
  options: [
    {
      long: 'html',
      value: { name: 'FILE', completes: 'file' },
      help: 'write the report, with plots, to FILE as one page for a browser',
    },
    { long: 'json', help: 'print it as JSON, for programs' },
    {
      long: 'top',
      value: { name: 'N' },
      help: 'how many longest tasks and kinds of failures are listed (default: 10)',
    },
  ],
  operands: [{ completes: 'status file', repeats: true }],
};

const mostTop = 10_000;

interface Wanted {
  readonly given: readonly string[];
  readonly html: string | undefined;
  readonly json: boolean;
  readonly top: number;
}

/**
 * @param words - what follows `report`
 * @returns the exit status
 * @throws (rejects with) DisbatchError usage, status-unreadable, status-not-ours
 */
export async function report(words: readonly string[], program: Program, printer: Printer): Promise<number> {
  const wanted = understand(words);
  const { makeReport } = await loadPart<typeof Reports>(program, 'report.cjs');
  const { folder, version, env } = program;
  const { isTerminal } = printer;
  const columns = isTerminal ? process.stdout.columns : undefined;
  await printer.print(await makeReport({ ...wanted, folder, version, env, isTerminal, columns }));
  return 0;
}

/** @throws DisbatchError usage */
function understand(words: readonly string[]): Wanted {
  const { values, operands } = subCommandArguments(reportText, words);
  if (operands.length === 0) throw usage(`What is the report to be on? Name the status file of a run. ${seeHelp}`);
  const { html, top } = values;
  return {
    given: operands,
    html: html as string | undefined,
    json: values['json'] === true,
    top: top === undefined ? 10 : countOf(top as string),
  };
}

const seeHelp = 'See disbatch report --help.';

function countOf(text: string): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > mostTop) throw usage(`--top wants a number from 1 to ${mostTop}, not "${text}".`);
  return count;
}
