/**
 * Serves the web page with a made-up run, in the way of the real server.
 */

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { RunAnswer } from '../../../src/monitor/web/answers.ts';
import { MadeUpRun, type MadeUp } from './made-up-run.ts';

const secret = 'made-up';

export interface MadeUpServer {
  readonly url: string;
  readonly run: MadeUpRun;
  /** Says the state anew to all pages. */
  tell(change?: Partial<RunAnswer>): void;
  /** Is not there for a while: port and open connections are closed. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** Serves the built page, from this folder, with a made-up run. */
export async function serveMadeUp(given: MadeUp, dist: string): Promise<MadeUpServer> {
  const run = new MadeUpRun(given);
  const listeners = new Set<ServerResponse>();
  let changed: Partial<RunAnswer> = {};
  const runAnswer = (): RunAnswer => ({ ...run.runAnswer, ...changed });
  const tellOne = (response: ServerResponse): boolean => response.write(`data: ${JSON.stringify(runAnswer())}\n\n`);
  const tell = (change: Partial<RunAnswer> = {}): void => {
    changed = { ...changed, ...change };
    for (const response of listeners) tellOne(response);
  };
  const answers: Record<string, (query: URLSearchParams) => unknown> = {
    run: runAnswer,
    engines: () => run.engines,
    running: (query) =>
      run.runningTasks(
        Number(query.get('limit') ?? 100),
        query.has('engine') ? Number(query.get('engine')) : undefined,
      ),
    series: () => run.series,
    times: () => run.timesAnswer,
    timeline: (query) => run.timeline(query),
    tasks: (query) => run.tasks(query),
    task: (query) => run.task(Number(query.get('index'))),
    store: () => run.store,
  };
  const files: Record<string, string> = { '': 'text/html', 'page.js': 'text/javascript', 'page.css': 'text/css' };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const name = url.pathname.slice(secret.length + 2);
    const head = {
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
    };
    if (!url.pathname.startsWith(`/${secret}/`)) {
      response.writeHead(404).end();
    } else if (request.method === 'POST') {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      (name === 'stop' ? run.stopped : run.put).push(JSON.parse(body));
      response.writeHead(200, { ...head, 'content-type': 'application/json' }).end('{"problem":null}');
      tell();
    } else if (name === 'events') {
      response.writeHead(200, { ...head, 'content-type': 'text/event-stream' });
      listeners.add(response);
      response.on('close', () => listeners.delete(response));
      tellOne(response);
    } else if (files[name] !== undefined) {
      response.writeHead(200, { ...head, 'content-type': `${files[name]}; charset=utf-8` });
      response.end(readFileSync(join(dist, name === '' ? 'page.html' : name)));
    } else if (answers[name] !== undefined) {
      response.writeHead(200, { ...head, 'content-type': 'application/json' });
      response.end(JSON.stringify(answers[name](url.searchParams)));
    } else {
      response.writeHead(404, head).end('{"problem":"There is no such thing here."}');
    }
  }

  const server: Server = createServer((request, response) => void answer(request, response));
  const listen = (at: number): Promise<void> => new Promise((done) => server.listen(at, '127.0.0.1', done));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await new Promise((done) => server.close(done));
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/${secret}/`,
    run,
    tell,
    pause: close,
    resume: () => listen(port),
    close,
  };
}
