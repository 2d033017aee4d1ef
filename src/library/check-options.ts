/**
 * From what a program asks for to the options of a run. Pure.
 *
 * Always true: an option that is not known, or whose value is not what it should be, is an error and never passed over,
 * since programs in plain JavaScript have no compiler to tell them.
 */

import { DisbatchError } from '../base/errors.ts';
import { logLevels } from '../base/log-level.ts';
import { gpuVariables } from '../contract/run-info.ts';
import { defaultOptions } from '../run/default-options.ts';
import type { HostPort } from '../base/host-port.ts';
import type { RunOptions } from '../run/run-options.ts';
import type { DisBatcherOptions, JoinOptions } from './options.ts';

/** What is wrong with a value, in words after "must be"; undefined: nothing. */
type Check = (value: unknown) => string | undefined;

const wanted =
  (what: string, holds: (value: unknown) => boolean): Check =>
  (value) =>
    holds(value) ? undefined : what;
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '' && !value.includes('\0');
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

const yesOrNo = wanted('true or false', (value) => typeof value === 'boolean');
const text = wanted('a text that is not empty', isText);
const texts = wanted('a text, or an array of texts', (value) =>
  Array.isArray(value) ? value.every(isText) : isText(value),
);
const above0 = wanted('a number above 0', (value) => isNumber(value) && value > 0);
const whole = wanted('a whole number', (value) => Number.isSafeInteger(value) && (value as number) >= 0);
const wholeAbove0 = wanted('a whole number above 0', (value) => Number.isSafeInteger(value) && (value as number) > 0);
const atLeast1 = wanted('a number of at least 1', (value) => isNumber(value) && value >= 1);
const func = wanted('a function', (value) => typeof value === 'function');
const signal = wanted(
  'an AbortSignal',
  (value) => typeof (value as AbortSignal | null)?.addEventListener === 'function',
);
const record = wanted('an object of texts', (value) => typeof value === 'object' && value !== null);
const address = wanted('HOST:PORT, such as localhost:5000', (value) => hostPort(value) !== undefined);
const name = wanted(
  'a name without / that can begin the name of a file',
  (value) => isText(value) && !/[/\n]/.test(String(value)),
);
const variables = wanted('names of environment variables', (value) =>
  listOf(value as string).every((each) => /^[A-Za-z_]\w*(?:,[A-Za-z_]\w*)*$/.test(each)),
);
const oneOf = (...choices: readonly unknown[]): Check =>
  wanted(choices.join(' or '), (value) => choices.includes(value));

const checks: Readonly<Record<keyof DisBatcherOptions, Check>> = {
  ...{ name, env: record, signal, onNotice: func, openFiles: wholeAbove0 },
  ...{ sshNode: texts, cpusPerTask: above0, tasksPerNode: wholeAbove0, label: text },
  ...{ gpu: yesOrNo, envResource: variables, fill: yesOrNo, retire: yesOrNo, retireCmd: text, stopBefore: above0 },
  ...{ startupOnly: yesOrNo, contextTaskLimit: whole, launcher: oneOf('native', 'portable') },
  ...{ endBackground: yesOrNo, heartbeat: atLeast1, maxLost: whole, rerun: yesOrNo },
  ...{ useAddress: address, openStore: yesOrNo, kvsserver: address },
  ...{ exitCode: yesOrNo, failFast: yesOrNo, resumeFrom: texts, retry: yesOrNo, forceResume: yesOrNo },
  ...{ prefix: text, statusHeader: yesOrNo, details: yesOrNo, results: text, logfile: text },
  ...{ loglevel: oneOf(...logLevels), unknownDirectives: oneOf('error', 'warn') },
};
const joinChecks: Readonly<Record<keyof JoinOptions, Check>> = { name: text, signal, timeoutMs: above0 };

/** The names of all options of a run. */
export const optionNames = Object.keys(checks);

/** @throws DisbatchError usage */
export function checkJoinOptions(given: JoinOptions): void {
  check('join', given, joinChecks);
}

/**
 * The options of a run, with the defaults.
 *
 * @throws DisbatchError usage
 */
