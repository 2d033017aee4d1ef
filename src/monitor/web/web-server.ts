/**
 * The web server: lets in who has the secret, reads what is asked, and writes the answer. What the answers are is not known
 * here. In a process of its own.
 *
 *   request ─► gate ─► body, if it writes ─► answer ─► JSON, text, a file or a stream of events
 *
 * Always true: nothing is done for a request that the gate refuses; every answer has the headers that keep browsers strict.
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DisbatchError } from '../../base/errors.ts';
import type { HostPort } from '../../base/host-port.ts';
import type { Refused } from './answers.ts';
import { decide, type Decision, type Gate } from './gate.ts';
import { Refusal } from './refusal.ts';

/** What is asked of a path. */
export interface Question {
  readonly query: URLSearchParams;
  /** What was sent, for who writes. */
  readonly body: unknown;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export type Answer =
  | { readonly kind: 'json'; readonly value: object }
  | { readonly kind: 'bytes'; readonly type: string; readonly bytes: Buffer | string }
  /** The answer is kept open by whoever takes it. */
  | {
      readonly kind: 'stream';
      readonly take: (response: ServerResponse, headers: Readonly<Record<string, string>>) => void;
    };

export type Answerer = (question: Question) => Answer | Promise<Answer>;

/** What there is: by its path, '' for the page. */
export type Paths = ReadonlyMap<string, Path>;

export interface Path {
  readonly read?: Answerer;
  readonly write?: Answerer;
}

export interface WebServerOptions {
  readonly address: HostPort;
  /** Names by which the server goes, besides those of this machine for itself. */
  readonly names: readonly string[];
  readonly paths: Paths;
  /** Told of each request that was let in. */
  readonly onRequest: () => void;
}

/** Bytes of the secret; the address has it in base64url. */
const secretBytes = 24;

const mostBodyBytes = 256 * 1024;
const mostConnections = 256;
const bodyMs = 15_000;

/** A browser takes nothing from elsewhere, shows nothing within others, and tells nobody the address. */
const strict: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const ownNames = ['localhost', '127.0.0.1', '[::1]'];

export class WebServer {
  /** The first part of every path. */
  readonly secret = randomBytes(secretBytes).toString('base64url');
  private readonly server: Server;
  private readonly gate: Gate;
  private readonly options: WebServerOptions;

  private constructor(options: WebServerOptions) {
    this.options = options;
    const secret = digest(this.secret);
    this.gate = {
      hosts: new Set([...ownNames, ...options.names.map((name) => bracketed(name).toLowerCase())]),
      isSecret: (word) => timingSafeEqual(digest(word), secret),
      paths: new Map(
        [...options.paths].map(([path, { read, write }]) => [
          path,
          { reads: read !== undefined, writes: write !== undefined },
        ]),
      ),
    };
    this.server = createServer({ connectionsCheckingInterval: 2000, maxHeaderSize: 16 * 1024 }, (request, response) => {
      void this.handle(request, response);
    });
    this.server.headersTimeout = 10_000;
    this.server.requestTimeout = bodyMs;
    this.server.keepAliveTimeout = 30_000;
    // Who takes nothing of what is sent; streams have a heartbeat that is more frequent.
    this.server.timeout = 60_000;
    this.server.maxConnections = mostConnections;
    this.server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** @throws (rejects with) DisbatchError port-unusable */
  static async listen(options: WebServerOptions): Promise<WebServer> {
    const web = new WebServer(options);
    const { host, port } = options.address;
    await new Promise<void>((resolve, reject) => {
      web.server.once('error', reject);
      web.server.listen({ host, port }, resolve);
    });
    web.server.on('error', () => {});
    return web;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends all connections, streams that were told their end first. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    const late = setTimeout(() => this.server.closeAllConnections(), 500);
    await closed;
    clearTimeout(late);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    const { headers } = request;
    const decision = decide(
      {
        ...{ method: request.method ?? '', url: request.url ?? '', host: headers.host, origin: headers.origin },
        ...{ site: text(headers['sec-fetch-site']), mode: text(headers['sec-fetch-mode']) },
        contentType: headers['content-type'],
      },
      this.gate,
    );
    if (decision.kind === 'pass') {
      this.options.onRequest();
      await this.answer(decision, request, response);
    } else if (decision.kind === 'elsewhere') {
      response.writeHead(308, { ...strict, Location: `/${this.secret}/` }).end();
    } else {
      const allow = decision.allow === undefined ? {} : { Allow: decision.allow };
      const problem: Refused = { problem: decision.problem };
      // What else comes on this connection is not read: strangers get one answer each, however much they send.
      const more = { ...allow, Connection: 'close' };
      send(response, decision.status, 'application/json', JSON.stringify(problem), more);
    }
  }

  private async answer(
    { path, query, write }: Extract<Decision, { kind: 'pass' }>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const { read: reader, write: writer } = this.options.paths.get(path) ?? {};
      const answerer = (write ? writer : reader) as Answerer;
      const body = write ? await bodyOf(request) : undefined;
      const answer = await answerer({ query, body, signal: gone.signal });
      if (response.destroyed) return;
      if (answer.kind === 'json') send(response, 200, 'application/json', JSON.stringify(answer.value));
      else if (answer.kind === 'bytes') send(response, 200, answer.type, answer.bytes);
      else if (request.method === 'HEAD') send(response, 200, 'text/event-stream', '');
      else answer.take(response, strict);
    } catch (error) {
      if (gone.signal.aborted) return;
      const { status, problem } = refusalOf(error);
      const close = status === 413 ? { Connection: 'close' } : {};
      send(response, status, 'application/json', JSON.stringify({ problem } satisfies Refused), close);
    }
  }
}

function refusalOf(error: unknown): { readonly status: number; readonly problem: string } {
  if (error instanceof Refusal) return { status: error.status, problem: error.message };
  if (error instanceof DisbatchError) return { status: 503, problem: error.message };
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { status: 500, problem: `This is a bug in disBatch, please report it: ${what}` };
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  content: Buffer | string,
  more: Readonly<Record<string, string>> = {},
): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const charset = type.includes('charset') ? '' : '; charset=utf-8';
  const headers = { ...strict, ...more, 'Content-Type': type + charset, 'Content-Length': bytes.length };
  // Node leaves the content of an answer to HEAD out by itself.
  response.writeHead(status, headers).end(bytes);
}

/** @throws (rejects with) Refusal */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += (piece as Buffer).length;
    if (bytes > mostBodyBytes) throw new Refusal(413, `At most ${mostBodyBytes / 1024} KiB can be sent here.`);
    pieces.push(piece as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString());
  } catch {
    throw new Refusal(400, 'What was sent is no JSON.');
  }
}

/** Of one length whatever the word is, to be compared in the same time. */
function digest(word: string): Buffer {
  return createHash('sha256').update(word).digest();
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
