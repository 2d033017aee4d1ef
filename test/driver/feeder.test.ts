import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBytes, bytesOfText, type ByteString } from '../../src/base/byte-string.ts';
import { DisbatchError } from '../../src/base/errors.ts';
import { Feeder, type FeederOptions } from '../../src/driver/feeder.ts';
import { ResumeIndex } from '../../src/driver/resume-index.ts';
import type { FeedItem } from '../../src/driver/state.ts';
import type { TaskSource } from '../../src/driver/task-source.ts';
import { formatStatusLine } from '../../src/task/status-line.ts';
import { testFolder } from '../support/run-disbatch.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordOf } from './records.ts';

function sourceOf(chunks: () => Iterator<ByteString> | AsyncIterator<ByteString>): TaskSource {
  return { shownName: 'Tasks', taskName: 'Tasks', repeatable: true, ofMessages: false, chunks };
}

function feederOf(source: TaskSource, options: Partial<FeederOptions> = {}): Feeder {
  return new Feeder({
    source,
    unknownDirectives: 'error',
    onWarning: () => {},
    resume: undefined,
    skipsWritten: false,
    ...options,
  });
}

const whole = (text: string): TaskSource => sourceOf(() => [bytesOfText(text)][Symbol.iterator]());

/** All items of a feeder, in batches of these sizes, over and over. */
async function itemsOf(feeder: Feeder, sizes: readonly number[] = [1000]): Promise<FeedItem[]> {
  const items: FeedItem[] = [];
  for (let i = 0; ; i++) {
    const size = sizes[i % sizes.length] as number;
    const batch = await feeder.next(size);
    if (batch === undefined) return items;
    expect(batch.length).toBeGreaterThan(0);
    expect(batch.length).toBeLessThanOrEqual(size);
    items.push(...batch);
  }
}

const line = fc.constantFrom(
  'echo a',
  'printf "\t%s" \xff\xe9',
  '',
  '# a comment',
  '#DISBATCH PREFIX ( ',
  '#DISBATCH SUFFIX  )',
  '#DISBATCH REPEAT 5 start 3 step 2 echo r',
  '#DISBATCH REPEAT 0',
  '#DISBATCH REPEAT 7',
  '#DISBATCH BARRIER',
  '#DISBATCH BARRIER CHECK key',
  '#DISBATCH PERENGINE START first',
  '#DISBATCH PERENGINE STOP last',
  '#DISBATCH BARIER',
  '#DISBATCH nonsense',
);
const file = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\n', '\n', '\r\n', '\r')), { maxLength: 25 })
  .chain((lines) => {
    const text = lines.flat().join('');
    return fc.constantFrom(text, `${text}no newline at the end`);
  });

/** The text cut at these places. */
function cut(text: string, places: readonly number[]): ByteString[] {
  const at = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => asBytes(text.slice(from, at[i] ?? text.length)));
}

