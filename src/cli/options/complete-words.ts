/**
 * Two habits of the original's parser that commander lacks, brought into its form: long options cut to a unique prefix, and
 * `-c=2` for `-c 2`. Pure.
 */

import { optionTable } from './options.ts';
import { isOptional, type OptionSpec } from './option-spec.ts';
import { usage } from './usage.ts';

/**
 * Completes abbreviated long options, and takes `-c=2` apart.
 *
 * @throws DisbatchError usage when a prefix fits several options
 */
export function completeWords(words: readonly string[]): string[] {
  const complete: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word === '--') return [...complete, ...words.slice(i)];
    if (!/^-./.test(word)) {
      complete.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    const value = equals < 0 ? undefined : word.slice(equals + 1);
    const option = name.startsWith('--') ? longOption(name.slice(2)) : shortOption(name);
    if (option === undefined) {
      complete.push(word);
      continue;
    }
    const full = name.startsWith('--') ? `--${option.long}` : name;
    if (value !== undefined && option.value === undefined)
      throw usage(`${full} takes no value, but "${value}" was given.`);
    complete.push(full);
    if (value !== undefined) complete.push(value);
    else if (option.value !== undefined && i + 1 < words.length) {
      const next = words[i + 1] as string;
      if (isOptional(option) && next.startsWith('-')) continue;
      complete.push(next);
      i++;
    }
  }
  return complete;
}

/** The option that a full or abbreviated long name means; undefined for a name that nothing begins with. */
function longOption(name: string): OptionSpec | undefined {
  const exact = optionTable.find((option) => option.long === name);
  if (exact !== undefined) return exact;
  const matches = optionTable.filter((option) => option.long.startsWith(name));
  // An abbreviation that was unique in the original stays what it was, whatever options have come since.
  const originals = matches.filter((option) => option.original);
  const candidates = originals.length === 1 ? originals : matches;
  const [first] = candidates;
  if (first === undefined) return undefined;
  if (candidates.length > 1) {
    throw usage(`--${name} could be ${candidates.map((option) => `--${option.long}`).join(' or ')}. Write more of it.`);
  }
  return first;
}

/** The option of `-x`; undefined for unknown letters and for several letters in one word, which commander takes apart. */
function shortOption(name: string): OptionSpec | undefined {
  for (const letter of name.slice(1)) {
    // What follows the letter of an option with a value is that value.
    if (optionTable.find((option) => option.short === letter)?.value !== undefined) break;
  }
  return name.length === 2 ? optionTable.find((option) => option.short === name[1]) : undefined;
}
