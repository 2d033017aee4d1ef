/**
 * The words after `disbatch kvs`, understood: a union by sub-command. Reads no file and no environment.
 */

import { parseArgs, type ParseArgsConfig } from 'node:util';
import { DisbatchError } from '../../base/errors.ts';
import { storeEvents, type StoreEvent } from '../../kvs/monitors.ts';

/** Where the store is, as far as the words say. */
export interface WhichStore {
  /** `--store`: HOST:PORT. */
  readonly store: string | undefined;
  /** `--run`: what the names of a run's files begin with. */
  readonly run: string | undefined;
}

/** How long to wait, milliseconds; undefined for ever. */
interface Waits {
  readonly timeoutMs: number | undefined;
}

export interface TakeWords extends WhichStore, Waits {
  readonly command: 'get' | 'view';
  readonly key: string;
  readonly newline: boolean;
}

export interface PutWords extends WhichStore {
  readonly command: 'put';
  readonly key: string;
  /** undefined: standard input. */
  readonly value: string | undefined;
  readonly encoding: string;
}

export interface MonitorWords extends WhichStore, Waits {
  readonly command: 'monitor';
  /** By key, the empty one for all: letters of events. */
  readonly watches: ReadonlyMap<string, string>;
  readonly json: boolean;
}

export interface ServeWords {
  readonly command: 'serve';
  readonly address: string | undefined;
  readonly addressFile: string | undefined;
  readonly open: boolean;
  readonly exec: string | undefined;
}

export type KvsWords =
  | TakeWords
  | PutWords
  | MonitorWords
  | ServeWords
  | (WhichStore & { readonly command: 'dump'; readonly json: boolean })
  | (WhichStore & { readonly command: 'down' });

type Options = NonNullable<ParseArgsConfig['options']>;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const which = { store: text, run: text };

/** The options of each sub-command, and what else may follow it. */
const commands: Readonly<Record<KvsWords['command'], { readonly options: Options; readonly usage: string }>> = {
  serve: {
    options: { address: text, 'address-file': text, open: flag, exec: text },
    usage: 'serve [--address HOST:PORT] [--address-file FILE] [--open] [--exec COMMAND]',
  },
  get: { options: { ...which, timeout: text, newline: { ...flag, short: 'n' } }, usage: 'get KEY' },
  view: { options: { ...which, timeout: text, newline: { ...flag, short: 'n' } }, usage: 'view KEY' },
  put: { options: { ...which, encoding: text }, usage: 'put KEY [VALUE]' },
  dump: { options: { ...which, json: flag }, usage: 'dump [--json]' },
  monitor: { options: { ...which, timeout: text, json: flag }, usage: 'monitor [KEY:EVENTS]...' },
  down: { options: which, usage: 'down' },
};

/** The long options of all sub-commands, for tests of the pages. */
export const kvsOptions: readonly string[] = [
  ...new Set(Object.values(commands).flatMap(({ options }) => Object.keys(options).map((name) => `--${name}`))),
];

/** @throws DisbatchError usage */
export function understandKvs(words: readonly string[]): KvsWords {
  const [command = '', ...rest] = words;
  if (!Object.hasOwn(commands, command)) {
    throw usage(
      `"${command}" is none of: ${Object.keys(commands).join(', ')}. See disbatch kvs --help. A task file of the name kvs is ./kvs.`,
    );
  }
  const known = command as KvsWords['command'];
  const { values, others } = parse(known, rest);
  const string = (name: string): string | undefined => values[name] as string | undefined;
  const on = (name: string): boolean => values[name] === true;
  const store: WhichStore = { store: string('store'), run: string('run') };
  if (store.store !== undefined && store.run !== undefined)
    throw usage('--store and --run both say where the store is. Leave one out.');
  const expect = (least: number, most: number): void => {
    if (others.length < least || others.length > most)
      throw usage(`Write it so: disbatch kvs ${commands[known].usage}`);
  };
  const timeoutMs = parseTimeout(string('timeout'));
  switch (known) {
    case 'serve':
      expect(0, 0);
      return {
        command: known,
        address: string('address'),
        addressFile: string('address-file'),
        open: on('open'),
        exec: string('exec'),
      };
    case 'get':
    case 'view':
      expect(1, 1);
      return { command: known, ...store, timeoutMs, key: bytesArrived(others[0] as string), newline: on('newline') };
    case 'put': {
      expect(1, 2);
      const [key = '', value] = others.map(bytesArrived);
      const encoding = string('encoding') ?? 'ASTR';
      if (!/^[!-~]{4}$/.test(encoding))
        throw usage(`--encoding: "${encoding}" is not four letters or digits, such as JSON.`);
      return { command: known, ...store, key, value: value === '-' ? undefined : value, encoding };
    }
    case 'dump':
      expect(0, 0);
      return { command: known, ...store, json: on('json') };
    case 'monitor':
      return { command: known, ...store, timeoutMs, watches: watchesOf(others), json: on('json') };
    case 'down':
      expect(0, 0);
      return { command: known, ...store };
  }
}

function parse(
  command: KvsWords['command'],
  words: readonly string[],
): { values: Record<string, unknown>; others: string[] } {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options: commands[command].options,
      allowPositionals: true,
    });
    return { values, others: positionals };
  } catch (error) {
    // Node's first sentence says what is wrong; the others are about the calling program.
    const [first = ''] = (error as Error).message.split(/\. |\n/);
    const hint = first.startsWith('Unknown option') ? ' What begins with a dash and is no option goes after --.' : '';
    throw usage(`${first.replace(/\.$/, '')}.${hint} See disbatch kvs --help.`);
  }
}

/** Milliseconds of `0`, `0.5`, `90`, `90s`, `5m`, `1h30m`. */
function parseTimeout(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const match = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d*)?|\.\d+)s?)?$/.exec(given);
  const [days, hours, minutes, seconds] = (match ?? []).slice(1).map((part) => Number(part ?? 0));
  const sum = (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
  if (match === null || given === '' || sum > maxTimeout)
    throw usage(
      `--timeout: "${given}" is not a time of up to ${maxTimeout / 86_400} days, such as 0, 0.5, 90s, 5m or 1h30m.`,
    );
  return sum * 1000;
}

/** Longer times do not fit into a timer, seconds. */
const maxTimeout = 24 * 86_400;

const eventLetters = storeEvents.map((event: StoreEvent) => event.charAt(0)).join('');

function watchesOf(words: readonly string[]): Map<string, string> {
  const watches = new Map<string, string>();
  // A second request for the same key would switch off what the first one asked for.
  for (const word of words.length === 0 ? [':'] : words.map(bytesArrived)) {
    const colon = word.lastIndexOf(':');
    const key = colon < 0 ? word : word.slice(0, colon);
    const events = colon < 0 ? '' : word.slice(colon + 1);
    if (!new RegExp(`^[${eventLetters}]*$`).test(events))
      throw usage(
        `"${word}" is not KEY:EVENTS with letters of ${eventLetters} (get, put, view, wait). For the key "${word}" write "${word}:".`,
      );
    watches.set(key, (watches.get(key) ?? '') + (events === '' ? eventLetters : events));
  }
  return watches;
}

/** @throws DisbatchError usage for a word in which Node has replaced bytes */
function bytesArrived(word: string): string {
  if (word.includes('�'))
    throw usage(
      `"${word}" has bytes that are not UTF-8, or a character that stands for such. Hand a value over on standard input.`,
    );
  return word;
}

function usage(sentence: string): DisbatchError {
  return new DisbatchError('usage', sentence);
}
