/**
 * The completion script for bash, 4.2 and newer. It needs no other package. Pure.
 *
 * bash splits words at `=` and `:` too; the script joins them again, and takes off what stands before the last of these
 * signs from what it offers.
 */

import { shellQuoted } from '../../base/terminal-text.ts';
import type { Completes, Operand, OptionText, Words } from './option-text.ts';

/** What is done for each kind, in the script's words. */
const actions: Readonly<Record<Completes, string>> = {
  file: '_disbatch_paths f',
  folder: '_disbatch_paths d',
  command: '_disbatch_paths f',
  hosts: '_disbatch_hosts',
  'status file': '_disbatch_ending _status.txt',
  run: '_disbatch_runs _status.txt _key.json',
  'running run': '_disbatch_runs _key.json',
};

export function bashCompletion({ options, commands }: Words): string {
  const all = [{ word: '', options, operands: [] }, ...commands];
  const names = commands.map(({ word }) => word);
  const values = all.flatMap(({ word, options: each }) => valuePatterns(word, each));
  return `${head}
_disbatch() {
  local cur prev sub= given= count=0 i
  local -a _disbatch_words
  _disbatch_split
  COMPREPLY=()
  if ((\${#_disbatch_words[@]} > 2)); then
    case \${_disbatch_words[1]} in ${names.join(' | ')}) sub=\${_disbatch_words[1]} ;; esac
  fi
  if [[ $cur == --*=* ]]; then
    prev=\${cur%%=*} given=$prev= cur=\${cur#*=}
  fi
  case $sub:$prev in
${values.map(([pattern, action]) => `    ${pattern}) ${action} ;;`).join('\n')}
    *)
      case $sub:$cur in
${all.map((each) => `        ${each.word}:-*) _disbatch_list ${optionWords(each.options)} ;;`).join('\n')}
        *) _disbatch_operand ;;
      esac
      ;;
  esac
  _disbatch_reply
}

# A word that is no option: what it can be depends on how many there are before it.
_disbatch_operand() {
  for ((i = \${#sub} ? 2 : 1; i < \${#_disbatch_words[@]} - 1; i++)); do
    case $sub:\${_disbatch_words[i]} in
      ${values.map(([pattern]) => pattern).join(' | ')}) ((i++)) ;;
      *:-*) ;;
      *) ((count++)) ;;
    esac
  done
  case $sub:$count:$prev in
${commands.flatMap(({ word, operands }) => operandCases(word, operands)).join('\n')}
    :*)
      ((\${#_disbatch_words[@]} > 2)) || _disbatch_list ${names.join(' ')}
      _disbatch_paths f
      ;;
  esac
}

complete -F _disbatch disbatch disBatch
`;
}

const head = `# Completion of disbatch for bash, made by: disbatch completion bash

# Sets _disbatch_words, cur and prev: the words up to the one at the cursor, split at blanks only.
_disbatch_split() {
  local n=-1 word line=$COMP_LINE
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((n < 0)) || [[ -z $line || $line == [[:space:]]* ]]; then
      _disbatch_words[++n]=$word
    else
      _disbatch_words[n]+=$word
    fi
    line=\${line#"\${line%%[![:space:]]*}"}
    line=\${line#"$word"}
  done
  cur=\${_disbatch_words[n]//\\\\/}
  cur=\${cur#[\\"\\']}
  prev=\${_disbatch_words[n - 1]}
}

# Those of the words that begin as the current one.
_disbatch_list() {
  local word
  for word; do
    [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
  done
}

# The lines of the standard input.
_disbatch_lines() {
  local line
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done
}

# Files (f) or folders (d).
_disbatch_paths() {
  _disbatch_lines < <(compgen "-$1" -- "$cur")
  compopt -o filenames 2>/dev/null
}

# Files that end so, and folders on the way to them.
_disbatch_ending() {
  _disbatch_lines < <(compgen -f -X "!*$1" -- "$cur")
  _disbatch_paths d
}

# What the names of a run's files begin with, by its files that end so.
_disbatch_runs() {
  local end file
  _disbatch_lines < <(
    for end; do
      compgen -f -X "!*$end" -- "$cur" | while IFS= read -r file; do printf '%s\\n' "\${file%"$end"}"; done
    done | sort -u
  )
  _disbatch_paths d
}

# Hosts of the ssh settings, behind what is there of a list with commas.
_disbatch_hosts() {
  local host before= part=$cur
  [[ $cur == *,* ]] && before=\${cur%,*}, part=\${cur##*,}
  [[ $part == *:* ]] && return
  while read -r host; do
    [[ $host == "$part"* ]] && COMPREPLY+=("$before$host:")
  done < <(
    {
      echo localhost
      awk 'tolower($1) == "host" { for (i = 2; i <= NF; i++) if ($i ~ /^[A-Za-z0-9._-]+$/) print $i }' ~/.ssh/config
      awk '{ n = split($1, name, ","); for (i = 1; i <= n; i++) if (name[i] ~ /^[A-Za-z0-9._-]+$/) print name[i] }' \\
        ~/.ssh/known_hosts
    } 2>/dev/null | sort -u
  )
  compopt -o nospace 2>/dev/null
}

# Hands over what was found, without what bash takes for words before the current one.
_disbatch_reply() {
  local word=$given$cur before=
  case $COMP_WORDBREAKS in
    *=*:* | *:*=*) before=\${word%"\${word##*[=:]}"} ;;
    *=*) before=\${word%"\${word##*=}"} ;;
    *:*) before=\${word%"\${word##*:}"} ;;
  esac
  for i in "\${!COMPREPLY[@]}"; do
    COMPREPLY[i]=$given\${COMPREPLY[i]}
    COMPREPLY[i]=\${COMPREPLY[i]#"$before"}
  done
}
`;

/** The options of a command that take a value, as patterns of SUB:OPTION, and what completes it. */
function valuePatterns(sub: string, options: readonly OptionText[]): (readonly [string, string])[] {
  return options.flatMap(({ long, short, value }) => {
    // Behind an option that may stand alone there may be anything.
    if (value === undefined || value.optional === true) return [];
    const names = [`--${long}`, ...(short === undefined ? [] : [`-${short}`])];
    return [[names.map((name) => `${sub}:${name}`).join(' | '), actionOf(value)] as const];
  });
}

function operandCases(sub: string, operands: readonly Operand[]): string[] {
  return operands.map((operand, i) => {
    const position = operand.repeats === true ? '*' : String(i);
    return `    ${sub}:${position}:${operand.after ?? '*'}) ${actionOf(operand)} ;;`;
  });
}

function actionOf({ choices, completes }: Pick<Operand, 'choices' | 'completes'>): string {
  if (choices !== undefined) return `_disbatch_list ${choices.map(shellQuoted).join(' ')}`;
  return completes === undefined ? ':' : actions[completes];
}

function optionWords(options: readonly OptionText[]): string {
  const words = options.flatMap(({ long, short }) => [`--${long}`, ...(short === undefined ? [] : [`-${short}`])]);
  return [...new Set([...words, '--help', '-h'])].join(' ');
}
