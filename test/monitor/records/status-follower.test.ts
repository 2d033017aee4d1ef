import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StatusFollower } from '../../../src/monitor/records/status-follower.ts';
import { statusHeader } from '../../../src/task/status-line.ts';
import { lineOf } from './tables.ts';

let folder: string;
let path: string;
let follower: StatusFollower;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'disbatch-follower-'));
  path = join(folder, 'a_status.txt');
  follower = new StatusFollower(path);
});
afterEach(async () => {
  await follower.close();
  rmSync(folder, { recursive: true });
});

const taskIds = (): number[] => Array.from({ length: follower.table.length }, (_, i) => follower.table.taskId(i));

describe('a file that grows', () => {
  test('is followed line by line, and a line that is half written comes when it is whole', async () => {
    const [first, second, third] = [0, 1, 2].map((id) => lineOf({ command: `echo ${id}` }, id)) as [
      string,
      string,
      string,
    ];
    writeFileSync(path, `${statusHeader}\n${first}${second.slice(0, 40)}`);
    expect(await follower.look()).toBe(true);
    expect(taskIds()).toEqual([0]);
    expect(await follower.look()).toBe(false);
    appendFileSync(path, second.slice(40) + third);
    expect(await follower.look()).toBe(true);
    expect(taskIds()).toEqual([0, 1, 2]);
    expect(follower.foreignLines).toBe(0);
    expect(await follower.records([2, 0])).toMatchObject([{ command: 'echo 2' }, { command: 'echo 0' }]);
  });

  test('may be empty at first, and may be larger than what is read at once', async () => {
    writeFileSync(path, '');
    expect(await follower.look()).toBe(false);
    const snippet = 'x'.repeat(5000);
    appendFileSync(path, Array.from({ length: 500 }, (_, id) => lineOf({ command: `${id} ${snippet}` }, id)).join(''));
    const looks = [follower.look(), follower.look()];
    expect(await Promise.all(looks)).toEqual([true, true]);
    expect(taskIds()).toEqual(Array.from({ length: 500 }, (_, id) => id));
    let bytes = 0;
    for await (const piece of follower.pieces()) {
      expect(piece.at).toBe(bytes);
      expect(piece.bytes.at(-1)).toBe(10);
      bytes += piece.bytes.length;
    }
    expect((await follower.record(499)).command).toBe(`499 ${snippet}`);
    expect(bytes).toBeGreaterThan(2_500_000);
  });

  test('may have lines that are none of its own: they are counted', async () => {
    writeFileSync(path, `${lineOf({})}what is this\n${lineOf({ command: 'echo 1' }, 1)}\n`);
    await follower.look();
    expect(taskIds()).toEqual([0, 1]);
    expect([follower.foreignLines, follower.firstForeignLine]).toEqual([2, 2]);
    expect((await follower.record(0)).command).toBe('true');
  });
});

describe('a file that is another one now', () => {
  test.each([
    [
      'is replaced',
      () => {
        writeFileSync(
          `${path}.new`,
          lineOf({ command: 'echo other', node: 'other' }, 7) + lineOf({}, 8) + lineOf({}, 9),
        );
        renameSync(`${path}.new`, path);
      },
      [7, 8, 9],
    ],
    ['is cut', () => truncateSync(path, lineOf({}, 0).length), [0]],
  ] as const)('since it %s, is read anew', async (_, change, expected) => {
    writeFileSync(path, lineOf({}, 0) + lineOf({}, 1));
    await follower.look();
    change();
    await follower.look();
    expect(taskIds()).toEqual(expected);
    expect(follower.replacements).toBe(1);
  });
});

test('a line of megabytes that somebody else wrote does not hide the records around it', async () => {
  writeFileSync(path, `${lineOf({}, 0)}${'x'.repeat(3 * 1024 * 1024)}\n${lineOf({}, 1)}`);
  await follower.look();
  expect([taskIds(), follower.foreignLines]).toEqual([[0, 1], 1]);
  const pieces: Buffer[] = [];
  for await (const { bytes } of follower.pieces()) pieces.push(bytes);
  expect(Buffer.concat(pieces).equals(readFileSync(path))).toBe(true);
  expect(pieces.every((bytes) => bytes.at(-1) === 10)).toBe(true);
});

test('a pipe is refused in a sentence, and not waited for', async () => {
  execFileSync('mkfifo', [path]);
  await expect(follower.look()).rejects.toMatchObject({
    code: 'status-unreadable',
    message: expect.stringContaining(`${path} is no regular file.`) as string,
  });
});

test('a file that is not there is told of in a sentence', async () => {
  await expect(follower.look()).rejects.toMatchObject({
    code: 'status-unreadable',
    message: expect.stringMatching(/^The status file .* cannot be read: .*no such file.*\?$/i) as string,
  });
});
