/** How a status file begins, and what becomes of an earlier one with its name. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { LineFile } from '../../src/driver/line-file.ts';
import { createLineFile } from '../../src/driver/create-line-file.ts';
import { formatStatusLine, statusHeader } from '../../src/task/status-line.ts';
import { testFolder } from '../support/run-disbatch.ts';
import { recordOf } from './records.ts';

let path: string;
const textOf = (...taskIds: number[]): string => taskIds.map((id) => `${formatStatusLine(recordOf(id))}\n`).join('');
const onDisk = (): string => fs.readFileSync(path, 'utf8');
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('a new status file', () => {
  beforeEach(() => {
    path = join(testFolder(), 'T_status.txt');
  });
  const noFill = (): void => {};
  const create = (header: boolean, fill: Parameters<typeof createLineFile>[2] = noFill): string | undefined => {
    const { fd, keptAs } = createLineFile(path, header ? statusHeader : undefined, fill);
    fs.closeSync(fd);
    return keptAs;
  };
  const names = (): string[] => fs.readdirSync(join(path, '..')).sort();

  test('is empty, or has the header', () => {
    expect([create(false), onDisk()]).toEqual([undefined, '']);
    fs.rmSync(path);
    expect([create(true), onDisk()]).toEqual([undefined, `${statusHeader}\n`]);
    expect(names()).toEqual(['T_status.txt']);
  });

  test('is appended to behind what it was filled with', async () => {
    const { fd } = createLineFile(path, statusHeader, (put) =>
      [0, 1].forEach((id) => put(formatStatusLine(recordOf(id)))),
    );
    const file = new LineFile(path, fd, { trouble: () => {} });
    file.append(formatStatusLine(recordOf(2)));
    expect(await file.close()).toBeUndefined();
    expect(onDisk()).toBe(`${statusHeader}\n${textOf(0, 1, 2)}`);
  });

  test('may be filled with more than fits into one write', () => {
    create(false, (put) => range(0, 30_000).forEach((id) => put(formatStatusLine(recordOf(id)))));
    expect(onDisk() === textOf(...range(0, 30_000))).toBe(true);
  });

  test('leaves an earlier one under the first free number, as often as that happens', () => {
    for (const [i, text] of ['first', 'second', 'third'].entries()) {
      expect(create(false)).toBe(i === 0 ? undefined : `${path}.${i}`);
      fs.writeFileSync(path, text);
    }
    expect(names()).toEqual(['T_status.txt', 'T_status.txt.1', 'T_status.txt.2']);
    expect([`${path}.1`, `${path}.2`, path].map((name) => fs.readFileSync(name, 'utf8'))).toEqual([
      'first',
      'second',
      'third',
    ]);
  });

  test('does not touch an earlier one before it is whole itself', () => {
    fs.writeFileSync(path, 'earlier');
    let during: string | undefined;
    create(false, (put) => {
      put('x'.repeat(3 << 20));
      during = onDisk();
    });
    expect(during).toBe('earlier');
  });

  test('that cannot be filled leaves the earlier one as it was, and nothing else', () => {
    fs.writeFileSync(path, 'earlier');
    const fill = (put: (text: string) => void): void => {
      put('a');
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    expect(() => create(false, fill)).toThrow(
      /cannot be made \(no space left on device\)\. Make room or choose another place with -p\./,
    );
    expect([names(), onDisk()]).toEqual([['T_status.txt'], 'earlier']);
  });

  test('in a folder that is not there is an error with the place', () => {
    path = '/no/such/folder/T_status.txt';
    expect(() => create(false)).toThrow(
      'The file /no/such/folder/T_status.txt cannot be made (no such file or directory)',
    );
  });
});
