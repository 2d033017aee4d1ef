/**
 * Open pages that are told of the run as it goes (server-sent events). In the process of the web server.
 *
 * Always true: a page that does not read costs a bounded amount of memory, and is let go; it comes back by itself.
 */

import type { ServerResponse } from 'node:http';

/** How long a page waits before it comes back, in milliseconds. */
const retryMs = 1000;

/** So that a connection which has died unseen is found, and none in between takes it for dead. */
const heartbeatMs = 15_000;

const mostPages = 64;

/** What may wait for one page, in bytes. */
const mostWaiting = 1024 * 1024;

export class EventStreams {
  private readonly pages = new Set<ServerResponse>();
  private readonly heartbeat: NodeJS.Timeout;

  constructor() {
    this.heartbeat = setInterval(() => this.send(':\n\n'), heartbeatMs);
    this.heartbeat.unref();
  }

  get count(): number {
    return this.pages.size;
  }

  /** Whether there is room for another page. */
  get hasRoom(): boolean {
    return this.pages.size < mostPages;
  }

  /** @param headers - of every answer */
  add(response: ServerResponse, headers: Readonly<Record<string, string>>, first: object): void {
    response.writeHead(200, { ...headers, 'Content-Type': 'text/event-stream; charset=utf-8' });
    this.pages.add(response);
    response.once('close', () => this.pages.delete(response));
    response.write(`retry: ${retryMs}\n\n${eventOf(first)}`);
  }

  /** Tells all of them. */
  tell(news: object): void {
    if (this.pages.size > 0) this.send(eventOf(news));
  }

  /** Ends all, when what was said has been sent. */
  close(): void {
    clearInterval(this.heartbeat);
    for (const page of this.pages) page.end();
  }

  private send(text: string): void {
    for (const page of this.pages) {
      if (page.writableLength > mostWaiting) page.destroy();
      else page.write(text);
    }
  }
}

/** JSON has no line breaks of its own, so one line of data is all. */
function eventOf(news: object): string {
  return `data: ${JSON.stringify(news)}\n\n`;
}
