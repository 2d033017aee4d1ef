/**
 * Measures several things in turn, A B C A B C, so that what else the machine does meanwhile hits all of them alike.
 *
 * Always true: what is compared was measured in the same round; the ratios of the rounds are what counts, not the times.
 */

/** Seconds, by name, of each round. */
export type Rounds<Name extends string> = readonly Readonly<Record<Name, number>>[];

/** How many rounds: what the command line says, else the bench's own number. */
export function roundsWanted(own: number): number {
  const wanted = Number(process.env['DISBATCH_BENCH_ROUNDS'] ?? own);
  if (!Number.isInteger(wanted) || wanted < 1) throw new Error('--rounds is a whole number above 0');
  return wanted;
}

/** @param measures - each runs one thing and returns its seconds */
export function inTurn<Name extends string>(count: number, measures: Record<Name, () => number>): Rounds<Name> {
  const names = Object.keys(measures) as Name[];
  return Array.from({ length: count }, () => {
    const round = {} as Record<Name, number>;
    for (const name of names) round[name] = measures[name]();
    return round;
  });
}

/** How many times the speed of B the speed of A is, in each round. */
export function speedRatios<Name extends string>(rounds: Rounds<Name>, a: Name, b: Name): number[] {
  return rounds.map((round) => round[b] / round[a]);
}
