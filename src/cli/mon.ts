/**
 * `disbatch mon PREFIX`: watches a run on the terminal, and stops parts of it softly. A process of its own on any host that
 * shares the folder of the run's files. What it is made of is a bundle of its own, loaded when it is needed.
 */

import { resolve as resolvePath } from 'node:path';
import { shellQuoted } from '../base/terminal-text.ts';
import { prefixOf } from '../contract/run-files.ts';
import { findRun } from '../reach/find-run.ts';
import type * as TerminalMonitor from '../monitor/terminal/main.ts';
import type { SubCommandText } from './help/option-text.ts';
import { usage } from './options/usage.ts';
import { loadPart, type Program } from './program.ts';
import { subCommandArguments } from './sub-command-arguments.ts';

export const monText: SubCommandText = {
  word: 'mon',
  summary: 'watch a run on the terminal, and stop parts of it',
  usage: ['mon PREFIX'],
  about: [
    'Watches a run of disBatch on the terminal: how far it is, its engines, what runs now, what has failed and why. ' +
      'h shows the keys, q leaves; the run goes on. PREFIX is what the names of its files begin with; the name of one ' +
      'of its files will do. Of a run that is over its records are shown.',
  ],
  options: [],
  operands: [{ completes: 'run' }],
};

/**
 * @param words - what follows `mon`
 * @returns the exit status
 * @throws (rejects with) DisbatchError usage, or no-run
 */
export async function mon(words: readonly string[], program: Program): Promise<number> {
  const { operands } = subCommandArguments(monText, words);
  const [given = '', extra] = operands;
  if (extra !== undefined)
    throw usage(`"${extra}" is one word too many: mon takes a PREFIX only. See disbatch mon --help.`);
  const prefix = resolvePath(prefixOf(given));
  // Whether there is such a run at all, before the screen is taken.
  findRun(prefix, program.version);
  const look = `disbatch ctl ${shellQuoted(prefixOf(given))} status`;
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw usage(`The monitor needs a terminal, for its keys and its screen. Look once with: ${look}`);
  const term = program.env['TERM'] ?? '';
  if (['', 'dumb', 'unknown'].includes(term))
    throw usage(
      `The monitor moves the cursor, and this terminal cannot do that (TERM=${term}). Look once with: ${look}`,
    );
  const { showMonitor } = await loadPart<typeof TerminalMonitor>(program, 'terminal.cjs');
  return showMonitor({ prefix, version: program.version, env: program.env });
}
