/**
 * The arguments of the portable launcher, as told in launcher-protocol.ts. Runs in the portable launcher.
 */

import { parseArgs } from 'node:util';
import { connectMost, noSlot, tellMost, usualPatienceMs } from './launcher-protocol.ts';

export interface LauncherArguments {
  /** The soft limit on open files that tasks get; undefined: the launcher's own. */
  readonly nofile: number | undefined;
  readonly ignoredSignals: readonly number[];
  readonly slot: number;
  /** Names of variables for HELLO. */
  readonly tell: readonly string[];
  /** Sockets to try; none: standard input and output serve. */
  readonly connect: readonly string[];
  readonly patienceMs: number;
}

const once = { type: 'string' } as const;
const often = { type: 'string', multiple: true, default: [] as string[] } as const;
const options = { nofile: once, 'ignore-signals': once, slot: once, patience: once, tell: often, connect: often };

const largest = 2 ** 31 - 1;

/**
 * Reads the arguments.
 *
 * @throws Error with what is wrong with them
 */
export function readArguments(args: readonly string[]): LauncherArguments {
  const { values } = parseArgs({ args: [...args], options });
  const signals = (values['ignore-signals'] ?? '').split(',').filter((part) => part !== '');
  return {
    nofile: values.nofile === undefined ? undefined : numberOf(values.nofile),
    ignoredSignals: signals.map(numberOf),
    slot: values.slot === undefined ? noSlot : numberOf(values.slot),
    tell: atMost(tellMost, 'tell', values.tell),
    connect: atMost(connectMost, 'connect', values.connect),
    patienceMs: values.patience === undefined ? usualPatienceMs : numberOf(values.patience),
  };
}

function numberOf(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > largest) throw new Error(`"${text}" is not a number from 0 to ${largest}`);
  return number;
}

function atMost(most: number, name: string, values: readonly string[]): readonly string[] {
  if (values.length > most) throw new Error(`--${name} is there ${values.length} times, ${most} are the most`);
  return values;
}
