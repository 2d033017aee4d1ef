/**
 * `disbatch kvs get, view, put, down`: one request to a store that has let us in.
 */

import { constants } from 'node:buffer';
import { DisbatchError } from '../../base/errors.ts';
import { clipped, visible } from '../../base/terminal-text.ts';
import { StoreClient, type ClientValue } from '../../kvs/client.ts';
import { defaultRequestLimits } from '../../kvs/protocol.ts';
import type { Printer } from '../printer.ts';
import { failureReason, type StoreAddress } from './kvs-address.ts';
import type { PutWords, TakeWords } from './kvs-arguments.ts';
import { onTerminal, tell, written } from './kvs-output.ts';

/** A store that has let us in. */
export interface Speaking {
  readonly client: StoreClient;
  readonly address: StoreAddress;
  /** A signal has asked for the end. */
  readonly stop: AbortSignal;
  readonly printer: Printer;
}

/** get and view. */
export async function take({ command, key, timeoutMs, newline }: TakeWords, speaking: Speaking): Promise<number> {
  const { client, address, stop, printer } = speaking;
  const timeout = timeoutSignal(timeoutMs);
  let found: ClientValue;
  try {
    found = await client[command](key, timeout === undefined ? stop : AbortSignal.any([stop, timeout]));
  } catch (error) {
    stop.throwIfAborted();
    if (timeout?.aborted === true && error === timeout.reason) {
      tell(`No value was put under ${shown(key)} in time (--timeout).`);
      return 1;
    }
    throw gone(address, `before there was a value under ${shown(key)}`, error);
  }
  const { value, encoding } = found;
  const problem = printer.isTerminal
    ? await written(Buffer.from(onTerminal(value)))
    : await written(value, ...(newline ? [Buffer.from('\n')] : []));
  if (problem === undefined) return 0;
  if (command === 'get') {
    // Nobody has seen it.
    await client.put(key, value, encoding);
    await client.obeyed();
  }
  tell(
    `The value cannot be printed (${problem}).${command === 'get' ? ' It is back in the store, as the newest of its key.' : ''}`,
  );
  return 1;
}

export async function put({ key, value, encoding }: PutWords, speaking: Speaking): Promise<number> {
  const { client, stop } = speaking;
  const bytes = value === undefined ? await standardInput(stop) : Buffer.from(value);
  await answered(speaking, 'before it had the value', async () => {
    await client.put(key, bytes, encoding);
    await client.obeyed();
  });
  return 0;
}

export async function down(speaking: Speaking): Promise<number> {
  const { client, address, stop } = speaking;
  await answered(speaking, 'too early', () => client.down());
  // A store that has ended takes nobody in; that of a run has only closed the connection.
  const again = await StoreClient.connect(address.host, address.port, stop).catch(() => undefined);
  again?.destroy();
  if (again === undefined) return 0;
  throw new DisbatchError(
    'no-store',
    `The store at ${address.text} goes on: that of a run ends with the run. To stop the run: disbatch ctl PREFIX stop run`,
  );
}

/** A signal for the end of a wait; a time of 0 lets what is there already be answered. */
export function timeoutSignal(timeoutMs: number | undefined): AbortSignal | undefined {
  return timeoutMs === undefined ? undefined : AbortSignal.timeout(Math.round(timeoutMs));
}

/** The store has gone while something was asked of it. */
export function gone({ text }: StoreAddress, when: string, cause: unknown): DisbatchError {
  return new DisbatchError(
    'no-store',
    `The store at ${text} closed the connection ${when} (${failureReason(cause)}). Either it has ended, or this was more than it takes: then the log of the run, or what disbatch kvs serve printed, says why.`,
    cause,
  );
}

/**
 * An answer that comes at once: who is asked to stop does not wait for it.
 *
 * @throws (rejects with) DisbatchError no-store, or the reason to stop
 */
export async function answered<T>(
  { client, address, stop }: Speaking,
  when: string,
  ask: () => Promise<T>,
): Promise<T> {
  const leave = (): void => client.destroy();
  stop.addEventListener('abort', leave);
  try {
    return await ask();
  } catch (error) {
    stop.throwIfAborted();
    if (!(error instanceof RangeError)) throw gone(address, when, error);
    throw new DisbatchError(
      'no-store',
      `What listens at ${address.text} does not answer as a store does: ${error.message}.`,
      error,
    );
  } finally {
    stop.removeEventListener('abort', leave);
  }
}

async function standardInput(stop: AbortSignal): Promise<Buffer> {
  const { stdin } = process;
  const most = Math.min(defaultRequestLimits.value, constants.MAX_LENGTH);
  const leave = (): void => void stdin.destroy(stop.reason as Error);
  stop.addEventListener('abort', leave);
  try {
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of stdin) {
      pieces.push(piece as Buffer);
      bytes += (piece as Buffer).length;
      if (bytes > most)
        throw new DisbatchError('usage', `Standard input has more than ${most} bytes, the most that a value can have.`);
    }
    return Buffer.concat(pieces);
  } finally {
    stop.removeEventListener('abort', leave);
  }
}

function shown(key: string): string {
  return `"${clipped(visible(key), 60)}"`;
}
