import { Duplex } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Connection } from '../../src/channel/connection.ts';
import { encodeFrame, frameKind, FrameReader } from '../../src/channel/framing.ts';
import { Numbering } from '../../src/channel/numbering.ts';
import { until } from '../support/run-disbatch.ts';
import { hear } from './parties.ts';

/** One end of a pair of streams in memory; notes its writes. While it is held, what is written to it goes nowhere. */
class Wire extends Duplex {
  peer: Wire | undefined;
  readonly writes: Buffer[] = [];
  private held: (() => void)[] | undefined;

  hold(): void {
    this.held = [];
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const pass = (): void => {
      this.writes.push(chunk);
      this.peer?.push(chunk);
      done();
    };
    if (this.held === undefined) pass();
    else this.held.push(pass);
  }

  override _final(done: () => void): void {
    this.peer?.push(null);
    done();
  }

  override _read(): void {}
}

function wires(): [Wire, Wire] {
  const [a, b] = [new Wire(), new Wire()];
  a.peer = b;
  b.peer = a;
  onTestFinished(() => {
    a.destroy();
    b.destroy();
  });
  return [a, b];
}

const bytes = (text: string): Buffer => Buffer.from(text);
const message = (number: number, text: string): Buffer => encodeFrame(frameKind.message, number, 0, bytes(text));

