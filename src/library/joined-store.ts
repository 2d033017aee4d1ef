/**
 * The store that a program and the run it has joined meet in: the connections, the keys, the sign-in. In the process of the
 * program.
 */

import { randomBytes } from 'node:crypto';
import { DisbatchError, systemReason } from '../base/errors.ts';
import { StoreClient } from '../kvs/client.ts';
import type { HostPort } from '../base/host-port.ts';
import type { JoinOptions } from './options.ts';

const usualTimeoutMs = 30_000;

export interface Connections {
  readonly puts: StoreClient;
  /** Where results are waited for. */
  readonly takes: StoreClient;
}

/** What the keys of a program are, and the value that says that no tasks are to come. */
export interface Keys {
  readonly done: string;
  readonly result: string;
  readonly task: string;
}

/** Keys that no other program has, in a store that may be there for longer than one. */
export function keysOf(name: string): Keys {
  const own = `${name} ${randomBytes(8).toString('hex')}`;
  return { done: `${own} done!`, result: `${own} result`, task: `${own} task` };
}

/** @throws (rejects with) DisbatchError no-store; the signal's reason */
export async function connect(place: HostPort, address: string, options: JoinOptions): Promise<Connections> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(options.signal?.reason);
  options.signal?.addEventListener('abort', onAbort);
  const timer = setTimeout(() => stop.abort(new Error('no answer in time')), options.timeoutMs ?? usualTimeoutMs);
  const clients: StoreClient[] = [];
  const give = (): void => clients.forEach((client) => client.destroy());
  stop.signal.addEventListener('abort', give);
  try {
    for (let i = 0; i < 2; i++) {
      const client = await StoreClient.connect(place.host, place.port, stop.signal);
      clients.push(client);
      await client.obeyed();
    }
    const [puts, takes] = clients as [StoreClient, StoreClient];
    return { puts, takes };
  } catch (error) {
    give();
    if (options.signal?.aborted === true) throw options.signal.reason;
    const why = systemReason(stop.signal.aborted ? stop.signal.reason : error);
    throw new DisbatchError(
      'no-store',
      `There is no store at ${address} that lets this program in (${why}). Is the address right, does the run go on, and is it on this host and of this user?`,
      error,
    );
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** Says who gives tasks from now on. */
export async function signIn(puts: StoreClient, name: string, keys: Keys): Promise<void> {
  await puts.put('task source name', name);
  await puts.put('task source done task', keys.done);
  await puts.put('task source result key', keys.result);
  await puts.put('task source task key', keys.task);
  await puts.obeyed();
}

export function letGo({ puts, takes }: Connections): void {
  puts.close();
  takes.destroy();
}

/** The error when the store does not go on. */
export function gone(address: string, cause: unknown): DisbatchError {
  return new DisbatchError(
    'no-store',
    `The store at ${address} is gone, or sent what is no result (${systemReason(cause)}). Has the run ended? Its status file has what became of the tasks.`,
    cause,
  );
}
