/**
 * The man page, made from the tables of options and sub-commands. Pure.
 *
 * Always true: what comes from a table is text, whatever roff would read into it.
 */

import { manEnd, manExamples, manStart } from './man-sections.ts';
import type { OptionText, SubCommandText } from './option-text.ts';
import type { OptionSpec } from '../options/option-spec.ts';
import { bold, italic, item, paragraph, roff, section, subsection } from './roff.ts';

/** @returns the source that `man -l -` shows */
export function manPage(version: string, options: readonly OptionSpec[], commands: readonly SubCommandText[]): string {
  const groups = [...new Set(options.map(({ group }) => group))];
  return [
    `.TH DISBATCH 1 "" "${roff(`disBatch ${version}`)}" "User Commands"\n.nh\n.ad l\n`,
    section('NAME'),
    'disbatch, disBatch \\- run a file of shell commands, and record what became of each one\n',
    section('SYNOPSIS'),
    ...['[options] TASKFILE', ...commands.flatMap(({ usage }) => usage)].map((words) => synopsis(words)),
    manStart,
    section('OPTIONS'),
    paragraph(
      'Long options may be abbreviated as far as they stay unique. -c 2, -c2, -c=2 and --cpusPerTask=2 are the same.',
    ),
    ...groups.map(
      (group) =>
        subsection(group.replace(/:$/, '')) +
        options
          .filter((option) => option.group === group)
          .map(optionItem)
          .join(''),
    ),
    section('COMMANDS'),
    paragraph('A task file that is called as one of these is run by disbatch ./NAME.'),
    ...commands.map(commandPart),
    manExamples,
    manEnd,
  ].join('');
}

/** Words in capitals are for the user to fill in. */
function synopsis(words: string): string {
  const marked = words
    .split(/([A-Z][A-Z:]+|[a-z][a-z-]*|--?[a-z-]+)/)
    .map((part) => (/^[A-Z]{2}/.test(part) ? italic(part) : /^--?[a-z]/.test(part) ? bold(part) : roff(part)))
    .join('');
  return `${bold('disbatch')} ${marked}\n.br\n`;
}

function optionItem(option: OptionText): string {
  const { short, long, value } = option;
  const names = [...(short === undefined ? [] : [`-${short}`]), `--${long}`].map(bold).join(', ');
  const wanted =
    value === undefined ? '' : ` ${value.optional === true ? `[${italic(value.name)}]` : italic(value.name)}`;
  const choices = value?.choices === undefined ? '' : `; one of ${value.choices.join(', ')}`;
  const times = option.repeats === true ? '; may be given several times' : '';
  return item(names + wanted, sentence(`${option.help}${choices}${times}`));
}

function commandPart({ word, summary, usage, about, verbs = [], options }: SubCommandText): string {
  return [
    subsection(`disbatch ${word}`),
    paragraph(sentence(summary)),
    ...usage.map((words) => synopsis(words)),
    ...about.map(paragraph),
    ...verbs.map(([name, help]) => item(bold(name), sentence(help))),
    ...options.map(optionItem),
  ].join('');
}

/** A text of a table as a sentence. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
