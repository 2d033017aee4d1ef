/**
 * Asks of connections whether they are of the same user on the same host, without ever taking much of the loop's time:
 * at once when that is cheap, otherwise many with one look at the system's table. Runs with the port.
 *
 * At once matters: a client that sends and closes in the same breath has no owner any more a moment later.
 */

import type { Socket } from 'node:net';
import { ownUsersOf } from './peer-user.ts';

/** After a look at the table, so many times as long is left to others. */
const restFactor = 2;

export class PeerChecks {
  private readonly onAnswer: (socket: Socket, isOwn: boolean) => void;
  private readonly look: typeof ownUsersOf;
  private readonly waiting = new Set<Socket>();
  private notBefore = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param look - which of these sockets are of the same user; the system's table unless told otherwise */
  constructor(onAnswer: (socket: Socket, isOwn: boolean) => void, look = ownUsersOf) {
    this.onAnswer = onAnswer;
    this.look = look;
  }

  /** Asks; the answer may come before this returns. */
  ask(socket: Socket): void {
    this.waiting.add(socket);
    if (this.timer !== undefined) return;
    const restMs = this.notBefore - performance.now();
    if (restMs <= 0) this.answerAll();
    else this.timer = setTimeout(() => this.answerAll(), restMs);
  }

  /** Whether the answer is still to come. */
  isOpen(socket: Socket): boolean {
    return this.waiting.has(socket);
  }

  /** There is no need to know any more. */
  forget(socket: Socket): void {
    this.waiting.delete(socket);
  }

  /** Answers now what is still open. */
  answerAll(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.size === 0) return;
    const sockets = [...this.waiting];
    this.waiting.clear();
    const start = performance.now();
    const own = this.look(sockets);
    const end = performance.now();
    this.notBefore = end + restFactor * (end - start);
    for (const socket of sockets) this.onAnswer(socket, own.has(socket));
  }

  close(): void {
    clearTimeout(this.timer);
    this.waiting.clear();
  }
}
