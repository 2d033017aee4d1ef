/**
 * `disbatch completion SHELL`: prints a script with which a shell completes the words of disBatch. Nothing of it starts
 * disBatch: what can be completed is written into the script.
 */

import { bashCompletion } from './bash-completion.ts';
import type { Printer } from '../printer.ts';
import { fishCompletion } from './fish-completion.ts';
import type { SubCommandText, Words } from './option-text.ts';
import { usage } from '../options/usage.ts';
import { zshCompletion } from './zsh-completion.ts';

const shells: ReadonlyMap<string, (words: Words) => string> = new Map([
  ['bash', bashCompletion],
  ['zsh', zshCompletion],
  ['fish', fishCompletion],
]);

export const completionText: SubCommandText = {
  word: 'completion',
  summary: 'a script that lets bash, zsh or fish complete these words',
  usage: ['completion bash|zsh|fish'],
  about: [
    'Prints a script for the shell: options with their values, commands, hosts for -s, status files for -r, the ' +
      'prefixes of runs. Try it in bash or zsh with: source <(disbatch completion bash) or zsh; in fish with: disbatch ' +
      'completion fish | source. The page docs/completion.md tells how to keep it.',
  ],
  options: [],
  operands: [{ choices: [...shells.keys()] }],
};

/**
 * @param words - what follows `completion`
 * @returns the exit status
 * @throws (rejects with) DisbatchError usage
 */
export async function completion(words: readonly string[], known: Words, printer: Printer): Promise<number> {
  const [name = '', ...more] = words;
  const script = shells.get(name);
  if (script === undefined || more.length > 0) {
    throw usage(`There is completion for ${[...shells.keys()].join(', ')}, not for "${words.join(' ')}".`);
  }
  await printer.print(script(known));
  return 0;
}