describe('a connection', () => {
  test('sends all messages of one turn of the event loop in one write', async () => {
    const [a, b] = wires();
    const [from, to] = [new Connection(a, 'a'), hear(new Connection(b, 'b'))];
    hear(from);
    for (let i = 0; i < 100; i++) from.send(bytes(`message ${i}`));
    await until('all have come', () => to.messages.length === 100);
    expect(a.writes).toHaveLength(1);
  });

  test('keeps what comes before anybody listens', async () => {
    const [a, b] = wires();
    const [from, to] = [new Connection(a, 'a'), new Connection(b, 'b')];
    hear(from);
    for (const text of ['one', 'two']) from.send(bytes(text));
    from.end();
    await until('it is on its way', () => a.writes.length > 0);
    const ear = hear(to);
    await until('it ends', () => ear.closed.length > 0);
    expect(ear).toMatchObject({ messages: ['one', 'two'], closed: [undefined] });
  });

  test('tells who listens late that it has broken', async () => {
    const [a] = wires();
    const connection = new Connection(a, 'a');
    const gone = new Promise((resolve) => a.on('close', resolve));
    a.destroy(Object.assign(new Error('x'), { errno: -104, code: 'ECONNRESET' }));
    await gone;
    const ear = hear(connection);
    expect(ear.closed).toEqual([]);
    await until('it tells', () => ear.closed.length > 0);
    expect(ear.closed).toEqual(['connection reset by peer']);
  });

  test('says goodbye after what is queued, and both ends close without a problem', async () => {
    const [a, b] = wires();
    const [left, right] = [new Connection(a, 'a'), new Connection(b, 'b')].map((end) => hear(end));
    right!.connection.send(bytes('from the other side'));
    left!.connection.send(bytes('last words'));
    left!.connection.end();
    left!.connection.send(bytes('too late'));
    await until('both close', () => left!.closed.length + right!.closed.length === 2);
    expect(left).toMatchObject({ messages: ['from the other side'], closed: [undefined] });
    expect(right).toMatchObject({ messages: ['last words'], closed: [undefined] });
  });

  test('closes without a problem when both ends say goodbye at the same time', async () => {
    const [a, b] = wires();
    const ears = [new Connection(a, 'a'), new Connection(b, 'b')].map((end) => hear(end));
    for (const { connection } of ears) {
      connection.send(bytes('last'));
      connection.end();
    }
    await until('both close', () => ears.every(({ closed }) => closed.length > 0));
    for (const ear of ears) expect(ear).toMatchObject({ messages: ['last'], closed: [undefined] });
  });

  test('that is destroyed tells its listener nothing but the end, even in the midst of messages', async () => {
    const [a, b] = wires();
    hear(new Connection(a, 'a'));
    const connection = new Connection(b, 'b');
    const ear = hear(connection, () => connection.destroy());
    b.push(Buffer.concat([message(1, 'first'), message(2, 'second')]));
    await until('it ends', () => ear.closed.length > 0);
    expect(ear).toMatchObject({ messages: ['first'], closed: [undefined] });
  });

  test('that ends without a goodbye says so', async () => {
    const [a, b] = wires();
    const ear = hear(new Connection(b, 'b'));
    a.end(message(1, 'one'));
    await until('it ends', () => ear.closed.length > 0);
    expect(ear).toMatchObject({
      messages: ['one'],
      closed: ['the peer closed the connection without a goodbye'],
    });
  });

  test.each([
    ['garbage', bytes('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'a frame of'],
    ['a message out of order', message(2, 'second'), 'what is between is missing'],
    ['an acknowledgement of what was not sent', encodeFrame(frameKind.ack, 0, 5), 'an acknowledgement of 5'],
    ['a goodbye before its messages', encodeFrame(frameKind.goodbye, 3, 0), 'a goodbye after message 3'],
    [
      'a message after the goodbye',
      Buffer.concat([encodeFrame(frameKind.goodbye, 0, 0), message(1, 'after')]),
      undefined,
    ],
  ])('is closed by %s', async (_what, sent, problem) => {
    const [a, b] = wires();
    const ear = hear(new Connection(b, 'b'));
    a.write(sent);
    await until('it ends', () => ear.closed.length > 0);
    expect(ear.messages).toEqual([]);
    if (problem === undefined) expect(ear.closed).toEqual([undefined]);
    else expect(ear.closed[0]).toContain(problem);
  });

  test('drops a message that comes twice', async () => {
    const [a, b] = wires();
    const ear = hear(new Connection(b, 'b'));
    a.write(Buffer.concat([message(1, 'one'), message(1, 'one'), message(2, 'two')]));
    await until('both have come', () => ear.messages.includes('two'));
    expect(ear.messages).toEqual(['one', 'two']);
  });

  test('acknowledges by itself what nobody answers', async () => {
    const [a, b] = wires();
    hear(new Connection(b, 'b'));
    a.write(message(1, 'one'));
    await until('an acknowledgement', () => b.writes.length > 0);
    const frames = b.writes.flatMap((chunk) => [...new FrameReader().read(chunk)]);
    expect(frames).toMatchObject([{ kind: frameKind.ack, acknowledged: 1 }]);
  });

  test('lets an acknowledgement go with an answer', async () => {
    const [a, b] = wires();
    const connection = new Connection(b, 'b');
    hear(connection, () => connection.send(bytes('answer')));
    a.write(message(1, 'one'));
    await until('an answer', () => b.writes.length > 0);
    const frames = b.writes.flatMap((chunk) => [...new FrameReader().read(chunk)]);
    expect(frames).toMatchObject([{ kind: frameKind.message, acknowledged: 1 }]);
  });

  test('holds back what a full stream does not take, and closes when too much is unacknowledged', async () => {
    const [a, b] = wires();
    hear(new Connection(b, 'b'));
    const connection = new Connection(a, 'a', new Numbering(10_000_000));
    const ear = hear(connection);
    a.hold();
    for (let i = 0; ear.closed.length === 0 && i < 1000; i++) {
      connection.send(Buffer.alloc(100_000));
      await new Promise((resolve) => setImmediate(resolve));
      // One write at most is in the stream, whatever waits behind it.
      expect(a.writableLength).toBeLessThan(1_300_000);
    }
    expect(ear.closed).toEqual(['the peer is too slow: too much is waiting for it']);
  });

  test('answers a peer that sends and never reads with no more than its stream takes', async () => {
    const [a, b] = wires();
    const ear = hear(new Connection(b, 'b'));
    b.hold();
    for (let i = 0; i < 20_000; i++) a.write(message(i + 1, 'x'));
    await until('all have come', () => ear.messages.length === 20_000);
    expect(b.writableLength).toBeLessThan(100_000);
    expect(ear.closed).toEqual([]);
  });
});
