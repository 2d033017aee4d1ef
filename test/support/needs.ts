/**
 * How a test says what it needs of the machine: `skipWithout(ctx, 'tmux')` as its first line, or in a `beforeEach`.
 *
 * A test whose need is not met is skipped with the reason, which `npm test` prints and counts. A skip without a reason
 * is counted there as a failure, so this is the way to skip a test.
 */
import { isMet, reasonWithout, type Need } from '../../scripts/test-needs.mjs';

const known = new Map<Need, boolean>();

/** Whether the need is met on this machine; looked up once a test file. */
export function needs(name: Need): boolean {
  let met = known.get(name);
  if (met === undefined) {
    met = isMet(name);
    known.set(name, met);
  }
  return met;
}

/** Skips the test with the reason when one of the needs is not met. */
export function skipWithout(ctx: { skip(note?: string): never }, ...names: readonly Need[]): void {
  for (const name of names) if (!needs(name)) ctx.skip(reasonWithout(name));
}
