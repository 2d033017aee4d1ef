/** Pages that are told of the run as it goes: those that do not read, and those that hear nothing for long. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { EventStreams } from '../../../src/monitor/web/event-streams.ts';
import { until } from '../../support/run-disbatch.ts';

/** A server whose every request opens a stream. */
async function opened(): Promise<{ readonly streams: EventStreams; readonly page: () => Promise<Socket> }> {
  const streams = new EventStreams();
  const server = createServer((_, response) => streams.add(response, {}, { first: true }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const page = async (): Promise<Socket> => {
    const before = streams.count;
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => {});
    onTestFinished(() => {
      socket.destroy();
    });
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('it is open', () => streams.count > before);
    return socket;
  };
  return { streams, page };
}

test('a page that does not read is let go; the others are told on', async () => {
  const { streams, page } = await opened();
  const deaf = await page();
  deaf.pause();
  const other = await page();
  let heard = '';
  other.on('data', (chunk: Buffer) => (heard = (heard + chunk.toString()).slice(-100)));
  const long = 'x'.repeat(256 * 1024);
  for (let i = 0; streams.count > 1 && i < 1000; i++) {
    streams.tell({ long });
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(streams.count).toBe(1);
  streams.tell({ last: 7 });
  await until('it has heard the last', () => heard.includes('data: {"last":7}\n\n'));
});

test('a page that hears nothing for long gets a heartbeat, and at the end its end', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const { streams, page } = await opened();
  const socket = await page();
  let heard = '';
  let ended = false;
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  await until('it has heard the first', () => heard.includes('data: {"first":true}\n\n'));
  vi.advanceTimersByTime(15_000);
  await until('it has heard the heartbeat', () => heard.includes('\n:\n\n'));
  streams.close();
  await until('it has ended', () => (ended ||= heard.endsWith('0\r\n\r\n')));
  expect(ended).toBe(true);
});
