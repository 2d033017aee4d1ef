/** How far a run that was joined has got with what was sent to it. */
import { describe, expect, test } from 'vitest';
import { SentMessages } from '../../src/library/sent-messages.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('messages that were sent', () => {
  test('have room while few of them have no finished task, and none before them', async () => {
    const sent = new SentMessages();
    let room = 0;
    for (let id = 0; id < 10_000; id++) void sent.add([id]).then(() => room++);
    await turn();
    expect(room).toBe(8192);
    // The run has got as far as this one, whatever is still unfinished before it.
    sent.finished(99);
    await turn();
    expect([room, sent.unfinished]).toEqual([8292, 9999]);
    sent.finished(5);
    await turn();
    expect([room, sent.unfinished]).toEqual([8292, 9998]);
    sent.drop();
    await turn();
    expect(room).toBe(10_000);
  });

  test('without tasks take no room', async () => {
    const sent = new SentMessages();
    for (let i = 0; i < 20_000; i++) await sent.add([]);
    await sent.add([0, 1]);
    expect(sent.unfinished).toBe(2);
  });
});
