/**
 * `disbatch kvs monitor`: prints what is done in a store, a line for each event, as it happens.
 *
 * A monitor key of its own is told of the events; the store drops it when the connection ends, however it ends. A store
 * that does not keep to that (the original's) is told to watch nothing any more, where there is time for it.
 */

import { toArray } from '../../base/byte-string.ts';
import { DisbatchError } from '../../base/errors.ts';
import { bytesField } from '../../kvs/dump-json.ts';
import { ownKeyPrefix } from '../../kvs/protocol.ts';
import { parsePythonLiteral } from '../../task/python-literal.ts';
import type { MonitorWords } from './kvs-arguments.ts';
import { gone, timeoutSignal, type Speaking } from './kvs-client.ts';
import { shownBytes, tell } from './kvs-output.ts';

interface Notice {
  readonly event: string;
  readonly key: Uint8Array;
}

export async function monitor({ watches, timeoutMs, json }: MonitorWords, speaking: Speaking): Promise<number> {
  const { client, address, stop, printer } = speaking;
  const monitorKey = `${client.ownKey} events`;
  try {
    await checkThatItTells(speaking, monitorKey);
    for (const [key, events] of watches) await client.monitorKey(monitorKey, key, events);
    for (;;) {
      const timeout = timeoutSignal(timeoutMs);
      try {
        const { value } = await client.get(monitorKey, timeout === undefined ? stop : AbortSignal.any([stop, timeout]));
        const notice = parseNotice(value);
        // What clients do to be certain that they are heard is of no interest.
        if (notice === undefined || Buffer.from(notice.key).toString('latin1').startsWith(ownKeyPrefix)) continue;
        if (!(await printer.print(lineOf(notice, json)))) return 0;
      } catch (error) {
        if (timeout?.aborted !== true || error !== timeout.reason) throw error;
        tell('No event has come in time (--timeout).');
        return 1;
      }
    }
  } catch (error) {
    stop.throwIfAborted();
    throw error instanceof DisbatchError ? error : gone(address, 'while its events were waited for', error);
  } finally {
    for (const key of watches.keys()) await client.monitorKey(monitorKey, key, '').catch(() => {});
  }
}

/** @throws (rejects with) DisbatchError no-store for a store that tells of no events: nobody would wait for ever */
async function checkThatItTells({ client, address }: Speaking, monitorKey: string): Promise<void> {
  const probe = `${client.ownKey} probe`;
  await client.monitorKey(monitorKey, probe, 'p');
  await client.put(probe, '');
  await client.get(probe);
  const told = await client.get(monitorKey, timeoutSignal(0)).catch((error: unknown) => {
    if ((error as Error).name === 'TimeoutError') return undefined;
    throw error;
  });
  await client.monitorKey(monitorKey, probe, '');
  if (told !== undefined) return;
  throw new DisbatchError(
    'no-store',
    `The store at ${address.text} does not tell of events. That of the original disBatch does not under Python 3; disbatch kvs serve does.`,
  );
}

function parseNotice(value: Buffer): Notice | undefined {
  const [, event, literal] = /^\(b?'(\w+)', (.*)\)$/s.exec(value.toString('latin1')) ?? [];
  const key = literal === undefined ? undefined : parsePythonLiteral(literal);
  if (event === undefined || key === undefined) return undefined;
  return { event, key: key.kind === 'bytes' ? toArray(key.value) : Buffer.from(key.value) };
}

function lineOf({ event, key }: Notice, json: boolean): string {
  return json ? `${JSON.stringify({ event, ...bytesField('key', key) })}\n` : `${event} ${shownBytes(key)}\n`;
}
