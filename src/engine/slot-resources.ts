/**
 * Shares the comma lists of environment variables out over the slots of an engine (`-g`, `-E`): slot k gets the k-th
 * element. Pure. Source: the original's documentation; a resource manager that has given each slot its own comes first.
 */

import { perEngineSlot } from '../contract/messages.ts';
import { gpuVariables } from '../contract/run-info.ts';
import type { Variable } from './task-env.ts';

export interface SharedOut {
  /** How many slots there is enough for. */
  readonly slots: number;
  /** What is set for the tasks of a slot. The per-engine tasks get what the first slot gets. */
  variables(slot: number): Variable[];
  /** For the user. */
  readonly notes: readonly string[];
}

/** What CUDA_VISIBLE_DEVICES says on a node where no GPU was given. Source: Slurm's gres/gpu. */
const noGpu = 'NoDevFiles';

/**
 * @param names - the variables
 * @param slots - how many slots are wanted
 * @param lookUp - the value that the launcher of a slot has found in its environment
 * @param own - each slot already has its own, whatever the values look like
 */
export function shareOut(
  names: readonly string[],
  slots: number,
  lookUp: (slot: number, name: string) => string | undefined,
  own: boolean,
): SharedOut {
  const lists = new Map<string, string[]>();
  const notes: string[] = [];
  let enough = slots;
  for (const name of own ? [] : names) {
    const values = Array.from({ length: slots }, (_, slot) => lookUp(slot, name));
    const [first] = values;
    // Different values are the slots' own already.
    if (values.some((value) => value !== first)) continue;
    if (first === undefined || first === '' || first === noGpu) {
      const note = missing(name, names, (other) => lookUp(0, other));
      if (note !== undefined) notes.push(note);
      continue;
    }
    const list = first.split(',');
    lists.set(name, list);
    enough = Math.min(enough, list.length);
  }
  for (const [name, list] of lists) {
    // The two names for GPUs usually say the same.
    if (name === gpuVariables[1] && String(lists.get(gpuVariables[0] as string)) === String(list)) continue;
    if (list.length < slots) {
      notes.push(
        `${name} has ${counted(list.length, 'element')} for ${slots} slots; only ${list.length} of these are used`,
      );
    } else if (list.length > enough) {
      notes.push(
        `${name} has ${list.length} elements for ${counted(enough, 'slot')}; ${list.slice(enough).join(',')} stays unused`,
      );
    }
  }
  return {
    slots: enough,
    variables: (slot) =>
      [...lists].map(([name, list]): Variable => [name, list[slot === perEngineSlot ? 0 : slot] ?? '']),
    notes,
  };
}

/** Of the two names for GPUs one is enough. */
function missing(
  name: string,
  names: readonly string[],
  lookUp: (name: string) => string | undefined,
): string | undefined {
  const isGpu = gpuVariables.includes(name) && gpuVariables.every((each) => names.includes(each));
  if (!isGpu) return `${name} is not set there, so there is nothing to share out`;
  if (gpuVariables.some((each) => ![undefined, '', noGpu].includes(lookUp(each)))) return undefined;
  // Said once for both.
  if (name !== gpuVariables[0]) return undefined;
  return `no GPUs are named there (${gpuVariables.join(' and ')} are not set), so there are none to share out`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
