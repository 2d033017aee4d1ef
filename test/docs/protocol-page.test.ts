/** docs/kvs-protocol.md: its bytes are those of the recorded session and of our pickler, its tables those of the code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { op, pickle } from '../../src/kvs/pickle.ts';
import { defaultRequestLimits, ownKeyPrefix } from '../../src/kvs/protocol.ts';
import { readPage, root, sections } from './pages.ts';

const page = readPage('docs/kvs-protocol.md');

/** The bytes of the blocks of a section that are in hex, a string of hex for each block. */
function hexBlocks(depth: number, heading: string): string[] {
  const text = sections(page, depth).find((section) => section.heading === heading)?.text ?? '';
  return [...text.matchAll(/^```text\n(.*?)^```$/gms)].map(([, block = '']) =>
    [...block.matchAll(/^(?:[0-9a-f]{2} )*[0-9a-f]{2}(?= {2,}|$)/gm)].join('').replace(/ /g, ''),
  );
}

describe('docs/kvs-protocol.md', () => {
  test('its example is in the recorded session of the original', () => {
    const recorded = readFileSync(join(root, 'test/compat/fixtures/kvs-wire.json'), 'utf8');
    const blocks = hexBlocks(2, 'Requests and replies');
    expect(blocks.length).toBe(3);
    for (const block of blocks) expect(recorded).toContain(`"hex": "${block}"`);
  });

  test('its pickle is the one that the store writes', () => {
    const bytes = (text: string): Buffer => Buffer.from(text);
    const about = { tuple: [bytes('ASTR'), bytes('2')] };
    const dump = { tuple: [[1, 2, 0, 0, 0, 0], [], [{ tuple: [bytes('n2'), 1, about] }]] };
    expect(hexBlocks(3, 'Reading the pickle')).toEqual([pickle(dump).toString('hex')]);
  });

  test('its table of instructions has those that are written and read', () => {
    const text = sections(page, 3).find(({ heading }) => heading === 'Reading the pickle')?.text ?? '';
    const cells = [...text.matchAll(/^\| (`[0-9a-f]{2}`[^|]*?) *\|/gm)].map(([, cell = '']) => cell);
    const codes = cells.flatMap((cell) => [...cell.matchAll(/`([0-9a-f]{2})`/g)].map(([, code = '']) => code));
    expect(codes.toSorted()).toEqual(
      Object.values(op)
        .map((code) => code.toString(16))
        .toSorted(),
    );
  });

  test('its limits are those of the store', () => {
    expect(page.text).toMatch(new RegExp(`\\| a key +\\| ${defaultRequestLimits.key / 1024} KiB +\\|`));
    expect(page.text).toMatch(new RegExp(`\\| a value +\\| ${defaultRequestLimits.value / 1024 ** 3} GiB +\\|`));
    expect(page.text).toContain(`\`${ownKeyPrefix}\``);
  });
});
