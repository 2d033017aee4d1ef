/**
 * Connections that have not yet shown who they are: at most so many, each for at most so long. Runs with the port.
 *
 * Always true: beyond the bound the oldest goes, so that those who only hold a place cannot keep others out.
 */

import type { Socket } from 'node:net';

/** Told that a connection has to go, and why; it is no longer in the table. */
export type OnLeave = (socket: Socket, why: 'late' | 'crowded out') => void;

interface Stranger {
  readonly socket: Socket;
  readonly timer: NodeJS.Timeout;
}

export class Strangers {
  private readonly most: number;
  private readonly timeoutMs: number;
  private readonly onLeave: OnLeave;
  /** By the ends of the connection, since a TLS stream does not tell which socket it was made of. In order of arrival. */
  private readonly waiting = new Map<string, Stranger>();
  /** A socket that was closed has no ends any more. */
  private readonly ends = new WeakMap<Socket, string>();

  constructor(most: number, timeoutMs: number, onLeave: OnLeave) {
    this.most = most;
    this.timeoutMs = timeoutMs;
    this.onLeave = onLeave;
  }

  /** The one who goes when the next comes; undefined while there is room. */
  get nextToGo(): Socket | undefined {
    return this.waiting.size < this.most ? undefined : (this.waiting.values().next().value as Stranger).socket;
  }

  add(socket: Socket): void {
    const oldest = this.nextToGo;
    const ends = endsOf(socket);
    const timer = setTimeout(() => {
      this.remove(socket);
      this.onLeave(socket, 'late');
    }, this.timeoutMs);
    this.ends.set(socket, ends);
    this.waiting.set(ends, { socket, timer });
    // Who hangs up is gone without a word.
    socket.once('close', () => this.remove(socket));
    if (oldest === undefined) return;
    this.remove(oldest);
    this.onLeave(oldest, 'crowded out');
  }

  remove(socket: Socket): void {
    const ends = this.ends.get(socket);
    if (ends !== undefined && this.waiting.get(ends)?.socket === socket) this.delete(ends);
  }

  /** Removes the connection that this stream was made of. @returns whether it was there */
  removeUnder(stream: Socket): boolean {
    return this.delete(endsOf(stream));
  }

  /** Ends them all. */
  close(): void {
    for (const [ends, { socket }] of [...this.waiting]) {
      this.delete(ends);
      socket.destroy();
    }
  }

  private delete(ends: string): boolean {
    clearTimeout(this.waiting.get(ends)?.timer);
    return this.waiting.delete(ends);
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
