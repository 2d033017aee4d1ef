/**
 * The table of options as a program of commander, which parses the words. Pure.
 */

import { Command, InvalidArgumentError, Option, type CommanderError } from 'commander';
import { isOptional, type OptionSpec } from './option-spec.ts';

/** A parser of these options. It throws CommanderError for what is wrong. */
export function makeProgram(options: readonly OptionSpec[]): Command {
  const program = new Command('disbatch')
    .argument('[taskfile]')
    .helpOption(false)
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} })
    .showSuggestionAfterError();
  for (const spec of options) program.addOption(makeOption(spec));
  return program;
}

function makeOption(spec: OptionSpec): Option {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  const value = spec.value === undefined ? '' : isOptional(spec) ? ` [${spec.value.name}]` : ` <${spec.value.name}>`;
  const option = new Option(`${short}--${spec.long}${value}`, spec.help);
  if (spec.value === undefined) return option;
  const { value: wanted } = spec;
  option.argParser((text: string, earlier: unknown) => {
    const checked = checkValue(wanted, text);
    return spec.repeats === true ? [...((earlier as string[] | undefined) ?? []), checked] : checked;
  });
  return option;
}

function checkValue(wanted: NonNullable<OptionSpec['value']>, text: string): string | number {
  switch (wanted.kind) {
    case 'address':
    case 'text':
      if (text === '') throw new InvalidArgumentError('It is empty.');
      return text;
    case 'command':
      return text;
    case 'variable names':
      if (!text.split(',').every((name) => /^[A-Za-z_]\w*$/.test(name)))
        throw new InvalidArgumentError('It must be the name of an environment variable, or several with commas.');
      return text;
    case 'duration':
      return parseDuration(text);
    case 'number above 0':
      if (!/^[0-9.]+(?:e[+-]?\d+)?$/i.test(text) || !(Number(text) > 0))
        throw new InvalidArgumentError('It must be a number above 0.');
      return Number(text);
    case 'whole number above 0':
      if (!/^\d+$/.test(text) || Number(text) < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
      return Number(text);
    case 'whole number':
      if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
      return Number(text);
    case 'choice':
      if (!wanted.choices.includes(text)) throw new InvalidArgumentError(`It can be ${wanted.choices.join(' or ')}.`);
      return text;
  }
}

/** Seconds of `90`, `90s`, `5m`, `1h30m`, `2d`. */
function parseDuration(text: string): number {
  const match = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(text);
  const [days, hours, minutes, seconds] = (match ?? []).slice(1).map((part) => Number(part ?? 0));
  const sum = (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
  if (match === null || sum <= 0) throw new InvalidArgumentError('It must be a time, such as 90s, 5m, 2h or 1h30m.');
  return sum;
}

/** commander's message as one sentence with a remedy. */
export function sentenceOf(error: CommanderError): string {
  const text = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return `${sentence}${/[.?)]$/.test(sentence) ? '' : '.'} See disbatch --help.`;
}
