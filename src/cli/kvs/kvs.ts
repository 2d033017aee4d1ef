/**
 * `disbatch kvs …`: the store as a tool, for scripts. `serve` is a store of its own; all others speak with a store: that of
 * a run, of `serve`, or of the original. A process of its own.
 *
 *   words ─► address ─► connection ─► let in ─► what is asked for ─► exit status
 *
 * Always true: when it ends by a timeout or a signal it has taken no value; one that the store had given it by then it prints.
 */

import { constants } from 'node:os';
import type { StoreClient } from '../../kvs/client.ts';
import type { Printer } from '../printer.ts';
import { addressOfStore, reachStore } from './kvs-address.ts';
import { understandKvs, type KvsWords } from './kvs-arguments.ts';
import { down, put, take, type Speaking } from './kvs-client.ts';
import { printDump } from './kvs-dump.ts';
import { monitor } from './kvs-monitor.ts';
import { serve, type KvsSurroundings } from './kvs-serve.ts';
import type { SubCommandText } from '../help/option-text.ts';
import { watchSignals } from '../signals.ts';

export const kvsText: SubCommandText = {
  word: 'kvs',
  summary: 'the key-value store of a run, or one by itself',
  usage: [
    'kvs get KEY [-n] [--timeout TIME]',
    'kvs view KEY [-n] [--timeout TIME]',
    'kvs put KEY [VALUE|-] [--encoding ENCODING]',
    'kvs dump [--json]',
    'kvs monitor [KEY:EVENTS]... [--json] [--timeout TIME]',
    'kvs down',
    'kvs serve [--address HOST:PORT] [--address-file FILE] [--open] [--exec COMMAND]',
  ],
  about: [
    'Speaks with a key-value store. A key holds a queue of values: put adds one, get takes the oldest, view shows the ' +
      'newest and leaves it. Where there is none, get and view wait for one.',
    'Where the store is: as --store says; else that of the run of --run; else as the environment has it in ' +
      'DISBATCH_KVSSTCP_HOST, or in KVSSTCP_HOST and KVSSTCP_PORT.',
  ],
  verbs: [
    ['get', 'take the oldest value and print it, byte for byte'],
    ['view', 'print the newest value, and leave it'],
    ['put', 'ends when the value is in the store; without VALUE, or with -, it is standard input'],
    ['dump', 'what is in the store'],
    [
      'monitor',
      'a line for each event: EVENTS are letters of gpvw (get, put, view, wait), KEY empty means every key. Without ' +
        'words: all events of all keys',
    ],
    ['down', 'ends the store; that of a run ends with the run and not before'],
    ['serve', 'is a store: prints HOST:PORT, and ends with down or a signal'],
  ],
  options: [
    { long: 'store', value: { name: 'HOST:PORT' }, help: 'where the store is' },
    {
      long: 'run',
      value: { name: 'PREFIX', completes: 'running run' },
      help: 'the store of a run, by what the names of its files begin with; the name of one of its files will do',
    },
    {
      long: 'timeout',
      value: { name: 'TIME' },
      help:
        '0, 0.5, 90s, 5m: what is not there in time is not taken, and the exit status is 1; with monitor, when no ' +
        'event has come for so long',
    },
    { long: 'newline', short: 'n', help: 'a newline after the value' },
    {
      long: 'encoding',
      value: { name: 'ENCODING' },
      help: 'four letters that go with the value, which programs may look at (default: ASTR)',
    },
    { long: 'json', help: 'as JSON; of monitor, a line for each event' },
    {
      long: 'address',
      value: { name: 'HOST:PORT' },
      help: 'where serve listens; port 0 is any that is free (default: 127.0.0.1:0)',
    },
    {
      long: 'address-file',
      value: { name: 'FILE', completes: 'file' },
      help: 'a file for HOST:PORT, there while the store is',
    },
    { long: 'open', help: 'let in everybody who reaches the port' },
    {
      long: 'exec',
      value: { name: 'COMMAND', completes: 'command' },
      help:
        'run COMMAND with bash, with the address in its environment, and end with it and with its exit status; ' +
        'HOST:PORT is not printed',
    },
  ],
  operands: [{ choices: ['get', 'view', 'put', 'dump', 'monitor', 'down', 'serve'] }],
};

/** A signal has asked for the end. */
class Interrupted extends Error {
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(signal);
    this.signal = signal;
  }
}

/**
 * @param words - what follows `kvs`
 * @returns the exit status
 * @throws (rejects with) DisbatchError usage, no-store, port-unusable or launcher-unusable
 */
export function kvs(words: readonly string[], around: KvsSurroundings, printer: Printer): Promise<number> {
  const wanted = understandKvs(words);
  return wanted.command === 'serve' ? serve(wanted, around, printer) : speak(wanted, around, printer);
}

type Wanted = Exclude<KvsWords, { readonly command: 'serve' }>;

async function speak(wanted: Wanted, around: KvsSurroundings, printer: Printer): Promise<number> {
  const stop = new AbortController();
  let client: StoreClient | undefined;
  const unwatch = watchSignals(around.started, {
    end: (signal) => stop.abort(new Interrupted(signal)),
    endAtOnce: () => client?.destroy(),
    softStop: () => {},
  });
  try {
    const address = addressOfStore(wanted, around.env);
    client = await reachStore(address, stop.signal);
    return await obey(wanted, { client, address, stop: stop.signal, printer });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return 128 + constants.signals[(stop.signal.reason as Interrupted).signal];
  } finally {
    client?.close();
    unwatch();
  }
}

function obey(wanted: Wanted, speaking: Speaking): Promise<number> {
  switch (wanted.command) {
    case 'get':
    case 'view':
      return take(wanted, speaking);
    case 'put':
      return put(wanted, speaking);
    case 'dump':
      return printDump(wanted.json, speaking);
    case 'monitor':
      return monitor(wanted, speaking);
    case 'down':
      return down(speaking);
  }
}
