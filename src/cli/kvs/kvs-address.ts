/**
 * Where the store is that `disbatch kvs` speaks with, and the connection to it. Runs in the process of the command.
 *
 * Always true: what is said of a store that cannot be used names its address and where that comes from.
 */

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve as resolvePath } from 'node:path';
import { DisbatchError, systemReason } from '../../base/errors.ts';
import { parseHostPort, type HostPort } from '../../base/host-port.ts';
import { reasonOf } from '../../channel/reasons.ts';
import { storeInfoFile, prefixOf } from '../../contract/run-files.ts';
import { StoreClient } from '../../kvs/client.ts';
import type { WhichStore } from './kvs-arguments.ts';

/** An address, and how users wrote it. */
export interface StoreAddress extends HostPort {
  readonly text: string;
}

const connectMs = 30_000;

/**
 * @param env - in which tasks and commands of `serve` find their store
 * @throws DisbatchError usage or no-store
 */
export function addressOfStore({ store, run }: WhichStore, env: NodeJS.ProcessEnv): StoreAddress {
  if (store !== undefined) return checked(store, '--store', 'usage');
  if (run !== undefined) return addressOfRun(run);
  const ours = env['DISBATCH_KVSSTCP_HOST'];
  if (ours) return checked(ours, 'DISBATCH_KVSSTCP_HOST in the environment', 'usage');
  const [host, port] = [env['KVSSTCP_HOST'], env['KVSSTCP_PORT']];
  if (host)
    return checked(port ? `${host}:${port}` : host, 'KVSSTCP_HOST and KVSSTCP_PORT in the environment', 'usage');
  throw new DisbatchError(
    'usage',
    'Which store? Say it with --store HOST:PORT, or with --run PREFIX, what the names of the files of a run begin with. In a task, and in a command of disbatch kvs serve, the environment says it.',
  );
}

function addressOfRun(given: string): StoreAddress {
  const prefix = prefixOf(given);
  const path = storeInfoFile(resolvePath(prefix));
  try {
    return checked(readFileSync(path, 'utf8').trim(), path, 'no-store');
  } catch (error) {
    if (error instanceof DisbatchError) throw error;
    const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new DisbatchError(
      'no-store',
      gone
        ? `There is no run ${prefix}: ${path} is not there. Is the prefix right, and does the run go on?`
        : `The file ${path}, which says where the store is, cannot be read (${systemReason(error)}).`,
      error,
    );
  }
}

function checked(text: string, from: string, code: 'usage' | 'no-store'): StoreAddress {
  const address = parseHostPort(text);
  if (address === undefined || address.port === 0)
    throw new DisbatchError(code, `${from}: "${text}" is not HOST:PORT, such as 127.0.0.1:40112.`);
  return { ...address, text };
}

/**
 * Connects, and waits until the store has let us in.
 *
 * @throws (rejects with) DisbatchError no-store, or the signal's reason
 */
export async function reachStore(address: StoreAddress, signal: AbortSignal): Promise<StoreClient> {
  // A host without a name server may not know its own name.
  const hosts = address.host === hostname() ? [address.host, '127.0.0.1'] : [address.host];
  let failure: unknown;
  for (const host of hosts) {
    // Held until the end: within AbortSignal.any alone, Node 20 collects it as garbage, and its time never comes.
    const timeout = AbortSignal.timeout(connectMs);
    try {
      const client = await StoreClient.connect(host, address.port, AbortSignal.any([signal, timeout]));
      return await letIn(client, address, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DisbatchError) throw error;
      failure ??= timeout.aborted ? timeout.reason : error;
    }
  }
  throw new DisbatchError(
    'no-store',
    `There is no store at ${address.text} (${failureReason(failure)}). Is the address right, and does the store still run?`,
    failure,
  );
}

async function letIn(client: StoreClient, { text }: StoreAddress, signal: AbortSignal): Promise<StoreClient> {
  const stop = (): void => client.destroy();
  signal.addEventListener('abort', stop);
  try {
    await client.obeyed();
    return client;
  } catch (error) {
    signal.throwIfAborted();
    throw new DisbatchError(
      'no-store',
      `The store at ${text} closed the connection without an answer (${failureReason(error)}). It lets in programs of its own user on its own host: run this there.`,
      error,
    );
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Why a connection failed, in a few words. */
export function failureReason(error: unknown): string {
  return error instanceof Error && error.name === 'TimeoutError' ? 'no answer in 30 s' : reasonOf(error);
}
