/**
 * By what each table can be sorted. Pure. The first of a list is how it begins.
 */

export const engineSorts = ['rank', 'context', 'host', 'state', 'heard', 'busy', 'done', 'failed'] as const;
export const runningSorts = ['for', 'host', 'task', 'command'] as const;
export const failedSorts = ['newest', 'task', 'host', 'how', 'took'] as const;

export type EngineSort = (typeof engineSorts)[number];
export type RunningSort = (typeof runningSorts)[number];
export type FailedSort = (typeof failedSorts)[number];

/** Compares two values of a kind. */
export function compare<Value extends number | string>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
