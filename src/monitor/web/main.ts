/**
 * The web server: its entry, loaded by the command, in a process that does nothing else.
 *
 *   RunWatch ─► answers ─► WebServer ─► page
 *      └─ has changed ─► events, once a second at most
 *
 * It ends when it is told to; or, started by a run, with the command of the run, however that ends.
 */

import { hostname, networkInterfaces } from 'node:os';
import { DisbatchError } from '../../base/errors.ts';
import { addressText, type HostPort } from '../../base/host-port.ts';
import { reasonOf } from '../../channel/reasons.ts';
import { EventStreams } from './event-streams.ts';
import { readPageFiles } from './page-files.ts';
import { factsOf, pathsOf } from './paths.ts';
import { runAnswer } from './run-answer.ts';
import { RunWatch, type WatchTimes } from './run-watch.ts';
import { StoreView } from './store-view.ts';
import { WebServer } from './web-server.ts';

export interface WebOptions {
  /** Absolute: what the names of the run's files begin with. */
  readonly prefix: string;
  readonly version: string;
  /** Where the program is installed, and the files of the page. */
  readonly folder: string;
  /** Where to listen; port 0 is any. */
  readonly address: HostPort;
  readonly onListening: (opened: OpenedWeb) => void;
  /** Resolves when it is to end at once. */
  readonly stopped: Promise<unknown>;
  /** Resolves when the command of the run has gone. undefined: it goes on when the run is over. */
  readonly commandGone: Promise<unknown> | undefined;
  readonly times?: Partial<WebTimes>;
}

/** Milliseconds. */
export interface WebTimes extends WatchTimes {
  /** Pages are told at most so often. */
  readonly tellMs: number;
}

export interface OpenedWeb {
  /** Opens the page; to be kept secret. */
  readonly url: string;
  readonly port: number;
}

const usualTellMs = 1000;

/** How long pages that are open have for the last state: without a request, and in all. */
const calmMs = 1200;
const lingerMs = 5000;
/** How long it may take to find out what became of a run whose command has gone. */
const lastLookMs = 2500;

/**
 * Serves the page until its end.
 *
 * @throws (rejects with) DisbatchError port-unusable
 */
export async function serveWeb(options: WebOptions): Promise<void> {
  const { prefix, version, address, times = {} } = options;
  const { tellMs = usualTellMs } = times;
  const files = readPageFiles(options.folder);
  const events = new EventStreams();
  let askedAt = 0;
  let told: NodeJS.Timeout | undefined;
  let toldAt = -Infinity;
  const tell = (): void => {
    clearTimeout(told);
    told = undefined;
    toldAt = performance.now();
    events.tell(runAnswer(factsOf({ prefix, version, watch })));
  };
  const watch: RunWatch = new RunWatch({
    ...{ prefix, version, times },
    isWatched: () => events.count > 0,
    onChange: () => (told ??= setTimeout(tell, Math.max(0, toldAt + tellMs - performance.now()))),
  });
  const store = new StoreView(() => (watch.link.state.kind === 'live' ? watch.link.info : undefined));
  try {
    const server = await listen(address, {
      paths: pathsOf({ prefix, version, files, watch, store, events }),
      onRequest: () => {
        askedAt = performance.now();
        watch.watched();
      },
    });
    const named = isAny(address.host) ? hostname() : address.host;
    const { port } = server;
    options.onListening({ url: `http://${addressText({ host: named, port })}/${server.secret}/`, port });
    const lastWords = async (): Promise<void> => {
      const end = performance.now() + lingerMs;
      if (events.count === 0) return;
      await until(() => watch.link.state.kind !== 'live', lastLookMs);
      await watch.look();
      tell();
      askedAt = performance.now();
      await until(() => events.count === 0 || performance.now() - askedAt > calmMs, end - performance.now());
    };
    await Promise.race([
      options.stopped,
      ...(options.commandGone === undefined ? [] : [options.commandGone.then(lastWords)]),
    ]);
    events.close();
    await server.close();
  } finally {
    clearTimeout(told);
    events.close();
    store.close();
    await watch.close();
  }
}

/** @throws (rejects with) DisbatchError port-unusable */
async function listen(
  address: HostPort,
  more: Pick<Parameters<typeof WebServer.listen>[0], 'paths' | 'onRequest'>,
): Promise<WebServer> {
  try {
    return await WebServer.listen({ ...more, address, names: namesOf(address.host) });
  } catch (error) {
    throw new DisbatchError(
      'port-unusable',
      `The web page cannot listen on ${addressText(address)} (${reasonOf(error)}). Name another with --web-address HOST:PORT; port 0 is any that is free.`,
      error,
    );
  }
}

function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** Names by which others may reach what listens there. */
function namesOf(host: string): string[] {
  const own = hostname();
  const short = own.split('.')[0] as string;
  if (!isAny(host)) return [host];
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return [own, short, ...addresses.map((entry) => entry.address)];
}

async function until(holds: () => boolean, patienceMs: number): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!holds() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
}
