import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesField, dumpJson } from '../../src/kvs/dump-json.ts';
import { clientOf, listening } from './listening.ts';

test('a dump as JSON has text where it is text, and base64 where it is none', async () => {
  const store = await listening();
  const client = await clientOf(store);
  await client.put('Grüße', 'ä'.repeat(25));
  await client.put(Buffer.from('ff00', 'hex'), Buffer.from('80', 'hex'));
  await client.put('long', 'x'.repeat(60));
  await client.put('js', '{}', 'JSON');
  const waiting = await clientOf(store);
  const wait = waiting.get('nothing').catch(() => {});
  await client.obeyed();
  await expect.poll(() => store.server.store.counts.wait).toBe(1);
  const { keys, waits, counts } = JSON.parse(dumpJson(await client.dump())) as Record<string, unknown>;
  expect(counts).toMatchObject({ view: 0, wait: 1, waitsBegun: 1, waitsEnded: 0 });
  expect(waits).toEqual([{ key: 'nothing', waiting: 1 }]);
  expect(keys).toEqual([
    { key: 'Grüße', values: 1, encoding: 'ASTR', bytes: 50, newest: 'ä'.repeat(25) },
    { keyBase64: '/wA=', values: 1, encoding: 'ASTR', bytes: 1, newestBase64: 'gA==' },
    { key: 'long', values: 1, encoding: 'ASTR', bytes: 60, excerpt: `${'x'.repeat(24)}...${'x'.repeat(23)}` },
    { key: 'js', values: 1, encoding: 'JSON', bytes: 2 },
  ]);
  waiting.close();
  await wait;
});

test('bytes come back from JSON as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const { k, kBase64 } = JSON.parse(JSON.stringify(bytesField('k', bytes))) as { k?: string; kBase64?: string };
      const back = k === undefined ? Buffer.from(kBase64 ?? '', 'base64') : Buffer.from(k);
      expect(back.equals(bytes)).toBe(true);
    }),
  );
});
