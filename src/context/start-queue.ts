/**
 * How many engines are started at a time over ssh, and when a start that failed is tried again. Pure: chance is a
 * parameter, and time is the caller's. One queue serves all hosts of a context, in the driver's process.
 *
 * An sshd drops connections when too many are being made (MaxStartups), and behind a jump host all go through one. So the
 * limit adapts: a drop halves it, once for all starts that were under way together; each start that gets through adds one.
 * It is always at least 1, and no more starts are under way than it was when they began.
 */

/** What became of a start, as far as the limit is concerned. */
export type StartOutcome = 'through' | 'dropped' | 'failed';

/** Why a start failed: what looks like a busy sshd, a host that does not answer, or what no second try mends. */
export type StartFailure = 'dropped' | 'unreachable' | 'final';

/** The right to start, until it is given back. */
export interface StartPlace {
  /** Gives the place back; what comes after the first call counts for nothing. */
  leave(outcome: StartOutcome): void;
}

const firstLimit = 16;
const highestLimit = 64;

/** By failure: how often to try, the first wait and its growth, the longest wait, and the bound on all tries together. */
const patience = {
  dropped: { tries: 12, firstMs: 500, growth: 1.6, longestMs: 8000, withinMs: 120_000 },
  unreachable: { tries: 5, firstMs: 500, growth: 2, longestMs: 8000, withinMs: 12_000 },
} as const;

export class StartQueue {
  private readonly random: () => number;
  private currentLimit: number;
  private underWay = 0;
  /** Counts the halvings: a drop from before the last one tells nothing new. */
  private round = 0;
  private readonly waiting = new Set<(place: StartPlace) => void>();
  private serving = false;

  /**
   * @param random - a number from 0 to below 1, anew at each call
   * @param limit - how many starts at a time to begin with
   */
  constructor(random: () => number, limit = firstLimit) {
    this.random = random;
    this.currentLimit = Math.max(1, limit);
  }

  /** How many starts may be under way. */
  get limit(): number {
    return this.currentLimit;
  }

  /**
   * Asks for a place: `go` is called with it, at once or when one is free, first come, first served.
   *
   * @returns takes the request back, when `go` has not been called yet
   */
  enter(go: (place: StartPlace) => void): () => void {
    // A request of its own, also for one who asks twice with the same function.
    const request = (place: StartPlace): void => go(place);
    this.waiting.add(request);
    this.serve();
    return () => this.waiting.delete(request);
  }

  /**
   * @param tries - tries so far, the failed one included
   * @param spentMs - time of all tries so far and of the waits between them
   * @returns milliseconds to wait before the next try; undefined when there is to be none
   */
  retryAfterMs(failure: StartFailure, tries: number, spentMs: number): number | undefined {
    if (failure === 'final') return undefined;
    const { tries: most, firstMs, growth, longestMs, withinMs } = patience[failure];
    if (tries >= most) return undefined;
    const middle = Math.min(longestMs, firstMs * growth ** (tries - 1));
    const wait = Math.round(middle * (0.5 + this.random()));
    return spentMs + wait > withinMs ? undefined : wait;
  }

  private serve(): void {
    // A start that ends within its own call would otherwise serve in the middle of this loop.
    if (this.serving) return;
    this.serving = true;
    try {
      for (const request of this.waiting) {
        if (this.underWay >= this.currentLimit) return;
        this.waiting.delete(request);
        this.underWay += 1;
        request(this.place(this.round));
      }
    } finally {
      this.serving = false;
    }
  }

  private place(round: number): StartPlace {
    let left = false;
    return {
      leave: (outcome) => {
        if (left) return;
        left = true;
        this.underWay -= 1;
        if (outcome === 'through') this.currentLimit = Math.min(highestLimit, this.currentLimit + 1);
        if (outcome === 'dropped' && round === this.round) {
          this.round += 1;
          this.currentLimit = Math.max(1, Math.floor(this.currentLimit / 2));
        }
        this.serve();
      },
    };
  }
}