export function checkOptions(given: DisBatcherOptions): RunOptions {
  check('start', given, checks);
  refuseContradictions(given);
  return {
    sshNodes: listOf(given.sshNode),
    cpusPerTask: given.cpusPerTask,
    tasksPerNode: given.tasksPerNode,
    fill: given.fill ?? defaultOptions.fill,
    taskLimit: given.contextTaskLimit ?? defaultOptions.taskLimit,
    retire: retireOf(given),
    stopBefore: given.stopBefore,
    label: given.label,
    startupOnly: given.startupOnly ?? defaultOptions.startupOnly,
    resources: resourcesOf(given),
    launcher: given.launcher,
    endBackground: given.endBackground ?? defaultOptions.endBackground,
    heartbeat: given.heartbeat ?? defaultOptions.heartbeat,
    maxLost: given.maxLost ?? defaultOptions.maxLost,
    noRerun: given.rerun === undefined ? defaultOptions.noRerun : !given.rerun,
    useAddress: hostPort(given.useAddress),
    openStore: given.openStore ?? defaultOptions.openStore,
    foreignStore: hostPort(given.kvsserver),
    taskServer: undefined,
    exitCode: given.exitCode ?? defaultOptions.exitCode,
    failFast: given.failFast ?? defaultOptions.failFast,
    resumeFrom: listOf(given.resumeFrom),
    retry: given.retry ?? defaultOptions.retry,
    forceResume: given.forceResume ?? defaultOptions.forceResume,
    prefix: given.prefix ?? defaultOptions.prefix,
    statusHeader: given.statusHeader ?? defaultOptions.statusHeader,
    details: given.details ?? defaultOptions.details,
    results: given.results,
    logfile: given.logfile,
    loglevel: given.loglevel ?? defaultOptions.loglevel,
    unknownDirectives: given.unknownDirectives ?? defaultOptions.unknownDirectives,
  };
}

/** HOST:PORT, an IPv6 address in brackets; undefined for what is neither. */
export function hostPort(value: unknown): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(typeof value === 'string' ? value : '');
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return undefined;
  return { host: (match[1] ?? match[2]) as string, port };
}

function check(call: string, given: object, all: Readonly<Record<string, Check>>): void {
  for (const [option, value] of Object.entries(given)) {
    const problem = Object.hasOwn(all, option) ? all[option] : undefined;
    if (problem === undefined) {
      throw usage(`${call}: there is no option ${option}. There are: ${Object.keys(all).join(', ')}.`);
    }
    const what = value === undefined ? undefined : problem(value);
    if (what !== undefined) throw usage(`${call}: the option ${option} must be ${what}.`);
  }
}

function refuseContradictions(given: DisBatcherOptions): void {
  const hosts = ['sshNode', 'envResource', 'retireCmd'] as const;
  const idle = given.startupOnly === true ? hosts.find((option) => given[option] !== undefined) : undefined;
  if (idle !== undefined) {
    throw usage(`start: with startupOnly there are no hosts yet that ${idle} could be meant for. Leave out one.`);
  }
  if (given.retireCmd !== undefined && given.sshNode !== undefined) {
    throw usage(
      'start: retireCmd gives nodes of a job back, and sshNode names hosts that belong to none. Leave out one.',
    );
  }
  if (given.endBackground === true && given.launcher === 'portable') {
    throw usage('start: endBackground needs the native launcher. Leave out one of endBackground and launcher.');
  }
}

function retireOf({ retire, retireCmd }: DisBatcherOptions): RunOptions['retire'] {
  if (retire === false) return 'no';
  return retireCmd === undefined ? defaultOptions.retire : { command: retireCmd };
}

function resourcesOf({ gpu, envResource }: DisBatcherOptions): string[] {
  const named = listOf(envResource).flatMap((names) => names.split(','));
  return gpu === true ? [...new Set([...gpuVariables, ...named])] : named;
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : [...value];
}

function usage(sentence: string): DisbatchError {
  return new DisbatchError('usage', sentence);
}
