import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { DisbatchError } from '../../src/base/errors.ts';
import { shownName, storeTasks, type SignIn } from '../../src/programs/store-tasks.ts';
import type { CommandEnd, TaskCommand } from '../../src/programs/task-command.ts';
import { memoryStore, type MemoryStore } from './stores.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A command that ends when it is told to, and how often anybody has asked to be told of its end. */
function fakeCommand(): {
  readonly command: TaskCommand;
  readonly end: (end: Partial<CommandEnd>) => void;
  readonly asked: () => number;
} {
  let finish: (end: CommandEnd) => void = () => {};
  const ended = new Promise<CommandEnd>((resolve) => (finish = resolve));
  // Each call of it stays until the end of the command.
  const then = vi.spyOn(ended, 'then');
  const command = { ended, shown: './feed', lastWords: () => 'It has printed no error.' } as unknown as TaskCommand;
  return { command, end: (end) => finish({ status: 0, how: 'ended', ...end }), asked: () => then.mock.calls.length };
}

interface Stream {
  readonly memory: MemoryStore;
  readonly seen: string[];
  readonly signedIn: SignIn[];
  readonly over: Promise<unknown>;
  readonly stop: AbortController;
}

function streamOf(command: TaskCommand | undefined, memory = memoryStore()): Stream {
  const stop = new AbortController();
  const [seen, signedIn]: [string[], SignIn[]] = [[], []];
  const read = async (): Promise<unknown> => {
    const onSignIn = (signIn: SignIn): void => void signedIn.push(signIn);
    const { store } = memory;
    try {
      for await (const value of storeTasks({ store, command, signInMs: 60_000, onSignIn, signal: stop.signal })) {
        seen.push(value);
      }
      return 'ended';
    } catch (error) {
      return error;
    }
  };
  return { memory, seen, signedIn, over: read(), stop };
}

function signIn({ give }: MemoryStore): void {
  give('task source name', 'caf\xc3\xa9');
  give('task source done task', 'D');
  give('task source result key', 'R');
  give('task source task key', 'T');
}

/** Until everything that can happen without time going by has happened. */
async function still(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}

describe('a program that comes by itself', () => {
  test('signs in with four values, gives tasks as they come, and ends with its done value', async () => {
    const stream = streamOf(undefined);
    const { memory, seen } = stream;
    memory.give('T', 'early');
    await still();
    // A day is not too long.
    await vi.advanceTimersByTimeAsync(86_400_000);
    expect(memory.waits()).toEqual(['task source name']);
    signIn(memory);
    await still();
    expect(stream.signedIn).toEqual([{ name: 'caf\xc3\xa9', done: 'D', resultKey: 'R', taskKey: 'T' }]);
    expect(shownName(stream.signedIn[0] as SignIn)).toBe('café');
    expect(seen).toEqual(['early']);
    memory.give('T', 'echo \xff\0');
    await still();
    expect(seen).toEqual(['early', 'echo \xff\0']);
    for (const value of ['D ', 'D', 'after']) memory.give('T', value);
    expect(await stream.over).toBe('ended');
    expect([seen.at(-1), memory.left('T')]).toEqual(['D ', 1]);
  });

  test('is not waited for when the run is over, neither before nor after it has signed in', async () => {
    for (const begun of [false, true]) {
      const stream = streamOf(undefined);
      if (begun) signIn(stream.memory);
      await still();
      stream.stop.abort();
      expect(await stream.over).toBe('ended');
      expect(stream.memory.waits()).toEqual([]);
    }
  });

  test('fails with the store', async () => {
    const memory = memoryStore();
    const gone = new DisbatchError('no-store', 'It is gone.');
    const stream = streamOf(undefined, { ...memory, store: { ...memory.store, get: () => Promise.reject(gone) } });
    expect(await stream.over).toBe(gone);
  });
});

