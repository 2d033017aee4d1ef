/** The status file, on a disk that does what a test wants: fails, takes a part, is slow. */
import type * as nodeFs from 'node:fs';
import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DisbatchError } from '../../src/base/errors.ts';
import { LineFile } from '../../src/driver/line-file.ts';
import { formatStatusLine } from '../../src/task/status-line.ts';
import { testFolder, until } from '../support/run-disbatch.ts';
import { recordOf } from './records.ts';

/** What a write does: takes all, takes so many bytes at most, or fails. */
type Answer = 'all' | number | 'full';

/** The disk that the status file writes to; the real one for every other file. */
const disk = vi.hoisted(() => ({
  fd: -1,
  /** What the next writes do; all is taken when none is left. */
  answers: [] as (string | number)[],
  /** What each write that was asked for wanted to put there. */
  asked: [] as string[],
  /** Writes that wait while it is held. */
  held: undefined as (() => void)[] | undefined,
}));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof nodeFs>();
  const take = (fd: number, data: Buffer | string): number => {
    const bytes = Buffer.from(data as Buffer);
    if (fd !== disk.fd) return real.writeSync(fd, bytes);
    disk.asked.push(bytes.toString());
    const answer = disk.answers.shift() ?? 'all';
    if (answer === 'full') throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    return real.writeSync(fd, bytes.subarray(0, answer === 'all' ? bytes.length : Math.max(1, Number(answer))));
  };
  const write = (fd: number, data: Buffer, done: (error: Error | null, count: number) => void): void => {
    const act = (): void => {
      let count: number;
      try {
        count = take(fd, data);
      } catch (error) {
        done(error as Error, 0);
        return;
      }
      done(null, count);
    };
    if (disk.held === undefined) setImmediate(act);
    else disk.held.push(act);
  };
  const mocked = { ...real, write, writeSync: take };
  return { ...mocked, default: mocked };
});

let path: string;
let troubles: DisbatchError[];
let file: LineFile;

function open(...answers: Answer[]): void {
  path = join(testFolder(), 'T_status.txt');
  const fd = fs.openSync(path, 'w');
  Object.assign(disk, { fd, answers: [...answers], asked: [], held: undefined });
  troubles = [];
  file = new LineFile(path, fd, { trouble: (error) => troubles.push(error) });
}

/** The file as it should be with the records of these tasks. */
const textOf = (...taskIds: number[]): string => taskIds.map((id) => `${formatStatusLine(recordOf(id))}\n`).join('');
const onDisk = (): string => fs.readFileSync(path, 'utf8');
const append = (...taskIds: number[]): void => taskIds.forEach((id) => file.append(formatStatusLine(recordOf(id))));
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets a second go by for the status file, and as many turns of the event loop as a write takes. */
async function second(): Promise<void> {
  vi.advanceTimersByTime(1000);
  for (let i = 0; i < 4; i++) await turn();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  disk.fd = -1;
});

describe('records', () => {
  test('are in the file without its being closed', async () => {
    open();
    append(0);
    vi.useRealTimers();
    await until('it is written', () => onDisk() === textOf(0));
    expect(await file.close()).toBeUndefined();
  });

  test('that come in one turn of the event loop go out in one write', async () => {
    open();
    append(...range(0, 5000));
    await turn();
    await turn();
    expect(disk.asked.length).toBe(1);
    expect(onDisk()).toBe(textOf(...range(0, 5000)));
    await file.close();
  });

  test('that come while one is being written go out together with the next write, in their order', async () => {
    open();
    disk.held = [];
    append(0);
    await turn();
    for (const id of range(1, 100)) {
      append(id);
      await turn();
    }
    expect(disk.held.length).toBe(1);
    const [first] = disk.held;
    disk.held = undefined;
    first?.();
    await turn();
    await turn();
    expect(disk.asked).toEqual([textOf(0), textOf(...range(1, 100))]);
    expect(await file.close()).toBeUndefined();
    expect(onDisk()).toBe(textOf(...range(0, 100)));
  });

  test('are all in the file when it is closed, also those that a write was busy with', async () => {
    open();
    disk.held = [];
    append(0, 1);
    await turn();
    append(2);
    const closed = file.close();
    const [first] = disk.held;
    disk.held = undefined;
    first?.();
    expect(await closed).toBeUndefined();
    expect(onDisk()).toBe(textOf(0, 1, 2));
  });

  test('of a run that has none make an empty file', async () => {
    open();
    expect(await file.close()).toBeUndefined();
    expect(onDisk()).toBe('');
  });
});

