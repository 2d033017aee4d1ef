/**
 * From the words of the command line to typed options. Pure.
 *
 * commander does the parsing. Before it, two habits of the original's parser that commander lacks are brought into its
 * form: long options cut to a unique prefix, and `-c=2` for `-c 2`.
 */

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { DisbatchError } from '../base/errors.ts';
import type { LogLevel } from '../base/log-level.ts';
import { gpuVariables } from '../contract/run-info.ts';
import type { ContextOptions, HostPort, RunOptions } from '../run/run-options.ts';
import { absentOptions, optionTable, type OptionSpec } from './options.ts';

/** The command line, understood. */
export interface RunArguments {
  readonly taskFile: string;
  readonly options: RunOptions;
  readonly dryRun: boolean;
  readonly quiet: boolean;
  /** The options that were given, by their long names. */
  readonly given: Readonly<Record<string, OptionGiven>>;
}

/** The command line of a context that is added to a run, understood. What is not given is as on the run's own. */
export interface ContextArguments extends ContextOptions {
  /** undefined: as on the run's own command line. */
  readonly resources: readonly string[] | undefined;
}

/** The value of an option that was given: true for one that takes none. */
export type OptionGiven = true | string | number | readonly (string | number)[];

export type Parsed =
  | { readonly kind: 'run'; readonly arguments: RunArguments }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' };

/**
 * @param words - the command line without the program's name
 * @throws DisbatchError usage or not-here
 */
