/**
 * The library as it is built, and what tests of it look at: what is left in this process, and what a task came to.
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type * as Library from '../../src/library/index.ts';
import { until } from '../support/run-disbatch.ts';

const dist = resolve(import.meta.dirname, '../../dist');

/** The front for ES modules. */
export const builtFront = join(dist, 'library.mjs');

export type { Library };

export const { DisBatcher, DisbatchError } = (await import(builtFront)) as typeof Library;

/** Processes that this one has started and not been told the end of. */
export function children(): number[] {
  return readdirSync('/proc/self/task').flatMap((thread) => {
    const text = readFileSync(`/proc/self/task/${thread}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  });
}

/** Files of a folder that this process has open. */
export function openFiles(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(folder) ? [target] : [];
    } catch {
      // The folder itself, while it is read.
      return [];
    }
  });
}

/** What of a library's run keeps a program alive: sockets, processes, timers and requests; what the tests have is left out. */
export function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Waits for the end of what the test itself has under way. */
export async function untilAsBefore(before: Readonly<Record<string, number>>): Promise<void> {
  const more = (): string[] =>
    Object.entries(resources()).flatMap(([name, n]) => (n > (before[name] ?? 0) ? [name] : []));
  await until('nothing is left of the run in this process', () => more().length === 0, 5);
}

/** What a task came to: its exit code, or the code of the error. */
export async function fateOf(run: Library.DisBatcher, taskId: number): Promise<number | string> {
  try {
    return (await run.result(taskId)).exitCode;
  } catch (error) {
    if (!(error instanceof DisbatchError)) throw error;
    return error.code;
  }
}
