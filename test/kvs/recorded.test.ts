/** The session that was recorded from the original's store: ours answers it byte for byte. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../support/run-disbatch.ts';
import { listening, RawClient, type Listening } from './listening.ts';

interface Recorded {
  readonly steps: readonly {
    readonly step: string;
    readonly traffic: readonly {
      readonly connection: number;
      readonly from: 'client' | 'server';
      readonly hex: string;
    }[];
  }[];
}

const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, '../compat/fixtures/kvs-wire.json'), 'utf8'),
) as Recorded;

function requestsObeyed({ server }: Listening): number {
  const { get, put, view, wait } = server.store.counts;
  return get + put + view + wait;
}

test.each([
  ['in memory', 64 * 1024 * 1024],
  ['on disk', 0],
])('the recorded session is answered byte for byte, with the values %s', async (place, memoryLimit) => {
  const store = await listening({ memoryLimit });
  const connections = [await RawClient.to(store), await RawClient.to(store)];
  let answers = 0;
  for (const { step, traffic } of recorded.steps) {
    for (const { connection, from, hex } of traffic) {
      const client = connections[connection] as RawClient;
      const bytes = Buffer.from(hex, 'hex');
      if (from === 'client') {
        const obeyed = requestsObeyed(store) + (bytes.toString('latin1').match(/put_|get_|view/g) ?? []).length;
        client.send(bytes);
        // Two connections have no order but that in which the store hears them.
        await until(step, () => requestsObeyed(store) >= obeyed);
      } else if (place === 'on disk' && step.startsWith('dump')) {
        const length = Number((await client.bytes(10)).toString('latin1'));
        await client.bytes(length);
        answers++;
      } else {
        expect([step, (await client.bytes(bytes.length)).toString('hex')]).toEqual([step, hex]);
        answers++;
      }
    }
    expect([step, ...connections.map((client) => client.unread.length)]).toEqual([step, 0, 0]);
  }
  await connections[0]?.closed();
  expect(answers).toBe(recorded.steps.flatMap(({ traffic }) => traffic).filter(({ from }) => from === 'server').length);
});