export function parseArguments(words: readonly string[]): Parsed {
  const complete = completeWords(words);
  const program = makeProgram(optionTable);
  try {
    program.parse(complete, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw usage(sentenceOf(error));
    throw error;
  }
  const o = program.opts<Record<string, unknown>>();
  if (o['help'] === true) return { kind: 'help', text: program.helpInformation() + helpFooter };
  if (o['version'] === true) return { kind: 'version' };
  const [taskFile, ...more] = program.args;
  if (taskFile === undefined) throw usage('Which tasks? Name a file with one command a line: disbatch Tasks');
  if (more.length > 0) throw usage(`One task file at a time: "${more[0]}" is one word too many. Is a blank unquoted?`);
  if (o['endBackground'] === true && o['launcher'] === 'portable') {
    throw usage(
      '--end-background needs the native launcher. Leave out one of --end-background and --launcher portable.',
    );
  }
  checkStartupOnly(o);
  return {
    kind: 'run',
    arguments: {
      taskFile,
      options: runOptions(o),
      dryRun: o['dryRun'] === true,
      quiet: o['quiet'] === true,
      given: optionsGiven(o),
    },
  };
}

function runOptions(o: Readonly<Record<string, unknown>>): RunOptions {
  const list = (name: string): string[] => (o[name] as string[] | undefined) ?? [];
  return {
    sshNodes: list('sshNode'),
    ...contextOptions(o),
    resources: resourcesOf(o) ?? [],
    startupOnly: o['startupOnly'] === true,
    launcher: o['launcher'] as 'native' | 'portable' | undefined,
    endBackground: o['endBackground'] === true,
    heartbeat: checkHeartbeat((o['heartbeat'] as number | undefined) ?? 30),
    maxLost: (o['maxLost'] as number | undefined) ?? 2,
    noRerun: o['rerun'] === false,
    useAddress: parseAddress(o['useAddress'] as string | undefined),
    openStore: o['openStore'] === true,
    exitCode: o['exitCode'] === true,
    failFast: o['failFast'] === true,
    resumeFrom: list('resumeFrom'),
    retry: o['retry'] === true,
    forceResume: o['forceResume'] === true,
    prefix: (o['prefix'] as string | undefined) ?? '.',
    statusHeader: o['statusHeader'] === true,
    logfile: o['logfile'] as string | undefined,
    loglevel: (o['loglevel'] as LogLevel | undefined) ?? 'INFO',
    unknownDirectives: (o['unknownDirectives'] as 'error' | 'warn' | undefined) ?? 'error',
  };
}

/**
 * The command line of `PREFIX_dbUtil.sh`.
 *
 * @returns a text for who asks for help
 * @throws DisbatchError usage or not-here
 */
export function parseContextArguments(words: readonly string[]): ContextArguments | { readonly help: string } {
  const complete = completeWords(words);
  const options = optionTable.filter(({ context, long }) => context !== undefined || long === 'help');
  const program = makeProgram(options.map((option) => ({ ...option, help: option.context ?? option.help })))
    .name('PREFIX_dbUtil.sh')
    .usage('[options]')
    .description('Adds hosts to a run of disBatch that is going on. They leave it when no tasks are left for them.');
  try {
    program.parse(complete, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw usage(sentenceOf(error).replace('disbatch --help', 'its --help'));
    throw error;
  }
  const o = program.opts<Record<string, unknown>>();
  if (o['help'] === true) return { help: program.helpInformation() };
  const [extra] = program.args;
  if (extra !== undefined) throw usage(`"${extra}" is one word too many: the tasks are those of the run.`);
  return {
    ...contextOptions(o),
    sshNodes: (o['sshNode'] as string[] | undefined) ?? [],
    resources: resourcesOf(o),
  };
}

/** What a context of a run, and one that is added, have in common. */
function contextOptions(o: Readonly<Record<string, unknown>>): Omit<ContextArguments, 'sshNodes' | 'resources'> {
  const command = o['retireCmd'] as string | undefined;
  if (command !== undefined && command !== '' && o['sshNode'] !== undefined) {
    throw usage('--retire-cmd gives nodes of a job back, and -s names hosts that belong to none. Leave out one.');
  }
  return {
    cpusPerTask: o['cpusPerTask'] as number | undefined,
    tasksPerNode: o['tasksPerNode'] as number | undefined,
    fill: o['fill'] === true,
    taskLimit: (o['contextTaskLimit'] as number | undefined) ?? 0,
    retire: o['retire'] === false || command === '' ? 'no' : command === undefined ? 'default' : { command },
    stopBefore: o['stopBefore'] as number | undefined,
    label: o['label'] as string | undefined,
  };
}

/** The variables of `-g` and `-E`; undefined when neither was given. */
function resourcesOf(o: Readonly<Record<string, unknown>>): string[] | undefined {
  const named = (o['envResource'] as string[] | undefined)?.flatMap((names) => names.split(','));
  if (o['gpu'] !== true) return named;
  return [...new Set([...gpuVariables, ...(named ?? [])])];
}

/** With `-S` there are no hosts yet that these could be meant for. Source: the original. */
function checkStartupOnly(o: Readonly<Record<string, unknown>>): void {
  const given = [
    ...(o['sshNode'] === undefined ? [] : ['-s']),
    ...(o['envResource'] === undefined ? [] : ['-E']),
    ...(o['retire'] === false ? ['--no-retire'] : []),
    ...(o['retireCmd'] === undefined ? [] : ['--retire-cmd']),
  ];
  const [first] = given;
  if (o['startupOnly'] !== true || first === undefined) return;
  throw usage(
    `-S starts without hosts, so ${first} has nothing to act on. Give it to PREFIX_dbUtil.sh, which adds hosts.`,
  );
}

function checkHeartbeat(seconds: number): number {
  if (seconds < 1) throw usage('--heartbeat must be at least 1 second.');
  return seconds;
}

/** HOST:PORT; an IPv6 address in brackets. */
function parseAddress(text: string | undefined): HostPort | undefined {
  if (text === undefined) return undefined;
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw usage(
      `--use-address: "${text}" is not HOST:PORT. Write, for example, localhost:0 (0: any port that is free).`,
    );
  }
  return { host: (match[1] ?? match[2]) as string, port };
}

function optionsGiven(values: Readonly<Record<string, unknown>>): Record<string, OptionGiven> {
  return Object.fromEntries(
    optionTable.flatMap(({ long }): [string, OptionGiven][] => {
      const value = values[new Option(`--${long}`).attributeName()];
      // commander takes `--no-x` for the opposite of x, which is true until the option is given.
      if (long.startsWith('no-')) return value === false ? [[long, true]] : [];
      return value === undefined ? [] : [[long, value as OptionGiven]];
    }),
  );
}

/**
 * Completes abbreviated long options, and takes `-c=2` apart.
 *
 * @throws DisbatchError usage when a prefix fits several options; not-here for an option of the original that is absent
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
    else if (option.value !== undefined && i + 1 < words.length) complete.push(words[++i] as string);
  }
  return complete;
}

/** The option that a full or abbreviated long name means; undefined for a name that nothing begins with. */
function longOption(name: string): OptionSpec | undefined {
  const exact = optionTable.find((option) => option.long === name);
  if (exact !== undefined) return exact;
  const absent = absentOptions.find((option) => option.long === name);
  if (absent !== undefined) throw notHere(`--${name}`, absent.what);
  const matches = optionTable.filter((option) => option.long.startsWith(name));
  const absentMatches = absentOptions.filter((option) => option.long.startsWith(name));
  // An abbreviation that was unique in the original stays what it was, whatever options have come since.
  const originals = matches.filter((option) => option.original);
  const narrowed = originals.length + absentMatches.length === 1 ? originals : matches;
  const candidates = [...narrowed, ...absentMatches];
  const [first] = candidates;
  if (first === undefined) return undefined;
  if (candidates.length > 1) {
    throw usage(`--${name} could be ${candidates.map((option) => `--${option.long}`).join(' or ')}. Write more of it.`);
  }
  if ('what' in first) throw notHere(`--${first.long}`, first.what);
  return first;
}

/** The option of `-x`; undefined for unknown letters and for several letters in one word, which commander takes apart. */
function shortOption(name: string): OptionSpec | undefined {
  for (const letter of name.slice(1)) {
    const absent = absentOptions.find((option) => option.short === letter);
    if (absent !== undefined) throw notHere(`-${letter}`, absent.what);
    // What follows the letter of an option with a value is that value.
    if (optionTable.find((option) => option.short === letter)?.value !== undefined) break;
  }
  return name.length === 2 ? optionTable.find((option) => option.short === name[1]) : undefined;
}

function makeProgram(options: readonly OptionSpec[]): Command {
  const program = new Command('disbatch')
    .usage('[options] TASKFILE')
    .description(
      'Runs a file of shell commands, one a line, each as soon as a slot is free,\nand records what became of every one. TASKFILE may be - for standard input.',
    )
    .argument('[taskfile]')
    .helpOption(false)
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} })
    .configureHelp({ visibleArguments: () => [], helpWidth: 100 })
    .showSuggestionAfterError();
  for (const spec of options) program.addOption(makeOption(spec));
  return program;
}

const helpFooter = `
Example:
  disbatch -s localhost:4 Tasks      run the commands in the file Tasks, four at a time

Long options may be abbreviated. Ctrl-C ends the run and prints the command that resumes it;
the signal USR1 or USR2 lets the running tasks finish first.
`;

function makeOption(spec: OptionSpec): Option {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  const value = spec.value === undefined ? '' : ` <${spec.value.name}>`;
  const option = new Option(`${short}--${spec.long}${value}`, spec.help).helpGroup(spec.group);
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
function sentenceOf(error: CommanderError): string {
  const text = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return `${sentence}${/[.?)]$/.test(sentence) ? '' : '.'} See disbatch --help.`;
}

function usage(sentence: string): DisbatchError {
  return new DisbatchError('usage', sentence);
}

function notHere(option: string, what: string): DisbatchError {
  return new DisbatchError('not-here', `${option} (${what}) is not part of this version. Leave it out.`);
}
