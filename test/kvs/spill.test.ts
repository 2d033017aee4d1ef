import { fstatSync, readdirSync, readlinkSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SpillFile } from '../../src/kvs/spill-file.ts';
import { addExtent, SpillSpace, splitExtents, type Extent } from '../../src/kvs/spill-space.ts';
import { testFolder } from '../support/run-disbatch.ts';

describe('the room in the file', () => {
  test('is given to one value at a time, used again, and none when nothing is in use', () => {
    const segment = 16;
    const step = fc.oneof(
      fc.record({ take: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ free: fc.nat(), take: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const space = new SpillSpace(segment);
        const values: Extent[][] = [];
        const inUse = new Set<number>();
        const each = (extents: readonly Extent[], visit: (byte: number) => void): void => {
          for (const { offset, length } of extents) for (let i = 0; i < length; i++) visit(offset + i);
        };
        const free = (at: number): void => {
          const [value] = values.splice(at, 1) as [Extent[]];
          for (const extent of value) space.free(extent);
          each(value, (byte) => inUse.delete(byte));
        };
        for (const doing of steps) {
          if (doing.take > 0) {
            const value: Extent[] = [];
            for (let left = doing.take; left > 0;) {
              const extent = space.take(left);
              addExtent(value, extent);
              left -= extent.length;
            }
            each(value, (byte) => {
              expect(inUse.has(byte)).toBe(false);
              expect(byte).toBeLessThan(space.end);
              inUse.add(byte);
            });
            values.push(value);
          } else if ('free' in doing && values.length > 0) {
            free(doing.free % values.length);
          }
          expect(space.empty).toBe(inUse.size === 0);
        }
        while (values.length > 0) free(0);
        expect(space.end).toBe(0);
      }),
    );
  });

  test('does not grow while values are taken as fast as they come', () => {
    const space = new SpillSpace(1000);
    const values = [space.take(700), space.take(300)];
    for (let i = 0; i < 10_000; i++) {
      values.push(space.take(250));
      space.free(values.shift() as Extent);
    }
    expect(space.end).toBeLessThanOrEqual(3000);
  });
});

test('values that are written together have each its own bytes of the file', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30)), fc.integer({ min: 1, max: 20 }), (lengths, segment) => {
      const space = new SpillSpace(segment);
      const together: Extent[] = [];
      const total = lengths.reduce((sum, length) => sum + length, 0);
      for (let left = total; left > 0;) {
        const extent = space.take(left);
        addExtent(together, extent);
        left -= extent.length;
      }
      const parts = splitExtents(together, lengths);
      expect(parts.map((part) => part.reduce((sum, { length }) => sum + length, 0))).toEqual(lengths);
      const bytesOf = (extents: readonly Extent[]): number[] =>
        extents.flatMap(({ offset, length }) => Array.from({ length }, (_, i) => offset + i));
      expect(bytesOf(parts.flat())).toEqual(bytesOf(together));
      for (const extent of parts.flat()) space.free(extent);
      expect(space.empty).toBe(true);
    }),
  );
});

/** The files that this process has open in a folder, by descriptor. */
function openIn(folder: string): number[] {
  return readdirSync('/proc/self/fd')
    .filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(`${folder}/`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function contents(file: SpillFile, extents: readonly Extent[]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of file.read(extents)) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('the file', () => {
  test.skipIf(process.platform !== 'linux')(
    'is for its user alone, has no name, and is cut when nothing is in it',
    async () => {
      const folder = testFolder();
      const file = new SpillFile(folder, 1024);
      expect(openIn(folder)).toEqual([]);
      const extents: Extent[] = [];
      await file.write(Buffer.alloc(5000, 'x'), extents);
      expect(readdirSync(folder)).toEqual([]);
      const [fd] = openIn(folder) as [number];
      expect(fstatSync(fd).mode & 0o777).toBe(0o600);
      expect(fstatSync(fd).size).toBe(5000);
      file.free(extents);
      const next: Extent[] = [];
      await file.write(Buffer.from('next'), next);
      expect(fstatSync(fd).size).toBe(4);
      expect((await contents(file, next)).toString()).toBe('next');
      await file.close();
      expect(openIn(folder)).toEqual([]);
    },
  );

  test('gives back what was written, whoever writes and frees at the same time', async () => {
    const file = new SpillFile(testFolder(), 1000);
    const one = async (n: number): Promise<void> => {
      for (let round = 0; round < 30; round++) {
        const extents: Extent[] = [];
        const pieces = [Buffer.alloc(1 + ((n * 37 + round * 101) % 1500), n), Buffer.alloc(round, n + 100)];
        for (const piece of pieces) await file.write(piece, extents);
        expect((await contents(file, extents)).equals(Buffer.concat(pieces))).toBe(true);
        file.free(extents);
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, n) => one(n)));
    expect(file.size).toBe(0);
    await file.close();
  });

  test('that is being cut takes no harm to what is written next', async () => {
    const file = new SpillFile(testFolder());
    const large = Buffer.alloc(1_000_000, 'l');
    for (let round = 0; round < 100; round++) {
      const [extents, next]: [Extent[], Extent[]] = [[], []];
      await file.write(large, extents);
      file.free(extents);
      await file.write(Buffer.from(`round ${round}`), next);
      expect((await contents(file, next)).toString()).toBe(`round ${round}`);
      file.free(next);
    }
    await file.close();
  });

  test('that cannot be made is an error each time, until its folder is there', async () => {
    const file = new SpillFile('/nowhere/at/all');
    const extents: Extent[] = [];
    await expect(file.write(Buffer.from('x'), extents)).rejects.toThrow('ENOENT');
    await expect(file.write(Buffer.from('x'), extents)).rejects.toThrow('ENOENT');
    expect(extents).toEqual([]);
    await file.close();
  });
});
