/** Who is let in at the web server, and how it bears those who are not. The rules themselves: gate.test.ts. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../support/run-disbatch.ts';
import { overRun, Serving } from './serving.ts';

const problemOf = (text: string): string => (JSON.parse(text) as { problem: string }).problem;

test('the page and its files are there for who has the secret, with headers that keep a browser strict', async () => {
  const serving = await Serving.start(overRun([]));
  const page = await serving.ask('');
  expect([page.status, page.headers['content-type'], page.text]).toEqual([200, 'text/html; charset=utf-8', '<p>page']);
  expect((await serving.ask('page.js')).headers['content-type']).toBe('text/javascript; charset=utf-8');
  expect((await serving.ask('page.css')).text).toBe('p{}');
  for (const path of ['', 'page.js', 'run', 'nothing', '/']) {
    const { headers } = await serving.ask(path);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
  }
});

test('the secret is long, and another each time', async () => {
  const prefix = overRun([]);
  const secrets = await Promise.all(
    [1, 2].map(async () => new URL((await Serving.start(prefix)).opened.url).pathname.slice(1, -1)),
  );
  for (const secret of secrets) expect(Buffer.from(secret, 'base64url').length).toBeGreaterThanOrEqual(16);
  expect(secrets[0]).not.toBe(secrets[1]);
});

test('without the secret, with a wrong one, or a part of it, there is nothing', async () => {
  const serving = await Serving.start(overRun([{}]));
  const { pathname } = new URL(serving.opened.url);
  for (const path of ['/', '/run', '/wrong/run', `${pathname.slice(0, -2)}/run`, `/${'x'.repeat(5000)}/`, '/metrics']) {
    const { status, text } = await serving.ask(path);
    expect([path, status]).toEqual([path, 404]);
    expect(problemOf(text)).toContain('There is nothing here');
  }
  const { status, headers } = await serving.ask(pathname.slice(0, -1));
  expect([status, headers.location]).toEqual([308, pathname]);
});

test('a foreign Host header, another origin and a wrong method are refused; any port is right', async () => {
  const serving = await Serving.start(overRun([{}]));
  expect((await serving.ask('run', { headers: { Host: 'evil.example' } })).status).toBe(403);
  expect((await serving.ask('run', { headers: { Host: 'localhost:1234' } })).status).toBe(200);
  expect((await serving.ask('run', { headers: { Origin: 'http://evil.example' } })).status).toBe(403);
  expect((await serving.ask('run', { headers: { 'Sec-Fetch-Site': 'cross-site' } })).status).toBe(403);
  const wrong = await serving.ask('run', { method: 'DELETE' });
  expect([wrong.status, wrong.headers.allow]).toEqual([405, 'GET, HEAD']);
  const head = await serving.ask('run', { method: 'HEAD' });
  expect([head.status, head.text]).toEqual([200, '']);
  expect(Number(head.headers['content-length'])).toBeGreaterThan(100);
});

test('what is written must come from the page, be JSON, and not too much', async () => {
  const serving = await Serving.start(overRun([]));
  const json = { 'Content-Type': 'application/json' };
  const ours = { ...json, Origin: `http://127.0.0.1:${serving.opened.port}` };
  const post = async (headers: Record<string, string>, body = '{"what":"run"}') =>
    (await serving.ask('stop', { method: 'POST', headers, body })).status;
  expect(await post(ours)).toBe(200);
  expect(await post(json)).toBe(403);
  expect(await post({ ...json, Origin: 'http://evil.example' })).toBe(403);
  expect(await post({ ...json, Origin: `http://127.0.0.1:${serving.opened.port + 1}` })).toBe(403);
  expect(await post({ ...ours, 'Content-Type': 'text/plain' })).toBe(415);
  expect(await post(ours, '{"what":')).toBe(400);
  expect(await post(ours, '{"what":"everything"}')).toBe(400);
  expect(await post(ours, 'null')).toBe(400);
  expect(await post(ours, `"${'x'.repeat(300_000)}"`)).toBe(413);
  expect((await serving.json<{ records: number }>('run')).records).toBe(0);
});

test('bound to all addresses, the server goes by the names of this host as well', async () => {
  const serving = await Serving.start(overRun([]), { address: { host: '0.0.0.0', port: 0 } });
  const { host } = new URL(serving.opened.url);
  expect((await serving.ask('run', { headers: { Host: host } })).status).toBe(200);
  expect((await serving.ask('run', { headers: { Host: 'evil.example' } })).status).toBe(403);
});

test('an address that cannot be listened at is told with another way', async () => {
  const { port } = (await Serving.start(overRun([]))).opened;
  await expect(Serving.start(overRun([]), { address: { host: '127.0.0.1', port } })).rejects.toMatchObject({
    code: 'port-unusable',
    message: expect.stringMatching(/address already in use.*--web-address HOST:PORT/) as string,
  });
});

async function knock(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  return socket;
}

test('garbage, half a request and a crowd do no harm', async () => {
  const serving = await Serving.start(overRun([{}, {}]));
  const garbage = [
    '\0\x01\x02\r\n\r\n',
    'GET /\r\n\r\n',
    `GET / HTTP/1.1\r\nX: ${'y'.repeat(50_000)}\r\n\r\n`,
    '\x16\x03\x01\x02\0',
  ];
  for (const bytes of garbage) {
    const socket = await knock(serving.opened.port);
    let over = false;
    socket.on('close', () => (over = true));
    socket.resume().end(bytes);
    await until('it was let go', () => over);
  }
  const half = await knock(serving.opened.port);
  half.write('GET /');
  await Promise.all(Array.from({ length: 100 }, () => knock(serving.opened.port)));
  expect((await serving.json<{ records: number }>('run')).records).toBe(2);
});

test.each(['GET', 'POST'])('who is refused gets one answer, however much is sent (%s)', async (method) => {
  const serving = await Serving.start(overRun([]));
  const socket = await knock(serving.opened.port);
  let [answers, over] = ['', false];
  socket.on('data', (chunk: Buffer) => (answers += chunk.toString()));
  socket.on('close', () => (over = true));
  socket.write(`${method} /guess/run HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000000\r\n\r\n`);
  const sendMore = (): void => {
    while (!socket.destroyed && socket.write('x'.repeat(100_000)));
  };
  socket.on('drain', sendMore);
  sendMore();
  await until('it was let go', () => over);
  // What comes back after it may take the answer with it.
  expect([[], ['HTTP/1.1 404']]).toContainEqual(answers.match(/HTTP\/1\.1 \d+/g) ?? []);
});

test('more pages than there is room for are refused, and room comes back', async () => {
  const serving = await Serving.start(overRun([]));
  const pages = await Promise.all(Array.from({ length: 64 }, () => serving.events()));
  expect((await serving.ask('events')).status).toBe(503);
  pages[0]?.close();
  let page = await serving.events();
  for (const end = Date.now() + 20_000; page.answers.length === 0 && Date.now() < end;) page = await serving.events();
  expect(page.answers.length).toBeGreaterThan(0);
});
