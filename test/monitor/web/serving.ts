/**
 * The web server on made files, within the test's process: what it is asked, and what it answers.
 */

import { appendFileSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { HostPort } from '../../../src/base/host-port.ts';
import { runFiles } from '../../../src/contract/run-files.ts';
import type { RunAnswer } from '../../../src/monitor/web/answers.ts';
import { serveWeb, type OpenedWeb, type WebTimes } from '../../../src/monitor/web/main.ts';
import type { StatusRecord } from '../../../src/task/status-record.ts';
import { version } from '../../reach/fake-driver.ts';
import { testFolder, until } from '../../support/run-disbatch.ts';
import { statusText } from '../analysis/tables.ts';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export class Serving {
  readonly prefix: string;
  readonly opened: OpenedWeb;
  readonly ended: Promise<void>;
  /** Ends the command of the run that the server belongs to. */
  readonly endCommand: () => void;

  private constructor(prefix: string, opened: OpenedWeb, ended: Promise<void>, endCommand: () => void) {
    this.prefix = prefix;
    this.opened = opened;
    this.ended = ended;
    this.endCommand = endCommand;
  }

  /** @param prefix - of a run whose status file is there */
  static async start(
    prefix: string,
    given: { readonly address?: HostPort; readonly times?: Partial<WebTimes> } = {},
  ): Promise<Serving> {
    const folder = testFolder();
    for (const [name, text] of Object.entries({ 'page.html': '<p>page', 'page.js': '"js"', 'page.css': 'p{}' }))
      writeFileSync(join(folder, name), text);
    let [stop, endCommand] = [(): void => {}, (): void => {}];
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    const commandGone = new Promise<void>((resolve) => (endCommand = resolve));
    let ended = Promise.resolve();
    const opened = await new Promise<OpenedWeb>((resolve, reject) => {
      ended = serveWeb({
        ...{ prefix, version, folder, address: given.address ?? { host: '127.0.0.1', port: 0 }, stopped, commandGone },
        onListening: resolve,
        times: { tellMs: 20, lookMs: 20, link: { lookMs: 20, firstPauseMs: 20, longestPauseMs: 50 }, ...given.times },
      });
      ended.catch(reject);
    });
    onTestFinished(async () => {
      stop();
      await ended;
    });
    return new Serving(prefix, opened, ended, endCommand);
  }

  /** @param path - under the secret; beginning with a slash, as it is */
  ask(path: string, { method = 'GET', headers = {}, body }: Asking = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { pathname } = new URL(this.opened.url);
      const asked = request(
        {
          host: '127.0.0.1',
          port: this.opened.port,
          method,
          headers,
          path: path.startsWith('/') ? path : pathname + path,
        },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }

  async json<Answer>(path: string): Promise<Answer> {
    const { status, text } = await this.ask(path);
    if (status !== 200) throw new Error(`${path} is answered with ${status}: ${text}`);
    return JSON.parse(text) as Answer;
  }

  /** As the page does. */
  async post(path: string, value: unknown): Promise<Reply> {
    return this.ask(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Origin: `http://127.0.0.1:${this.opened.port}` },
      body: JSON.stringify(value),
    });
  }

  /** Until so many records have been read. */
  async hasRead(records: number): Promise<void> {
    for (const end = Date.now() + 20_000; Date.now() < end;) {
      if ((await this.json<RunAnswer>('run')).records >= records) return;
    }
    throw new Error(`${records} records were waited for in vain`);
  }

  /** Opens the stream of events. */
  async events(): Promise<Events> {
    const events = new Events(this.opened);
    await until('the stream is open', () => events.text !== '' || events.isOver);
    return events;
  }
}

/** A page that is told of the run. */
export class Events {
  text = '';
  isOver = false;
  headers: IncomingHttpHeaders = {};
  readonly close: () => void;

  constructor({ url, port }: OpenedWeb) {
    const asked = request({ host: '127.0.0.1', port, path: `${new URL(url).pathname}events` }, (response) => {
      this.headers = response.headers;
      response.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
      response.on('close', () => (this.isOver = true));
    });
    asked.on('error', () => (this.isOver = true));
    asked.end();
    this.close = () => void asked.destroy();
    onTestFinished(this.close);
  }

  get answers(): RunAnswer[] {
    return [...this.text.matchAll(/^data: (.*)\n\n/gm)].map(([, json]) => JSON.parse(json as string) as RunAnswer);
  }
}

/** The status file of a run that is over. @returns its prefix */
export function overRun(records: readonly Partial<StatusRecord>[]): string {
  const prefix = join(testFolder(), 'run');
  writeFileSync(runFiles(prefix).status, statusText(records));
  return prefix;
}

export function addRecords(prefix: string, records: readonly Partial<StatusRecord>[]): void {
  appendFileSync(runFiles(prefix).status, statusText(records));
}