describe('a disk that is full for a while', () => {
  test('is told once, tried every second, and nothing is doubled or torn by it', async () => {
    open('full', 'full', 'full');
    append(0);
    await turn();
    await turn();
    expect(troubles.map((error) => error.code)).toEqual(['status-unwritable']);
    expect(troubles[0]?.message).toBe(
      `${path} cannot be written (no space left on device). No new tasks are started; make room, and the records that wait are written.`,
    );
    append(1);
    await second();
    await second();
    expect([onDisk(), troubles.length]).toEqual(['', 1]);
    await second();
    expect([onDisk(), troubles.length]).toEqual([textOf(0, 1), 1]);
    append(2);
    expect(await file.close()).toBeUndefined();
    expect(onDisk()).toBe(textOf(0, 1, 2));
  });

  test('is not asked again for each record that comes meanwhile', async () => {
    open('full');
    append(0);
    await turn();
    await turn();
    for (const id of range(1, 50)) {
      append(id);
      await turn();
    }
    expect(disk.asked.length).toBe(1);
    await file.close();
    expect(onDisk()).toBe(textOf(...range(0, 50)));
  });

  test('is told again when it is full once more', async () => {
    open('full', 'all', 'full');
    append(0);
    await turn();
    await turn();
    await second();
    expect([onDisk(), troubles.length]).toEqual([textOf(0), 1]);
    append(1);
    for (let i = 0; i < 4; i++) await turn();
    expect(troubles.length).toBe(2);
    expect(await file.close()).toBeUndefined();
    expect(onDisk()).toBe(textOf(0, 1));
  });

  test('whatever writes fail or take a part, and whenever records come, each is there once and whole', async () => {
    const answer = fc.oneof(
      fc.constant('all' as const),
      fc.constant('full' as const),
      fc.integer({ min: 1, max: 200 }),
    );
    const step = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom('turn' as const, 'second' as const));
    await fc.assert(
      fc.asyncProperty(
        fc.array(answer, { maxLength: 8 }),
        fc.array(step, { maxLength: 15 }),
        async (answers, steps) => {
          open(...answers);
          let next = 0;
          for (const each of steps) {
            if (each === 'turn') await turn();
            else if (each === 'second') await second();
            else append(...range(next, (next += each)));
            // What is there is the beginning of what is to be there.
            // In bytes: a write may stop within a character.
            const bytes = fs.readFileSync(path);
            expect(
              Buffer.from(textOf(...range(0, next)))
                .subarray(0, bytes.length)
                .equals(bytes),
            ).toBe(true);
          }
          for (let i = 0; i < answers.length; i++) await second();
          expect(await file.close()).toBeUndefined();
          expect(onDisk()).toBe(textOf(...range(0, next)));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a disk that stays full', () => {
  const forever: Answer[] = Array.from({ length: 50 }, () => 'full');

  test('is an error at the end that says how many records are lost, and what to do', async () => {
    open(...forever);
    append(0);
    await second();
    append(1, 2);
    const error = await file.close();
    expect([error?.code, error?.message]).toEqual([
      'status-unwritable',
      `3 records could not be written to ${path} (no space left on device). Make room and resume: their tasks run again.`,
    ]);
    expect(onDisk()).toBe('');
  });

  test('with one record lost speaks of one', async () => {
    open(...forever);
    append(0);
    expect((await file.close())?.message).toMatch(/^1 record could not be written/);
  });

  test('counts a record that is there in part as lost', async () => {
    const line = textOf(0).length;
    open(line + 20, ...forever);
    append(0, 1, 2);
    for (let i = 0; i < 4; i++) await turn();
    expect((await file.close())?.message).toMatch(/^2 records/);
  });

  test('leaves whole records alone in the file', async () => {
    open(Buffer.byteLength(textOf(0)) + 20, ...forever);
    append(0, 1, 2);
    for (let i = 0; i < 4; i++) await turn();
    await file.close();
    expect(onDisk()).toBe(textOf(0));
  });
});
