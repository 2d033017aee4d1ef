/**
 * What is kept so that it need not be made again for each page that asks. In the process of the web server.
 *
 * Always true: however many pages ask the run the same, it is asked once in a while, and seldom when that takes it long.
 */

/** A few things by their names; the one that was not wanted for longest goes for the next. */
export class Kept<Thing> {
  private readonly most: number;
  private readonly things = new Map<string, Thing>();

  constructor(most: number) {
    this.most = most;
  }

  of(name: string, make: () => Thing): Thing {
    const thing = this.things.get(name) ?? make();
    this.things.delete(name);
    this.things.set(name, thing);
    if (this.things.size > this.most) this.things.delete(this.things.keys().next().value as string);
    return thing;
  }

  clear(): void {
    this.things.clear();
  }
}

/** An answer is good for so long, in milliseconds, and for so many times as long as it took to make. */
const leastKeptMs = 900;
const rest = 10;

/** An answer of somebody who has other things to do. */
export class KeptAnswer<Answer> {
  private readonly make: () => Promise<Answer>;
  private making: Promise<Answer> | undefined;
  private last: { readonly answer: Answer; readonly until: number } | undefined;

  constructor(make: () => Promise<Answer>) {
    this.make = make;
  }

  /** Those who ask at the same time wait for the same. @throws (rejects with) what making throws; that is not kept */
  async get(): Promise<Answer> {
    if (this.last !== undefined && performance.now() < this.last.until) return this.last.answer;
    this.making ??= this.remake().finally(() => (this.making = undefined));
    return this.making;
  }

  /** It is another now. */
  forget(): void {
    this.last = undefined;
  }

  private async remake(): Promise<Answer> {
    const begun = performance.now();
    const answer = await this.make();
    const now = performance.now();
    this.last = { answer, until: now + Math.max(leastKeptMs, (now - begun) * rest) };
    return answer;
  }
}
