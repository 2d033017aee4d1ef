/**
 * Messages that were put into a store, of which nobody says when they are taken out: a run has got as far as the highest id
 * of the tasks that have finished. Pure.
 *
 *   add() ─► sent ─► a task of it, or of a later one, has finished: it was taken
 */

import { Deque } from '../base/deque.ts';

/** So many messages may be sent and have no finished task: more than a run has slots. */
const roomMessages = 8192;

interface Sent {
  readonly first: number;
  /** How many were sent before it. */
  readonly before: number;
  readonly hasRoom: () => void;
}

export class SentMessages {
  private readonly sent = new Deque<Sent>();
  private readonly waiting = new Deque<Sent>();
  private added = 0;
  private taken = 0;
  private highest = -1;
  /** Tasks that were sent and have no result. */
  private open = 0;

  get unfinished(): number {
    return this.open;
  }

  /** @returns done when there is room for the next */
  add(taskIds: readonly number[]): Promise<void> {
    this.open += taskIds.length;
    const [first] = taskIds;
    // Of a message without tasks nobody can see that it was taken.
    if (first === undefined) return Promise.resolve();
    return new Promise((hasRoom) => {
      const message = { first, before: this.added++, hasRoom };
      this.sent.push(message);
      this.waiting.push(message);
      this.tellRoom();
    });
  }

  /** A task has its result. */
  finished(taskId: number): void {
    this.open--;
    this.highest = Math.max(this.highest, taskId);
    for (let first = this.sent.peek(); first !== undefined && first.first <= this.highest; first = this.sent.peek()) {
      this.sent.shift();
      this.taken++;
    }
    this.tellRoom();
  }

  /** Nothing more is taken. */
  drop(): void {
    this.taken = this.added;
    this.sent.clear();
    this.tellRoom();
  }

  private tellRoom(): void {
    for (let first = this.waiting.peek(); first !== undefined; first = this.waiting.peek()) {
      if (first.before - this.taken >= roomMessages) return;
      this.waiting.shift();
      first.hasRoom();
    }
  }
}
