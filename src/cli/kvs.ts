/**
 * `disbatch kvs …`: the store as a tool, for scripts. `serve` is a store of its own; all others speak with a store: that of
 * a run, of `serve`, or of the original. A process of its own.
 *
 *   words ─► address ─► connection ─► let in ─► what is asked for ─► exit status
 *
 * Always true: when it ends by a timeout or a signal it has taken no value; one that the store had given it by then it prints.
 */

import { constants } from 'node:os';
import type { StoreClient } from '../kvs/client.ts';
import type { Printer } from './dry-run.ts';
import { addressOfStore, reachStore } from './kvs-address.ts';
import { understandKvs, type KvsWords } from './kvs-arguments.ts';
import { down, put, take, type Speaking } from './kvs-client.ts';
import { printDump } from './kvs-dump.ts';
import { monitor } from './kvs-monitor.ts';
import { serve, type KvsSurroundings } from './kvs-serve.ts';
import { watchSignals } from './signals.ts';

/** The first word of the command line that means this. A task file of this name is `./kvs`. */
export const kvsWord = 'kvs';

const help = `Usage: disbatch kvs get KEY [-n] [--timeout TIME]
       disbatch kvs view KEY [-n] [--timeout TIME]
       disbatch kvs put KEY [VALUE|-] [--encoding ENCODING]
       disbatch kvs dump [--json]
       disbatch kvs monitor [KEY:EVENTS]... [--json] [--timeout TIME]
       disbatch kvs down
       disbatch kvs serve [--address HOST:PORT] [--address-file FILE] [--open] [--exec COMMAND]

Speaks with a key-value store. A key holds a queue of values: put adds one, get takes the oldest,
view shows the newest and leaves it. Where there is none, get and view wait for one.

  get, view        print the value, byte for byte
  put              ends when the value is in the store; without VALUE, or with -, it is
                   standard input
  dump             what is in the store
  monitor          a line for each event: EVENTS are letters of gpvw (get, put, view, wait), KEY
                   empty means every key. Without words: all events of all keys
  down             ends the store; that of a run ends with the run and not before
  serve            is a store: prints HOST:PORT, and ends with down or a signal

Where the store is, first of these that is given:
  --store HOST:PORT
  --run PREFIX     that of a run, by what the names of its files begin with; the name of one of
                   its files will do
  the environment  DISBATCH_KVSSTCP_HOST, or KVSSTCP_HOST and KVSSTCP_PORT

  --timeout TIME   0, 0.5, 90s, 5m: what is not there in time is not taken, and the exit status is
                   1; with monitor, when no event has come for so long
  -n, --newline    a newline after the value
  --encoding       four letters that go with the value, which programs may look at (default ASTR)
  --json           as JSON; of monitor, a line for each event

  --address        where serve listens; port 0 is any that is free (default 127.0.0.1:0)
  --address-file   a file for HOST:PORT, there while the store is
  --open           let in everybody who reaches the port
  --exec COMMAND   run COMMAND with bash, with the address in its environment, and end with it and
                   with its exit status; HOST:PORT is not printed
`;

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
export async function kvs(words: readonly string[], around: KvsSurroundings, printer: Printer): Promise<number> {
  const options = words.slice(0, words.includes('--') ? words.indexOf('--') : words.length);
  if (words.length === 0 || options.some((word) => word === '-h' || word === '--help')) {
    await printer.print(help);
    return 0;
  }
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
