/** What waits between a program and its run. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { MessageQueue, roomMessages } from '../../src/library/message-queue.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the queue of messages', () => {
  test('hands on every message once, in order, and then its end, whatever the order of push and next', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (pushes) => {
        const queue = new MessageQueue();
        const taken: Promise<IteratorResult<string>>[] = [];
        let pushed = 0;
        for (const push of pushes) {
          if (push) void queue.push(asBytes(String(pushed++)));
          // The feeder asks for the next one when it has the last.
          else if (taken.length <= pushed) taken.push(queue.next());
        }
        queue.end();
        while (taken.length < pushed + 1) taken.push(queue.next());
        const values = (await Promise.all(taken)).map(({ done, value }) => (done === true ? 'end' : String(value)));
        const expected = Array.from({ length: pushed }, (_, i) => String(i));
        expect(values.slice(0, pushed)).toEqual(expected);
        expect(new Set(values.slice(pushed))).toEqual(new Set(['end']));
      }),
    );
  });

  test('a push is done when few enough messages are in front of it', async () => {
    const queue = new MessageQueue();
    let room = 0;
    for (let i = 0; i < roomMessages + 10; i++) void queue.push(asBytes('x')).then(() => room++);
    await turn();
    expect(room).toBe(roomMessages);
    for (let i = 0; i < 3; i++) await queue.next();
    await turn();
    expect(room).toBe(roomMessages + 3);
    queue.drop();
    await turn();
    expect(room).toBe(roomMessages + 10);
  });

  test('a few long messages fill it as well', async () => {
    const queue = new MessageQueue();
    const long = asBytes('x'.repeat(5_000_000));
    const done: number[] = [];
    for (let i = 0; i < 4; i++) void queue.push(long).then(() => done.push(i));
    await turn();
    expect(done).toEqual([0, 1]);
    await queue.next();
    await turn();
    expect(done).toEqual([0, 1, 2]);
  });
});