describe('a command', () => {
  const failure = (error: unknown): unknown => {
    if (!(error instanceof DisbatchError)) return error;
    return [error.code, error.exitStatus, error.message];
  };

  test('that fails while it is waited for fails the stream, with its status', async () => {
    for (const begun of [false, true]) {
      const { command, end } = fakeCommand();
      const stream = streamOf(command);
      if (begun) signIn(stream.memory);
      await still();
      end({ status: 7, how: 'ended with exit status 7' });
      const sentence = 'The command that gives the tasks (./feed) ended with exit status 7. It has printed no error.';
      expect(failure(await stream.over)).toEqual(['task-command-failed', 7, sentence]);
      expect(stream.memory.waits()).toEqual([]);
    }
  });

  test('that has failed fails the stream though there is more under the key', async () => {
    const { command, end } = fakeCommand();
    const stream = streamOf(command);
    end({ status: 2 });
    await still();
    signIn(stream.memory);
    stream.memory.give('T', 'a');
    expect(failure(await stream.over)).toEqual(['task-command-failed', 2, expect.any(String)]);
    expect(stream.seen).toEqual([]);
  });

  test('that ends well is taken to be done a second later, when all that it has left is taken', async () => {
    const { command, end } = fakeCommand();
    const stream = streamOf(command);
    signIn(stream.memory);
    for (const value of ['a', 'b']) stream.memory.give('T', value);
    end({});
    await still();
    expect(stream.seen).toEqual(['a', 'b']);
    await vi.advanceTimersByTimeAsync(900);
    // It was still on its way.
    stream.memory.give('T', 'c');
    await still();
    await vi.advanceTimersByTimeAsync(900);
    expect(stream.memory.waits()).toEqual(['T']);
    await vi.advanceTimersByTimeAsync(100);
    expect(await stream.over).toBe('ended');
    expect(stream.seen).toEqual(['a', 'b', 'c']);
  });

  test('that ends well before all four values are there has not signed in', async () => {
    const { command, end } = fakeCommand();
    const stream = streamOf(command);
    stream.memory.give('task source name', 'x');
    end({});
    await still();
    await vi.advanceTimersByTimeAsync(1000);
    expect(failure(await stream.over)).toMatchObject([
      'task-command-failed',
      1,
      expect.stringContaining(' ended without having signed in. ') as string,
    ]);
  });

  test('has a time to sign in, and none after that', async () => {
    const { command } = fakeCommand();
    const late = streamOf(command);
    await still();
    await vi.advanceTimersByTimeAsync(59_999);
    expect(late.memory.waits()).not.toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(failure(await late.over)).toMatchObject([
      'task-command-failed',
      1,
      expect.stringContaining(' has not signed in within 1:00. ') as string,
    ]);
    const stream = streamOf(command);
    signIn(stream.memory);
    await still();
    await vi.advanceTimersByTimeAsync(86_400_000);
    stream.memory.give('T', 'D');
    expect(await stream.over).toBe('ended');
  });

  test('that gives many tasks leaves nothing behind for each of them', async () => {
    const { command, asked } = fakeCommand();
    const stream = streamOf(command);
    signIn(stream.memory);
    for (let i = 0; i < 1000; i++) stream.memory.give('T', `task ${i}`);
    stream.memory.give('T', 'D');
    expect(await stream.over).toBe('ended');
    expect(stream.seen).toHaveLength(1000);
    expect(asked()).toBeLessThan(5);
  });
});

test('whatever comes in whatever order, no value is lost, doubled or out of order, and the stream ends', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant('give') },
    { weight: 2, arbitrary: fc.constant('still') },
    { weight: 1, arbitrary: fc.constantFrom('done', 'ends well', 'fails', 'stop', 'wait') },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.nat(30), fc.boolean(), async (steps, when, started) => {
      const fake = fakeCommand();
      const stream = streamOf(started ? fake.command : undefined);
      const given: string[] = [];
      let [signed, saidDone, cut] = [false, false, false];
      for (const [i, what] of steps.entries()) {
        if (i === when % steps.length) {
          signIn(stream.memory);
          signed = true;
        }
        if (what === 'give') {
          stream.memory.give('T', `t${i}`);
          if (!saidDone) given.push(`t${i}`);
        } else if (what === 'done') {
          stream.memory.give('T', 'D');
          saidDone = true;
        } else if (what === 'ends well') {
          fake.end({});
        } else if (what === 'fails') {
          fake.end({ status: 3 });
          cut ||= started;
        } else if (what === 'stop') {
          stream.stop.abort();
          cut = true;
        } else if (what === 'wait') {
          // Whoever waits for so long has given nothing more.
          await vi.advanceTimersByTimeAsync(3000);
          if (started) cut = true;
        } else {
          await still();
        }
      }
      stream.memory.give('T', 'D');
      fake.end({});
      await still();
      await vi.advanceTimersByTimeAsync(3000);
      if (!signed && !started) stream.stop.abort();
      const result = await stream.over;
      expect(stream.seen).toEqual(given.slice(0, stream.seen.length));
      if (!cut && signed) {
        expect(result).toBe('ended');
        expect(stream.seen).toEqual(given);
      }
      expect(stream.memory.waits()).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test('values are bytes, whatever they are', async () => {
  const stream = streamOf(undefined);
  signIn(stream.memory);
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
  stream.memory.give('T', all);
  stream.memory.give('T', 'D');
  await stream.over;
  expect(stream.seen).toEqual([asBytes(all)]);
});
