/**
 * The completion script for zsh, 5 and newer. It may be sourced, or stand as `_disbatch` in a folder of fpath. Pure.
 */

import { shellQuoted } from '../../base/terminal-text.ts';
import type { Completes, Operand, OptionText, Words } from './option-text.ts';

const actions: Readonly<Record<Completes, string>> = {
  file: '_files',
  command: '_files',
  folder: '_files -/',
  hosts: '_disbatch_hosts',
  'status file': '_files -g "*_status.txt(-.)"',
  run: '_disbatch_runs _status.txt _key.json',
  'running run': '_disbatch_runs _key.json',
};

export function zshCompletion({ options, commands }: Words): string {
  const names = commands.map(({ word, summary }) => `    ${shellQuoted(`${escaped(word)}:${summary}`)}`);
  return `#compdef disbatch disBatch
# Completion of disbatch for zsh, made by: disbatch completion zsh

# Hosts of the ssh settings, behind what is there of a list with commas.
_disbatch_hosts() {
  local -a names
  compset -P '*,'
  names=(localhost \${(f)"$(
    {
      awk 'tolower($1) == "host" { for (i = 2; i <= NF; i++) if ($i ~ /^[A-Za-z0-9._-]+$/) print $i }' ~/.ssh/config
      awk '{ n = split($1, name, ","); for (i = 1; i <= n; i++) if (name[i] ~ /^[A-Za-z0-9._-]+$/) print name[i] }' \\
        ~/.ssh/known_hosts
    } 2>/dev/null
  )"})
  compadd -S : -q -- \${(u)names}
}

# What the names of a run's files begin with, by its files that end so.
_disbatch_runs() {
  local end
  local -a found names
  for end; do
    found=(\${(Q)PREFIX}*$end(N))
    names+=(\${found%$end})
  done
  names=(\${(u)names})
  compadd -- $names
  _path_files -/
}

_disbatch_first() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  _describe -t commands command commands
  _files
}

_disbatch() {
  local curcontext=$curcontext context state state_descr line
  typeset -A opt_args
  if ((CURRENT > 2)); then
    case $words[2] in
${commands.map((command) => subCommandCase(command.word, command.options, command.operands, command.verbs ?? [])).join('\n')}
    esac
  fi
  _arguments -s -S \\
${options.map((option) => `    ${optionSpec(option)} \\`).join('\n')}
    '1:task file or command:_disbatch_first'
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _disbatch "$@"
else
  compdef _disbatch disbatch disBatch
fi
`;
}

function subCommandCase(
  word: string,
  options: readonly OptionText[],
  operands: readonly Operand[],
  verbs: readonly (readonly [string, string])[],
): string {
  const specs = [
    ...[...options, { long: 'help', short: 'h', help: 'print its help' }].map(optionSpec),
    ...operands.map((operand, i) => operandSpec(operand, i, verbs)),
  ];
  return `      ${word})
        shift words
        ((CURRENT--))
        _arguments -S \\
${specs.map((spec) => `          ${spec}`).join(' \\\n')}
        return
        ;;`;
}

/** One word of _arguments, or two for an option with two names. */
function optionSpec({ long, short, value, repeats, help }: OptionText): string {
  const told = `[${help.replace(/[\]\\[]/g, '\\$&')}]`;
  const wanted =
    value === undefined ? '' : `${value.optional === true ? '::' : ':'}${escaped(value.name)}:${actionOf(value)}`;
  const names = short === undefined ? [`--${long}`] : [`-${short}`, `--${long}`];
  const excluded = repeats === true ? '*' : `(${names.join(' ')})`;
  return names
    .map((name) => {
      const joined = value === undefined ? '' : name.startsWith('--') ? (value.optional === true ? '=-' : '=') : '+';
      return shellQuoted(`${excluded}${name}${joined}${told}${wanted}`);
    })
    .join(' ');
}

function operandSpec(operand: Operand, i: number, verbs: readonly (readonly [string, string])[]): string {
  const position = operand.repeats === true ? '*:' : `${i + 1}:`;
  const told =
    verbs.length > 0 && operand.choices !== undefined
      ? `((${operand.choices.map((choice) => `${choice}\\:${shellQuoted(verbs.find(([name]) => name === choice)?.[1] ?? '')}`).join(' ')}))`
      : actionOf(operand);
  // Only behind a word: an alternative that is empty elsewhere.
  const action =
    operand.after === undefined
      ? told
      : `{ [[ $words[CURRENT-1] == ${operand.after} ]] && compadd ${(operand.choices ?? []).join(' ')} }`;
  return shellQuoted(`${position}word:${action}`);
}

function actionOf({ choices, completes }: Pick<Operand, 'choices' | 'completes'>): string {
  if (choices !== undefined) return `(${choices.join(' ')})`;
  return completes === undefined ? ' ' : actions[completes];
}

function escaped(text: string): string {
  return text.replace(/:/g, '\\:');
}
