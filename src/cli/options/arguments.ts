/**
 * From the words of the command line to typed options. Pure.
 *
 * commander does the parsing, of words whose names have been completed.
 */

import { CommanderError, Option } from 'commander';
import type { HostPort } from '../../base/host-port.ts';
import type { LogLevel } from '../../base/log-level.ts';
import { gpuVariables } from '../../contract/run-info.ts';
import type { NotifyOptions } from '../../notify/notify-options.ts';
import { defaultOptions } from '../../run/default-options.ts';
import type { ContextOptions, RunOptions } from '../../run/run-options.ts';
import { completeWords } from './complete-words.ts';
import { contextHelp } from '../help/help-text.ts';
import { makeProgram, sentenceOf } from './option-program.ts';
import { optionTable } from './options.ts';
import { parseAddress } from './parse-address.ts';
import { programOptions, type Environment } from './program-options.ts';
import { usage } from './usage.ts';

/** The command line, understood. */
export interface RunArguments {
  /** undefined: the tasks come from a program. */
  readonly taskFile: string | undefined;
  readonly options: RunOptions;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  /** `-w`: where its web page is to listen. */
  readonly web: HostPort | undefined;
  /** Who is told of what happens, and how. */
  readonly notify: NotifyOptions;
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
  /** `all`: every option, not only the usual ones. */
  | { readonly kind: 'help'; readonly all: boolean }
  | { readonly kind: 'version' };

/**
 * @param words - the command line without the program's name
 * @param env - for options that say: as the environment has it
 * @throws DisbatchError usage
 */
export function parseArguments(words: readonly string[], env: Environment = {}): Parsed {
  const complete = completeWords(words);
  const program = makeProgram(optionTable);
  try {
    program.parse(complete, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw usage(sentenceOf(error));
    throw error;
  }
  const o = program.opts<Record<string, unknown>>();
  if (o['help'] === true) return { kind: 'help', all: program.args[0] === 'all' };
  if (o['version'] === true) return { kind: 'version' };
  const [taskFile, ...more] = program.args;
  const options = runOptions(o, env);
  checkOrigin(o, taskFile);
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
      options,
      dryRun: o['dryRun'] === true,
      json: o['json'] === true,
      quiet: o['quiet'] === true,
      web: webAddress(o),
      notify: notifyOptions(o),
      given: optionsGiven(o),
    },
  };
}

/** Where the page listens when nothing else is said: only programs of this machine reach it. */
const loopback: HostPort = { host: '127.0.0.1', port: 0 };

function webAddress(o: Readonly<Record<string, unknown>>): HostPort | undefined {
  const address = parseAddress('--web-address', o['webAddress'] as string | undefined);
  if (o['web'] === true) return address ?? loopback;
  if (address !== undefined) throw usage('--web-address says where the web page listens, and there is none. Add -w.');
  return undefined;
}

function notifyOptions(o: Readonly<Record<string, unknown>>): NotifyOptions {
  const mailTo = o['mailTo'] as string | undefined;
  const command = o['notify'] as string | undefined;
  const every = o['mailFreq'] as number | undefined;
  // Source of the rule, and of the default: the original.
  if (every !== undefined && mailTo === undefined && command === undefined)
    throw usage('--mailFreq says how often, and nobody is to be told. Add --mailTo ADDRESS or --notify COMMAND.');
  return { mailTo, command, every: every ?? (mailTo === undefined ? undefined : 1) };
}

/** Tasks come from one place. */
function checkOrigin(o: Readonly<Record<string, unknown>>, taskFile: string | undefined): void {
  const origins = [
    ...(taskFile === undefined ? [] : [`the task file ${taskFile}`]),
    ...(o['taskcommand'] === undefined ? [] : ['--taskcommand']),
    ...(o['taskserver'] === undefined ? [] : ['--taskserver']),
  ];
  if (origins.length === 0) throw usage('Which tasks? Name a file with one command a line: disbatch Tasks');
  if (origins.length > 1) throw usage(`Tasks come from one place. Leave out all but one of ${origins.join(', ')}.`);
  if (taskFile === undefined && o['dryRun'] === true) {
    throw usage('--dry-run shows the tasks of a file; what a program will give is not known before it runs.');
  }
  if (o['signIn'] !== undefined && o['taskcommand'] === undefined) {
    throw usage('--sign-in is for the command of --taskcommand, and there is none. Leave it out.');
  }
}

function runOptions(o: Readonly<Record<string, unknown>>, env: Environment): RunOptions {
  const list = (name: string): string[] => (o[name] as string[] | undefined) ?? [];
  return {
    sshNodes: list('sshNode'),
    ...contextOptions(o),
    resources: resourcesOf(o) ?? [],
    startupOnly: o['startupOnly'] === true,
    launcher: o['launcher'] as 'native' | 'portable' | undefined,
    endBackground: o['endBackground'] === true,
    heartbeat: checkHeartbeat((o['heartbeat'] as number | undefined) ?? defaultOptions.heartbeat),
    maxLost: (o['maxLost'] as number | undefined) ?? defaultOptions.maxLost,
    noRerun: o['rerun'] === false,
    useAddress: parseAddress('--use-address', o['useAddress'] as string | undefined),
    ...programOptions(o, env),
    openStore: o['openStore'] === true,
    exitCode: o['exitCode'] === true,
    failFast: o['failFast'] === true,
    resumeFrom: list('resumeFrom'),
    retry: o['retry'] === true,
    forceResume: o['forceResume'] === true,
    prefix: (o['prefix'] as string | undefined) ?? defaultOptions.prefix,
    statusHeader: o['statusHeader'] === true,
    details: o['details'] === true,
    results: o['results'] as string | undefined,
    logfile: o['logfile'] as string | undefined,
    loglevel: (o['loglevel'] as LogLevel | undefined) ?? defaultOptions.loglevel,
    unknownDirectives: (o['unknownDirectives'] as 'error' | 'warn' | undefined) ?? defaultOptions.unknownDirectives,
  };
}

/**
 * The command line of `PREFIX_dbUtil.sh`.
 *
 * @param width - columns of a text for who asks for help
 * @throws DisbatchError usage
 */
export function parseContextArguments(
  words: readonly string[],
  width: number,
): ContextArguments | { readonly help: string } {
  const complete = completeWords(words);
  const options = optionTable.filter(({ context, long }) => context !== undefined || long === 'help');
  const program = makeProgram(options);
  try {
    program.parse(complete, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw usage(sentenceOf(error).replace('disbatch --help', 'its --help'));
    throw error;
  }
  const o = program.opts<Record<string, unknown>>();
  if (o['help'] === true) return { help: contextHelp(options, width) };
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
    taskLimit: (o['contextTaskLimit'] as number | undefined) ?? defaultOptions.taskLimit,
    retire:
      o['retire'] === false || command === '' ? 'no' : command === undefined ? defaultOptions.retire : { command },
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
