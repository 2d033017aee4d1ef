/**
 * The texts of `--help`, from the tables of options and sub-commands, for a terminal of a given width. Pure.
 *
 * Always true: no line is longer than the width, but for a word that is.
 */

import { optionForms, type SubCommandText } from './option-text.ts';
import type { OptionSpec } from '../options/option-spec.ts';

/** Columns of a text that goes to no terminal. */
export const plainWidth = 80;

const [narrowest, widest] = [40, 100];

/** @param columns - of the terminal; undefined when there is none */
export function helpWidth(columns: number | undefined): number {
  // A terminal that does not tell has 0.
  return columns === undefined || columns === 0 ? plainWidth : Math.min(widest, Math.max(narrowest, columns));
}

const usageLines = `Usage: disbatch [options] TASKFILE
       disbatch COMMAND ...
`;

const about =
  'Runs a file of shell commands, one a line, each as soon as a slot is free, and records what became of every one. ' +
  'TASKFILE may be - for standard input.';

/** `disbatch --help`: the usual options, a line each. */
export function shortHelp(options: readonly OptionSpec[], commands: readonly SubCommandText[], width: number): string {
  const usual = options.flatMap((option) => (option.brief === undefined ? [] : [{ ...option, help: option.brief }]));
  return [
    usageLines,
    `${wrapped(about, width)}\n`,
    optionGroups(usual, width),
    commandList(commands, width),
    `Example:\n${table([['disbatch -s localhost:4 Tasks', 'the commands in the file Tasks, four at a time']], width)}`,
    `${wrapped(
      `These are the usual ones of ${options.length} options: disbatch --help all has every one, and disbatch man | man -l - the ` +
        'manual. Long options may be abbreviated. Ctrl-C ends the run and prints the command that resumes it.',
      width,
    )}\n`,
  ].join('\n');
}

/** `disbatch --help all`: every option with all that is said of it. */
export function fullHelp(options: readonly OptionSpec[], commands: readonly SubCommandText[], width: number): string {
  return [
    usageLines,
    `${wrapped(about, width)}\n`,
    optionGroups(options, width),
    commandList(commands, width),
    `${wrapped(
      'Long options may be abbreviated. Ctrl-C ends the run and prints the command that resumes it; the signal USR1 or ' +
        'USR2 lets the running tasks finish first. The manual: disbatch man | man -l -',
      width,
    )}\n`,
  ].join('\n');
}

/** `PREFIX_dbUtil.sh --help`. */
export function contextHelp(options: readonly OptionSpec[], width: number): string {
  const told = options.map((option) => ({ ...option, help: option.context ?? option.help }));
  return [
    'Usage: PREFIX_dbUtil.sh [options]\n',
    `${wrapped('Adds hosts to a run of disBatch that is going on. They leave it when no tasks are left for them.', width)}\n`,
    optionGroups(told, width),
  ].join('\n');
}

/** `disbatch WORD --help`. */
export function subCommandHelp(command: SubCommandText, width: number): string {
  const usage = command.usage.map((line, i) => wrappedUsage(i === 0 ? 'Usage: ' : '       ', line, width)).join('');
  const verbs = (command.verbs ?? []).map(([name, help]) => [name, help] as const);
  const options = command.options.map((option) => [optionForms(option), option.help] as const);
  return [
    usage,
    ...command.about.map((paragraph) => `${wrapped(paragraph, width)}\n`),
    ...(verbs.length === 0 ? [] : [table(verbs, width)]),
    ...(options.length === 0 ? [] : [table(options, width)]),
  ].join('\n');
}

/** A long form of use goes on below what follows its command. */
function wrappedUsage(lead: string, line: string, width: number): string {
  const indent = ' '.repeat(lead.length + 4);
  const [first = '', ...more] = lines(`disbatch ${line}`, width - indent.length);
  return [lead + first, ...more.map((each) => indent + each), ''].join('\n');
}

function optionGroups(options: readonly OptionSpec[], width: number): string {
  const groups = [...new Set(options.map(({ group }) => group))];
  const left = leftColumn(options.map(optionForms), width);
  return groups
    .map((group) => {
      const rows = options
        .filter((option) => option.group === group)
        .map((each) => [optionForms(each), each.help] as const);
      return `${group}\n${table(rows, width, left)}`;
    })
    .join('\n');
}

function commandList(commands: readonly SubCommandText[], width: number): string {
  const rows = commands.map(({ word, summary }) => [word, summary] as const);
  const heading = 'Commands, with disbatch before them; each explains itself with --help:';
  return `${wrapped(heading, width)}\n${table(rows, width)}`;
}

/** Columns of the left of two, with the blanks around it: names that are longer have a line of their own. */
function leftColumn(names: readonly string[], width: number): number {
  const most = Math.floor(width * 0.45);
  return 4 + Math.max(...names.map((name) => name.length).filter((length) => length + 4 <= most), 8);
}

function table(
  rows: readonly (readonly [string, string])[],
  width: number,
  left = leftColumn(
    rows.map(([name]) => name),
    width,
  ),
): string {
  return rows
    .map(([name, help]) => {
      const texts = lines(help, width - left);
      const fits = name.length + 4 <= left;
      const head = fits ? `  ${name}`.padEnd(left) + (texts.shift() ?? '') : `  ${name}`;
      return [head, ...texts.map((text) => ' '.repeat(left) + text)].map((line) => `${line}\n`).join('');
    })
    .join('');
}

function wrapped(text: string, width: number): string {
  return lines(text, width).join('\n');
}

function lines(text: string, width: number): string[] {
  const made: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      made.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? made : [...made, line];
}
