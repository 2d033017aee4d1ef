/**
 * What a bench says: one line for each figure, and whether it is what is wanted. Shared by all benches.
 *
 * Always true: a figure that is wanted and missed makes the exit status 1; what could not be measured is said in a line.
 */

import { availableParallelism, loadavg } from 'node:os';

/** The bound that a figure is held against. */
export type Wanted = { readonly atLeast: number } | { readonly atMost: number } | { readonly below: number };

/** The middle value; of an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] as number;
  return Number.isInteger(middle) ? ((sorted[middle - 1] as number) + upper) / 2 : upper;
}

/** A line about the ratios of pairs that were measured one after the other: their median counts. */
export function sayRatio(what: string, ratios: readonly number[], wanted?: Wanted): void {
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
  const pairs = `median of ${ratios.length} pairs, ${low.toFixed(2)}-${high.toFixed(2)}`;
  const middle = median(ratios);
  if (wanted === undefined) say(`${what}: ${middle.toFixed(2)} (${pairs})`);
  else say(`${what}: ${middle.toFixed(2)} (${pairs}; wanted ${boundOf(wanted)}): ${judge(middle, wanted)}`);
}

/** A line about one amount. */
export function sayAmount(what: string, amount: number, unit: string, wanted: Wanted): void {
  say(`${what}: ${shown(amount)} ${unit} (wanted ${boundOf(wanted)} ${unit}): ${judge(amount, wanted)}`);
}

/** A line about something that either holds or does not. */
export function sayWhether(what: string, holds: boolean): void {
  say(`${what}: ${holds ? 'ok' : miss()}`);
}

/** A line to read beside the others. */
export function say(line: string): void {
  console.log(line);
}

/** How busy the machine is: what a figure is worth depends on it. */
export function sayLoad(): void {
  const load = loadavg()[0] as number;
  say(`load ${load.toFixed(1)} on ${availableParallelism()} cores, Node ${process.versions.node}`);
}

/** A number as a person reads it: 1,234,567 or 0.123. */
export function shown(amount: number): string {
  const digits = Math.abs(amount) < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 };
  return amount.toLocaleString('en-US', digits);
}

function boundOf(wanted: Wanted): string {
  if ('atLeast' in wanted) return `at least ${wanted.atLeast}`;
  return 'atMost' in wanted ? `at most ${wanted.atMost}` : `below ${wanted.below}`;
}

function judge(amount: number, wanted: Wanted): string {
  const holds =
    'atLeast' in wanted
      ? amount >= wanted.atLeast
      : 'atMost' in wanted
        ? amount <= wanted.atMost
        : amount < wanted.below;
  return holds ? 'ok' : miss();
}

function miss(): string {
  process.exitCode = 1;
  return 'MISSED';
}
