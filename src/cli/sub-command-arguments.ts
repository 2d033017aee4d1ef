/**
 * The words of a sub-command as its options and operands, by what is told of it. Pure but for Node's parser.
 */

import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { SubCommandText } from './help/option-text.ts';
import { usage } from './options/usage.ts';

export interface SubCommandArguments {
  /** By the long names of options: true for one that takes no value. */
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  readonly operands: readonly string[];
}

/**
 * @param words - what follows the word of the sub-command
 * @throws DisbatchError usage for options that there are not, and values that are missing or empty
 */
export function subCommandArguments(text: SubCommandText, words: readonly string[]): SubCommandArguments {
  const seeHelp = `See disbatch ${text.word} --help.`;
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const { long, short, value } of text.options) {
    const type = value === undefined ? 'boolean' : 'string';
    options[long] = short === undefined ? { type } : { type, short };
  }
  const { values, tokens, positionals } = parseArgs({
    ...{ args: [...words], options, allowPositionals: true, strict: false, tokens: true },
  });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const wanted = text.options.find(({ long }) => long === name);
    if (wanted === undefined) throw usage(`disbatch ${text.word} has no option ${rawName}. ${seeHelp}`);
    const isMissing = value === undefined || value === '';
    if (wanted.value !== undefined && isMissing) throw usage(`${rawName} wants a value. ${seeHelp}`);
    if (wanted.value === undefined && value !== undefined)
      throw usage(`${rawName} takes no value, but "${value}" was given.`);
  }
  return { values, operands: positionals };
}
