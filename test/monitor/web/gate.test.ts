/** Who may come in at the web server. */
import { expect, test } from 'vitest';
import { decide, type Asked, type Decision, type Gate } from '../../../src/monitor/web/gate.ts';

const gate: Gate = {
  hosts: new Set(['localhost', '127.0.0.1', '[::1]', 'node17']),
  isSecret: (word) => word === 'key',
  paths: new Map([
    ['', { reads: true, writes: false }],
    ['run', { reads: true, writes: false }],
    ['store', { reads: true, writes: true }],
    ['stop', { reads: false, writes: true }],
  ]),
};

function ask(given: Partial<Asked>): Decision {
  return decide(
    {
      ...{ method: 'GET', url: '/key/run', host: 'localhost:8080', origin: undefined, site: undefined },
      ...{ mode: undefined, contentType: undefined },
      ...given,
    },
    gate,
  );
}

const post: Partial<Asked> = {
  ...{ method: 'POST', url: '/key/stop', origin: 'http://localhost:8080', contentType: 'application/json' },
};

const passes = (decision: Decision): boolean => decision.kind === 'pass';
const status = (decision: Decision): number | string => (decision.kind === 'refused' ? decision.status : decision.kind);

test.each(['localhost', 'localhost:1', '127.0.0.1:65535', '[::1]:9', 'LOCALHOST:80', 'node17:1'])(
  'the server goes by %s, with any port: a tunnel has another',
  (host) => {
    expect(passes(ask({ host }))).toBe(true);
  },
);

test.each([
  ...[
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example:80',
    '[::2]:80',
    'localhost:80:80',
  ],
  ...['evil@localhost', 'localhost/x', 'localhost ', '0.0.0.0'],
])('a foreign Host header is refused: %s', (host) => {
  expect(status(ask({ host }))).toBe(403);
});

test.each([
  '/',
  '//',
  '/wrong/run',
  '/key2/run',
  '/KEY/run',
  '',
  'http://localhost/key/run',
  '/ke',
  '/run',
  '/?key',
  '/key?/run',
])('without the secret there is nothing: %s', (url) => {
  expect([404, 'elsewhere']).toContain(status(ask({ url })));
  expect(passes(ask({ url }))).toBe(false);
});

test('the page is there with and without a query, and is shown the way without its slash', () => {
  expect(ask({ url: '/key/' })).toMatchObject({ kind: 'pass', path: '' });
  expect(ask({ url: '/key/?x=1' })).toMatchObject({ kind: 'pass', path: '' });
  expect(ask({ url: '/key' })).toEqual({ kind: 'elsewhere' });
});

test.each(['/key/nothing', '/key/run/', '/key/../key/run', '/key/%72un', '/key/constructor', '/key/__proto__'])(
  'nothing is there under %s',
  (url) => {
    expect(status(ask({ url }))).toBe(404);
  },
);

test('a method that a path does not have is refused with those that it has', () => {
  expect(ask({ method: 'POST' })).toMatchObject({ status: 405, allow: 'GET, HEAD' });
  expect(ask({ ...post, method: 'GET' })).toMatchObject({ status: 405, allow: 'POST' });
  expect(ask({ url: '/key/store', method: 'PUT' })).toMatchObject({ status: 405, allow: 'GET, HEAD, POST' });
  expect(ask({ method: 'OPTIONS' })).toMatchObject({ status: 405 });
  expect(passes(ask({ method: 'HEAD' }))).toBe(true);
});

test('who writes must be the page itself', () => {
  expect(ask(post)).toMatchObject({ kind: 'pass', write: true, path: 'stop' });
  expect(passes(ask({ ...post, host: 'localhost:9', origin: 'http://localhost:9' }))).toBe(true);
  expect(passes(ask({ ...post, origin: undefined, site: 'same-origin' }))).toBe(true);
  for (const origin of [undefined, 'null', 'https://localhost:8080', 'http://localhost', 'http://evil.example'])
    expect(status(ask({ ...post, origin }))).toBe(403);
  for (const site of ['cross-site', 'same-site', 'none'])
    expect(status(ask({ ...post, origin: undefined, site }))).toBe(403);
});

test('what is written is JSON: a form of another page cannot send that', () => {
  expect(passes(ask({ ...post, contentType: 'application/json; charset=utf-8' }))).toBe(true);
  for (const contentType of [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])
    expect(status(ask({ ...post, contentType }))).toBe(415);
});

test('pages of others cannot read, but may lead to the page', () => {
  expect(status(ask({ origin: 'http://evil.example' }))).toBe(403);
  expect(status(ask({ site: 'cross-site', mode: 'cors' }))).toBe(403);
  expect(status(ask({ site: 'same-site', mode: 'no-cors' }))).toBe(403);
  expect(status(ask({ site: 'cross-site', mode: 'navigate' }))).toBe(403);
  expect(passes(ask({ url: '/key/', site: 'cross-site', mode: 'navigate' }))).toBe(true);
  expect(status(ask({ url: '/key/', site: 'cross-site', mode: 'no-cors' }))).toBe(403);
  expect(passes(ask({ site: 'none' }))).toBe(true);
  expect(passes(ask({ site: 'same-origin' }))).toBe(true);
});
