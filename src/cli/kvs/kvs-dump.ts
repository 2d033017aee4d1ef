/**
 * `disbatch kvs dump`: what is in a store, as a table or as JSON.
 */

import { clipped, visible } from '../../base/terminal-text.ts';
import type { Dump } from '../../kvs/dump.ts';
import { dumpJson } from '../../kvs/dump-json.ts';
import { answered, type Speaking } from './kvs-client.ts';
import { shownBytes } from './kvs-output.ts';

export async function printDump(json: boolean, speaking: Speaking): Promise<number> {
  const dump = await answered(speaking, 'before it had told what is in it', () => speaking.client.dump());
  await speaking.printer.print(json ? dumpJson(dump) : dumpTable(dump));
  return 0;
}

/** The columns, and on which side blanks are added. */
const columns = {
  KEY: 'end',
  VALUES: 'start',
  WAITING: 'start',
  ENCODING: 'end',
  BYTES: 'start',
  NEWEST: 'end',
} as const;

function dumpTable({ keys, waits }: Dump): string {
  const filled = keys.filter(isShown).map(({ key, count, encoding, length, shown }) => {
    const newest = shown === undefined ? '' : clipped(shownBytes(shown), 50);
    return [keyCell(key), String(count), '', visible(encoding), String(length), newest];
  });
  const waited = waits.filter(isShown).map(({ key, count }) => [keyCell(key), '', String(count), '', '', '']);
  const hidden = keys.length + waits.length - filled.length - waited.length;
  const lines = table([...filled, ...waited]);
  if (keys.length + waits.length === 0) lines.push('The store is empty.');
  if (hidden > 0) lines.push(`not shown: ${hidden} ${hidden === 1 ? 'key that begins' : 'keys that begin'} with a dot`);
  return `${lines.join('\n')}\n`;
}

function isShown({ key }: { readonly key: Uint8Array }): boolean {
  return key[0] !== '.'.charCodeAt(0);
}

function keyCell(key: Uint8Array): string {
  return clipped(shownBytes(key), 40);
}

/** The rows under their columns; nothing when there are none. */
function table(rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const all = [Object.keys(columns), ...rows];
  const shapes = Object.values(columns).map((side, i) => ({
    side,
    width: Math.max(...all.map((row) => [...(row[i] ?? '')].length)),
  }));
  return all.map((row) =>
    shapes
      .map(({ side, width }, i) => {
        const cell = row[i] ?? '';
        const blanks = ' '.repeat(width - [...cell].length);
        return side === 'end' ? cell + blanks : blanks + cell;
      })
      .join('  ')
      .trimEnd(),
  );
}
