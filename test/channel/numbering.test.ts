import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChannelError } from '../../src/channel/framing.ts';
import { Numbering } from '../../src/channel/numbering.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const textOf = (payload: Uint8Array): string => Buffer.from(payload).toString();

/** Something on its way: a message or an acknowledgement by itself, with the number that its sender has received. */
interface Sent {
  readonly message: { readonly number: number; readonly payload: Uint8Array } | undefined;
  readonly acknowledged: number;
}

/** One end, what has come out of it, and what is on its way to it. */
class End {
  readonly numbering = new Numbering();
  readonly taken: string[] = [];
  inbound: Sent[] = [];

  send(text: string, peer: End): void {
    const payload = bytes(text);
    this.numbering.keep(payload);
    const message = { number: this.numbering.sent, payload };
    peer.inbound.push({ message, acknowledged: this.numbering.takeAck() });
  }

  takeOne(): void {
    const sent = this.inbound.shift();
    if (sent === undefined) return;
    this.numbering.acknowledge(sent.acknowledged);
    if (sent.message === undefined) return;
    if (this.numbering.receive(sent.message.number, sent.message.payload.length))
      this.taken.push(textOf(sent.message.payload));
  }
}

/** The connection breaks, what is on its way is lost, and each end sends again what the other has not received. */
function reconnect(a: End, b: End): void {
  a.inbound = [];
  b.inbound = [];
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    for (const message of from.numbering.unacknowledged(to.numbering.received)) {
      to.inbound.push({ message, acknowledged: from.numbering.takeAck() });
    }
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a sends', 'b sends', 'a takes', 'b takes') },
  { weight: 1, arbitrary: fc.constantFrom('a acknowledges', 'b acknowledges', 'breaks', 'repeats') },
);

describe('numbering', () => {
  test('takes every message once and in order, whatever connections break on the way', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const [a, b] = [new End(), new End()];
        const sent: { a: string[]; b: string[] } = { a: [], b: [] };
        const acknowledge = (from: End, to: End): void => {
          to.inbound.push({ message: undefined, acknowledged: from.numbering.takeAck() });
        };
        steps.forEach((what, i) => {
          if (what === 'a sends') a.send(sent.a[sent.a.push(`a${i}`) - 1] as string, b);
          if (what === 'b sends') b.send(sent.b[sent.b.push(`b${i}`) - 1] as string, a);
          if (what === 'a takes') a.takeOne();
          if (what === 'b takes') b.takeOne();
          if (what === 'a acknowledges') acknowledge(a, b);
          if (what === 'b acknowledges') acknowledge(b, a);
          if (what === 'breaks') reconnect(a, b);
          // The peer's number was told before the last of what it took.
          if (what === 'repeats')
            for (const m of a.numbering.unacknowledged(0)) b.inbound.push({ message: m, acknowledged: 0 });
          expect(sent.b.slice(0, a.taken.length)).toEqual(a.taken);
          expect(sent.a.slice(0, b.taken.length)).toEqual(b.taken);
        });
        reconnect(a, b);
        while (a.inbound.length + b.inbound.length > 0) [a, b].forEach((end) => end.takeOne());
        expect({ a: b.taken, b: a.taken }).toEqual(sent);
        a.numbering.acknowledge(b.numbering.received);
        b.numbering.acknowledge(a.numbering.received);
        expect([...a.numbering.unacknowledged(0), ...b.numbering.unacknowledged(0)]).toEqual([]);
      }),
    );
  });

  test('refuses a message when one before it is missing', () => {
    const numbering = new Numbering();
    expect(numbering.receive(1, 0)).toBe(true);
    expect(() => numbering.receive(3, 0)).toThrow(ChannelError);
    expect(numbering.receive(2, 0)).toBe(true);
    expect(numbering.received).toBe(2);
  });

  test('drops a message that comes again, and acknowledges it again', () => {
    const numbering = new Numbering();
    numbering.receive(1, 0);
    expect(numbering.takeAck()).toBe(1);
    expect(numbering.owesAck).toBe(false);
    expect(numbering.receive(1, 0)).toBe(false);
    expect(numbering.owesAck).toBe(true);
  });

  test('refuses an acknowledgement of what was never sent', () => {
    const numbering = new Numbering();
    numbering.keep(bytes('one'));
    expect(() => numbering.acknowledge(2)).toThrow(ChannelError);
    numbering.acknowledge(1);
    // An old acknowledgement that comes late changes nothing.
    numbering.acknowledge(0);
    expect([...numbering.unacknowledged(0)]).toEqual([]);
  });

  test('refuses a goodbye before the last message has come', () => {
    const numbering = new Numbering();
    numbering.receive(1, 0);
    expect(() => numbering.finish(2)).toThrow(ChannelError);
    expect(() => numbering.finish(1)).not.toThrow();
  });

  test('is overfull when too many bytes wait for an acknowledgement, and no longer when it comes', () => {
    const numbering = new Numbering(1000);
    numbering.keep(new Uint8Array(900));
    expect(numbering.isOverfull).toBe(false);
    numbering.keep(new Uint8Array(900));
    expect(numbering.isOverfull).toBe(true);
    numbering.acknowledge(1);
    expect(numbering.isOverfull).toBe(false);
  });

  test('is overfull by empty messages too, if there are enough of them', () => {
    const numbering = new Numbering(1000);
    for (let i = 0; i < 1000; i++) numbering.keep(new Uint8Array(0));
    expect(numbering.isOverfull).toBe(true);
  });

  test('lets an acknowledgement wait for company, but not for long', () => {
    const many = new Numbering();
    many.receive(1, 10);
    expect([many.owesAck, many.owesAckNow]).toEqual([true, false]);
    for (let i = 2; i < 200; i++) many.receive(i, 10);
    expect(many.owesAckNow).toBe(true);
    const large = new Numbering();
    large.receive(1, 1e6);
    expect(large.owesAckNow).toBe(true);
  });
});
