/**
 * The largest of many that come one by one. Pure.
 *
 * Always true: however many come, and in whatever order, it holds no more than twice as many as are wanted; and of equal ones
 * those that came first are kept.
 */

interface Sized<T> {
  readonly size: number;
  readonly item: T;
}

export class Largest<T> {
  private readonly most: number;
  private held: Sized<T>[] = [];
  /** What is not above this is none of them. */
  private least = -Infinity;

  /** @param most - how many are wanted */
  constructor(most: number) {
    this.most = most;
  }

  /** Whether one of this size may be among them, as far as is known. */
  wants(size: number): boolean {
    return this.most > 0 && size > this.least;
  }

  add(size: number, item: T): void {
    if (!this.wants(size)) return;
    this.held.push({ size, item });
    // Now and then all at once: to keep them in their order takes as long for each as there are of them.
    if (this.held.length >= 2 * this.most) this.cut();
  }

  /** Them, the largest first. */
  items(): T[] {
    this.cut();
    return this.held.map(({ item }) => item);
  }

  private cut(): void {
    this.held = this.held.toSorted((a, b) => b.size - a.size).slice(0, this.most);
    if (this.held.length === this.most) this.least = this.held.at(-1)?.size ?? Infinity;
  }
}
