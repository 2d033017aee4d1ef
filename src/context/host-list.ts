/**
 * Lists of hosts with cores (`-s`, DISBATCH_SSH_NODELIST), and the slots that they give. Pure. Source: the original.
 */

import { DisbatchError } from '../base/errors.ts';
import type { NodePlan, SlotOptions } from './context.ts';

/** A host and its cores. */
export interface Host {
  readonly name: string;
  readonly cores: number;
}

/**
 * Reads `HOST:CORES[,HOST:CORES…]`, several lists joined. `localhost` is this host by its name; a host named twice has its
 * cores summed; empty items are passed over.
 *
 * @param origin - what the list came from, as one writes it before a list: "-s " or "VARIABLE="
 * @throws DisbatchError usage for an item that is not HOST:CORES
 */
export function parseHostList(lists: readonly string[], thisHost: string, origin: string): Host[] {
  const name = origin.replace(/[ =]$/, '');
  const cores = new Map<string, number>();
  for (const item of lists.join(',').split(',')) {
    const text = item.trim();
    if (text === '') continue;
    const match = /^(.+):\s*(\d+)$/.exec(text);
    if (match === null) {
      throw new DisbatchError(
        'usage',
        `${name}: "${text}" is not HOST:CORES. Write, for example, ${origin}localhost:4.`,
      );
    }
    const host = match[1] === 'localhost' ? thisHost : (match[1] as string);
    cores.set(host, (cores.get(host) ?? 0) + Number(match[2]));
  }
  if (cores.size === 0) {
    throw new DisbatchError('usage', `${name} names no host. Write, for example, ${origin}localhost:4.`);
  }
  return [...cores].map(([name, count]) => ({ name, cores: count }));
}

/** Whether two names are the same host: what follows the first dot does not count. Source: the original. */
export function sameHost(a: string, b: string): boolean {
  return a.split('.', 1)[0] === b.split('.', 1)[0];
}

/** The slots of a host: `-t`, or as many tasks as its cores hold. */
export function planNode(host: Host, options: SlotOptions): NodePlan {
  const slots = options.tasksPerNode ?? floorDivide(host.cores, options.cpusPerTask ?? 1);
  const coresPerTask = slots === 0 ? host.cores : Math.floor(host.cores / slots);
  return { name: host.name, cores: host.cores, slots, coresPerTask };
}

/** Python's `a // b` for floats, which the original uses: exact about what fits, so 1 // 0.1 is 9. */
export function floorDivide(a: number, b: number): number {
  const quotient = (a - (a % b)) / b;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}
