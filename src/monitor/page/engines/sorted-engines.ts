/**
 * Engines as their table wants them: those that are looked for, in an order. Pure.
 */

import type { EngineOverview } from '../../../contract/overview.ts';

export type EngineColumn = 'rank' | 'node' | 'stage' | 'slots' | 'running' | 'finished' | 'failed' | 'last';

export function sortedEngines(
  engines: readonly EngineOverview[],
  text: string,
  column: EngineColumn,
  isDown: boolean,
): EngineOverview[] {
  const wanted = text.trim().toLowerCase();
  const found =
    wanted === ''
      ? engines
      : engines.filter(({ node, hostname, stage, rank }) =>
          [node, hostname, stage, String(rank)].some((field) => field.toLowerCase().includes(wanted)),
        );
  const by = (a: EngineOverview, b: EngineOverview): number => {
    const [one, other] = [a[column], b[column]];
    const difference =
      typeof one === 'number' && typeof other === 'number'
        ? one - other
        : String(one).localeCompare(String(other), 'en', { numeric: true });
    return (isDown ? -difference : difference) || a.rank - b.rank;
  };
  return [...found].sort(by);
}

/** It takes part in the run, or is about to. */
export function isThere({ stage }: EngineOverview): boolean {
  return stage !== 'gone' && stage !== 'lost';
}
