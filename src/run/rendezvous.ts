/**
 * What a run opens for others: its port, the store behind it, and the files by which it is found. Runs in the driver's
 * process.
 *
 *   PREFIX_key.json     what has to be known to take part, with the key: mode 0600, removed at the end
 *   PREFIX_dbUtil.sh    adds hosts to the run
 *   PREFIX_kvsinfo.txt  HOST:PORT of the store, removed at the end
 */

import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { DisbatchError, systemReason } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Releasers } from '../base/releasers.ts';
import { shellQuoted } from '../base/terminal-text.ts';
import { writeWhole } from '../base/write-whole.ts';
import type { Connection } from '../channel/connection.ts';
import { Port } from '../channel/port.ts';
import { dbUtilFile, keyFile, storeInfoFile } from '../contract/run-files.ts';
import type { RunInfo } from '../contract/run-info.ts';
import { StoreServer } from '../kvs/server.ts';

export interface RendezvousParts {
  /** All that is known of the run but where and with which key it is reached. */
  readonly run: Omit<RunInfo, 'key' | 'runId' | 'addresses' | 'openStore'>;
  /** `--use-address`: where it is to be reached. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
  readonly openStore: boolean;
  /** HOST:PORT of somebody else's store that takes the place of the run's own. */
  readonly foreignStore: string | undefined;
  /** Where the program is installed. */
  readonly folder: string;
  /** The folder of the run's files, for what the store puts on disk. */
  readonly spillFolder: string;
  readonly log: Logger;
  readonly storeLog: Logger;
  readonly releasers: Releasers;
  readonly onConnection: (connection: Connection) => void;
  readonly onDown: () => void;
}

export interface Rendezvous {
  readonly info: RunInfo;
  /** undefined: programs use somebody else's. */
  readonly store: StoreServer | undefined;
  /** HOST:PORT of the store as tasks on this host are told. */
  readonly storeAddress: string;
}

/** How this host reaches itself. */
const loopback = '127.0.0.1';

/** @throws (rejects with) DisbatchError port-unusable or prefix-unusable */
export async function openRendezvous(parts: RendezvousParts): Promise<Rendezvous> {
  const { run, address, openStore, releasers, log } = parts;
  const key = randomBytes(32);
  const { foreignStore } = parts;
  const store =
    foreignStore === undefined
      ? new StoreServer({ folder: parts.spillFolder, log: parts.storeLog, onDown: parts.onDown })
      : undefined;
  releasers.add(() => void store?.close());
  const { port, here } = await listen(parts, key, store);
  releasers.add(() => port.close());
  const host = address?.host ?? hostname();
  const named = `${host}:${port.port}`;
  const hosts = address === undefined ? [host, ...ownAddresses()] : [host];
  const info: RunInfo = {
    ...run,
    ...{ key: key.toString('hex'), runId: randomBytes(8).toString('hex') },
    addresses: hosts.map((name) => ({ host: name, port: port.port })),
    openStore: foreignStore ?? (openStore ? named : undefined),
  };
  leave(keyFile(run.prefix), `${JSON.stringify(info, undefined, 2)}\n`, 0o600, releasers);
  leave(storeInfoFile(run.prefix), foreignStore ?? named, 0o644, releasers);
  leave(dbUtilFile(run.prefix), dbUtilScript(parts.folder, run.prefix), 0o700, undefined);
  log('INFO', `listening on port ${port.port}, named ${named}`);
  return { info, store, storeAddress: foreignStore ?? (openStore ? named : `${here}:${port.port}`) };
}

/** The port, and the name by which this host itself reaches it. */
async function listen(
  { address, openStore, log, onConnection }: RendezvousParts,
  key: Buffer,
  store: StoreServer | undefined,
): Promise<{ readonly port: Port; readonly here: string }> {
  const options = {
    ...{ key, openStore, log, port: address?.port ?? 0 },
    onChannel: onConnection,
    onStore: (stream: Duplex) => {
      if (store === undefined) stream.destroy();
      else store.serve(stream);
    },
  };
  try {
    const port = await Port.listen({ ...options, host: address?.host });
    return { port, here: address?.host ?? loopback };
  } catch (error) {
    if (address !== undefined && /EADDRNOTAVAIL/.test(String(error))) {
      // The name is another's that hands connections on to this host: then any address of this host will do.
      return { port: await Port.listen({ ...options, host: undefined }), here: loopback };
    }
    const where = address === undefined ? 'a port' : `the address ${address.host}:${address.port}`;
    throw new DisbatchError(
      'port-unusable',
      `disBatch cannot listen on ${where} (${systemReason(error)}). Name another with --use-address HOST:PORT; port 0 is any that is free.`,
      error,
    );
  }
}

/** Addresses of this host on its networks, IPv4 first. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  // Link-local addresses mean nothing without the interface that they belong to.
  const outer = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  const [four, six] = [
    outer.filter(({ family }) => family === 'IPv4'),
    outer.filter(({ family }) => family !== 'IPv4'),
  ];
  return [...four, ...six].map(({ address }) => address);
}

/** Writes a file that is never seen half written, nor ever with another mode. With `releasers`, it goes with the run. */
function leave(path: string, text: string, mode: number, releasers: Releasers | undefined): void {
  try {
    writeWhole(path, text, mode);
  } catch (error) {
    throw new DisbatchError(
      'prefix-unusable',
      `The file ${path} cannot be written (${systemReason(error)}). Choose a place that you may write to with -p.`,
      error,
    );
  }
  releasers?.add(() => rmSync(path, { force: true }));
}

function dbUtilScript(folder: string, prefix: string): string {
  return `#!/bin/bash
# Takes part in a run of disBatch that is going on, from this or any host that shares its folder:
#   ${prefix.slice(prefix.lastIndexOf('/') + 1)}_dbUtil.sh -s HOST:CORES    adds hosts to the run
#   sbatch -n TASKS ${prefix.slice(prefix.lastIndexOf('/') + 1)}_dbUtil.sh    adds a job
#   ${prefix.slice(prefix.lastIndexOf('/') + 1)}_dbUtil.sh --mon            watches the run
#   ${prefix.slice(prefix.lastIndexOf('/') + 1)}_dbUtil.sh --help           more
# A job may not have the PATH of the run.
command -v node >/dev/null 2>&1 || export PATH="$PATH:"${shellQuoted(dirname(process.execPath))}
exec ${shellQuoted(join(folder, 'disbatch'))} --context ${shellQuoted(prefix)} "$@"
`;
}
