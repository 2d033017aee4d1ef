/**
 * Who was turned away at the port, so that the log names each once and counts the rest. Pure but for the logger it is given.
 *
 * Always true: whoever knocks a million times, from any number of addresses, costs a bounded table and as many lines.
 */

import type { Logger } from '../base/log.ts';

/** How many pairs of kind and address are told apart. */
const maxEntries = 1000;

export class Refusals {
  private readonly log: Logger;
  private readonly counts = new Map<string, number>();
  private others = 0;

  constructor(log: Logger) {
    this.log = log;
  }

  /** @param kind - what was wrong with it, after "refused ADDRESS: " */
  note(kind: string, address: string): void {
    const entry = `${address}: ${kind}`;
    const count = this.counts.get(entry);
    if (count === undefined && this.counts.size >= maxEntries) {
      if (this.others++ === 0) this.log('WARNING', 'refused others too, who are only counted from now on');
      return;
    }
    this.counts.set(entry, (count ?? 0) + 1);
    if (count === undefined) this.log('WARNING', `refused ${entry}`);
  }

  /** Tells how often, at the end. */
  close(): void {
    for (const [entry, count] of this.counts) {
      if (count > 1) this.log('WARNING', `refused ${count} times ${entry}`);
    }
    if (this.others > 0) this.log('WARNING', `refused ${this.others} times others`);
    this.counts.clear();
    this.others = 0;
  }
}