describe('the items of a task file', () => {
  test('are the same however its bytes come, and in whatever batches they are taken', async () => {
    await fc.assert(
      fc.asyncProperty(
        file,
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        async (text, places, sizes, waits) => {
          const warned: [number, number[]] = [0, []];
          const feed = (source: TaskSource, which: 0 | 1): Feeder =>
            feederOf(source, {
              unknownDirectives: 'warn',
              onWarning: ({ lineNumber }) => (which === 0 ? warned[0]++ : warned[1].push(lineNumber)),
            });
          const expected = await itemsOf(
            feed(
              sourceOf(() => [asBytes(text)][Symbol.iterator]()),
              0,
            ),
          );
          const chunks = cut(text, places);
          const source = sourceOf(() =>
            waits
              ? (async function* () {
                  for (const chunk of chunks) {
                    await turn();
                    yield chunk;
                  }
                })()
              : chunks[Symbol.iterator](),
          );
          expect(await itemsOf(feed(source, 1), sizes)).toEqual(expected);
          expect(warned[1].length).toBe(warned[0]);
          if (!waits) expect([...feed(source, 1).all()]).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('have ids without a gap, barriers included', async () => {
    await fc.assert(
      fc.asyncProperty(file, async (text) => {
        const items = await itemsOf(feederOf(whole(text), { unknownDirectives: 'warn' }), [3]);
        const ids = items.flatMap((item) => ('taskId' in item && item.kind !== 'per-engine' ? [item.taskId] : []));
        expect(ids).toEqual(ids.map((_, i) => i));
      }),
    );
  });

  test('of an empty one are none, as often as it is asked', async () => {
    for (const source of [whole(''), whole('# nothing\n\n'), sourceOf(() => [][Symbol.iterator]())]) {
      const feeder = feederOf(source);
      expect([await feeder.next(5), await feeder.next(5)]).toEqual([undefined, undefined]);
    }
  });
});

test('ten million repeats are taken in constant memory, the first of them at once', async () => {
  const feeder = feederOf(whole('#DISBATCH REPEAT 10000000 echo\n'));
  expect((await feeder.next(1))?.length).toBe(1);
  let count = 1;
  let last: FeedItem | undefined;
  let early = 0;
  for (;;) {
    const batch = await feeder.next(5000);
    if (batch === undefined) break;
    count += batch.length;
    last = batch.at(-1);
    if (early === 0 && count > 1_000_000) early = process.memoryUsage.rss();
  }
  expect(count).toBe(10_000_000);
  expect(last).toMatchObject({ taskId: 9_999_999, repeatIndex: 9_999_999 });
  expect(process.memoryUsage.rss() - early).toBeLessThan(50 * 1024 * 1024);
});

describe('messages of a program', () => {
  const ofMessages = (messages: readonly string[]): TaskSource => ({
    ...sourceOf(() => messages.map((text) => asBytes(text))[Symbol.iterator]()),
    ofMessages: true,
  });
  const seen = async (...messages: string[]): Promise<unknown[]> =>
    (await itemsOf(feederOf(ofMessages(messages)))).map((item) =>
      'command' in item ? [item.taskId, item.lineNumber, item.command] : [item],
    );

  test('are whole lines each, and share a number', async () => {
    expect(await seen('a', 'b\nc\r\nd\re\n', 'f')).toEqual([
      [0, 1, 'a'],
      ...[
        [1, 2, 'b'],
        [2, 2, 'c'],
        [3, 2, 'd'],
        [4, 2, 'e'],
      ],
      [5, 3, 'f'],
    ]);
  });

  test('count also when there is no task in them', async () => {
    expect(await seen('', '# nothing', '#DISBATCH PREFIX p', '\n\n', 'a')).toEqual([[0, 5, 'pa']]);
  });

  test('are never joined, though a line has no end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        const options = { unknownDirectives: 'warn' } as const;
        const apart = await itemsOf(feederOf(ofMessages(lines), options));
        const file = await itemsOf(
          feederOf(
            sourceOf(() => [asBytes(lines.join('\n'))][Symbol.iterator]()),
            options,
          ),
        );
        expect(apart).toEqual(file);
      }),
      { numRuns: 100 },
    );
  });

  test('with a mistake are told with their number; what came before is handed on', async () => {
    const feeder = feederOf(ofMessages(['a', 'b\n#DISBATCH BARIER\nc']));
    expect((await feeder.next(9))?.length).toBe(1);
    expect((await feeder.next(9))?.length).toBe(1);
    await expect(feeder.next(9)).rejects.toThrow(/^Tasks:2: "#DISBATCH BARIER"/);
  });
});

describe('a slow stream', () => {
  /** A stream that gives what it is told to, and what it was asked for. */
  function slow(): { source: TaskSource; give: (text: string | undefined) => void; asked: () => number } {
    const asks: ((text: string | undefined) => void)[] = [];
    let asked = 0;
    const source = sourceOf(() => ({
      next: () => {
        asked++;
        return new Promise<IteratorResult<ByteString, undefined>>((resolve) =>
          asks.push((text) =>
            resolve(text === undefined ? { done: true, value: undefined } : { done: false, value: bytesOfText(text) }),
          ),
        );
      },
    }));
    return { source, give: (text) => asks.shift()?.(text), asked: () => asked };
  }

  test('yields what it has at once, however many are wanted', async () => {
    const { source, give } = slow();
    const feeder = feederOf(source);
    const first = feeder.next(100);
    give('echo 1\necho 2\nech');
    expect((await first)?.map((item) => 'command' in item && item.command)).toEqual(['echo 1', 'echo 2']);
    const second = feeder.next(100);
    give('o 3\n');
    expect((await second)?.map((item) => 'command' in item && item.command)).toEqual(['echo 3']);
    const third = feeder.next(100);
    give(undefined);
    expect(await third).toBeUndefined();
  });

  test('is waited for while it says nothing that counts, and no longer', async () => {
    const { source, give, asked } = slow();
    const feeder = feederOf(source);
    let got: FeedItem[] | undefined;
    const batch = feeder.next(2).then((items) => (got = items));
    for (const text of ['# a comment\n', '\n', '#DISBATCH PREFIX x', '\n', 'y']) {
      give(text);
      await turn();
      expect(got).toBeUndefined();
    }
    give('\n');
    await batch;
    expect([got?.length, asked()]).toEqual([1, 6]);
  });

  test('is not asked for more while there is something to give', async () => {
    const { source, give, asked } = slow();
    const feeder = feederOf(source);
    const first = feeder.next(1);
    give('a\nb\nc\n');
    await first;
    await feeder.next(1);
    await feeder.next(1);
    expect(asked()).toBe(1);
  });

  test('that ends without a newline still gives its last task', async () => {
    const { source, give } = slow();
    const feeder = feederOf(source);
    const first = feeder.next(5);
    give('the last');
    await turn();
    give(undefined);
    expect(await first).toMatchObject([{ command: 'the last' }]);
    expect(await feeder.next(5)).toBeUndefined();
  });
});

describe('a mistake', () => {
  test('is an error with file and line', async () => {
    const feeder = feederOf(whole('a\n#DISBATCH BARIER\n'));
    await expect(itemsOf(feeder)).rejects.toThrow(DisbatchError);
    await expect(itemsOf(feederOf(whole('a\n#DISBATCH BARIER\n')))).rejects.toThrow(/^Tasks:2: "#DISBATCH BARIER?"? ?/);
  });

  test('of the source goes through as it is', async () => {
    const error = new DisbatchError('task-file-changed', 'It was changed.');
    const feeder = feederOf(
      sourceOf(function* () {
        yield bytesOfText('a\n');
        throw error;
      }),
    );
    expect(await feeder.next(5)).toHaveLength(1);
    await expect(feeder.next(5)).rejects.toBe(error);
  });
});

describe('a resume', () => {
  const tasks = 'echo 0\necho 1\necho 2\n';

  function resumed(options: { retry: boolean; force: boolean }, ...records: ReturnType<typeof recordOf>[]): Feeder {
    const path = join(testFolder(), 'old_status.txt');
    writeFileSync(path, records.map((record) => `${formatStatusLine(record)}\n`).join(''));
    const index = new ResumeIndex([path]);
    return feederOf(whole(tasks), { resume: { index, options }, skipsWritten: true });
  }

  test('turns what is done into skips with their records, in their places', async () => {
    const items = await itemsOf(resumed({ retry: false, force: false }, recordOf(2), recordOf(0)), [1]);
    expect(items).toEqual([
      { kind: 'skip', record: { ...recordOf(0), kind: 'skipped' }, written: true },
      { kind: 'task', taskId: 1, lineNumber: 2, repeatIndex: -1, command: 'echo 1' },
      { kind: 'skip', record: { ...recordOf(2), kind: 'skipped' }, written: true },
    ]);
  });

  test('runs a failed one again only when it is to', async () => {
    const failed = { ...recordOf(1), exitCode: 5 };
    const kinds = async (retry: boolean): Promise<string[]> =>
      (await itemsOf(resumed({ retry, force: false }, failed))).map((item) => item.kind);
    expect(await kinds(false)).toEqual(['task', 'skip', 'task']);
    expect(await kinds(true)).toEqual(['task', 'task', 'task']);
  });

  test('of another task file is an error with both commands, unless it is forced', async () => {
    const other = recordOf(1, 'rm -rf /');
    await expect(itemsOf(resumed({ retry: false, force: false }, other))).rejects.toThrow(
      /^Tasks:2: task 1 is not the one .* its command differs\..*"echo 1".*"rm -rf \/".*--force-resume/,
    );
    const forced = await itemsOf(resumed({ retry: false, force: true }, other));
    expect(forced.map((item) => item.kind)).toEqual(['task', 'skip', 'task']);
  });
});
