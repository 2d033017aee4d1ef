/**
 * The completion script for fish, 3 and newer. Pure.
 */

import type { Completes, Operand, OptionText, Words } from './option-text.ts';

/** What gives the candidates of each kind; undefined for files, which fish completes by itself. */
const actions: Readonly<Record<Completes, string | undefined>> = {
  file: undefined,
  command: undefined,
  folder: '(__fish_complete_directories)',
  hosts: '(__disbatch_hosts)',
  'status file': '(__disbatch_ending _status.txt)',
  run: '(__disbatch_runs _status.txt _key.json)',
  'running run': '(__disbatch_runs _key.json)',
};

export function fishCompletion({ options, commands }: Words): string {
  const names = commands.map(({ word }) => word);
  const lines = [
    ...options.map((option) => optionLine(`__disbatch_in ''`, option)),
    ...commands.map(({ word, summary }) => `complete -c disbatch -n __disbatch_first -a ${word} -d ${quoted(summary)}`),
    ...commands.flatMap((command) => [
      `complete -c disbatch -n '__disbatch_in ${command.word}' -f`,
      ...[...command.options, help].map((option) => optionLine(`__disbatch_in ${command.word}`, option)),
      ...command.operands.map((operand, i) => operandLine(command.word, operand, i, command.verbs ?? [])),
    ]),
    'complete -c disBatch -w disbatch',
  ];
  const valued = commands.flatMap((command) =>
    command.options.flatMap(({ long, value }) => (value === undefined ? [] : [`--${long}`])),
  );
  return `${head(names, [...new Set(valued)])}\n${lines.join('\n')}\n`;
}

const help: OptionText = { long: 'help', short: 'h', help: 'print its help' };

/** @param valued - options of sub-commands behind which a value stands */
const head = (
  names: readonly string[],
  valued: readonly string[],
): string => `# Completion of disbatch for fish, made by: disbatch completion fish

# Whether the command line is one of this sub-command; of none when it is empty.
function __disbatch_in
    set -l words (commandline -opc)
    set -l sub ''
    if set -q words[2]; and contains -- $words[2] ${names.join(' ')}
        set sub $words[2]
    end
    test "$sub" = "$argv[1]"
end

# Whether nothing but the command is there yet.
function __disbatch_first
    test (count (commandline -opc)) -eq 1
end

# Whether so many words (-eq N, -ge N) of a sub-command that are no options are there, and the last is the given one.
function __disbatch_at
    __disbatch_in $argv[1]; or return 1
    set -l words
    set -l takes_value no
    for word in (commandline -opc)[3..-1]
        if test $takes_value = yes
            set takes_value no
        else if contains -- $word ${valued.join(' ')}
            set takes_value yes
        else if not string match -q -- '-*' $word
            set -a words $word
        end
    end
    test (count $words) $argv[2] $argv[3]; or return 1
    not set -q argv[4]; or test "$words[-1]" = $argv[4]
end

# Hosts of the ssh settings, behind what is there of a list with commas.
function __disbatch_hosts
    set -l before (string match -r '^.*,' -- (commandline -ct))
    for host in localhost (__fish_print_hostnames)
        string match -qr '^[A-Za-z0-9._-]+$' -- $host; and echo "$before$host:"
    end
end

# Files that end so, and folders on the way to them.
function __disbatch_ending
    __fish_complete_suffix $argv[1] | string match -r -- '^.*(?:'$argv[1]'|/)$'
end

# What the names of a run's files begin with, by its files that end so.
function __disbatch_runs
    for end in $argv
        __disbatch_ending $end | string replace -r -- $end'$' ''
    end | sort -u
end
`;

function optionLine(condition: string, { long, short, value, help: text }: OptionText): string {
  const names = `${short === undefined ? '' : `-s ${short} `}-l ${long}`;
  const line = `complete -c disbatch -n ${quoted(condition)} ${names}`;
  const described = `-d ${quoted(text)}`;
  if (value === undefined || value.optional === true) return `${line} ${described}`;
  const action = value.choices?.join(' ') ?? (value.completes === undefined ? '' : actions[value.completes]);
  if (action === undefined) return `${line} -r -F ${described}`;
  return `${line} -x ${action === '' ? '' : `-a ${quoted(action)} `}${described}`;
}

function operandLine(
  word: string,
  operand: Operand,
  position: number,
  verbs: readonly (readonly [string, string])[],
): string {
  const at = `${operand.repeats === true ? '-ge' : '-eq'} ${position}`;
  const condition = `__disbatch_at ${word} ${at}${operand.after === undefined ? '' : ` ${operand.after}`}`;
  const line = `complete -c disbatch -n ${quoted(condition)}`;
  const choices = operand.choices;
  if (choices === undefined) {
    const action = operand.completes === undefined ? '' : actions[operand.completes];
    return action === undefined ? `${line} -F` : `${line} -a ${quoted(action)}`;
  }
  return choices
    .map((choice) => {
      const told = verbs.find(([name]) => name === choice)?.[1];
      return `${line} -a ${choice}${told === undefined ? '' : ` -d ${quoted(told)}`}`;
    })
    .join('\n');
}

/** A word for fish, in which only these two are escaped within quotes. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
