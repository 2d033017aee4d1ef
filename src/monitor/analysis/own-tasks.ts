/**
 * The tasks that one or several runs have run themselves, to be gone through by what reckons with them. Pure.
 *
 * Always true: nodes of one name are one node, in whichever table they stand; no record but of an own task is visited.
 */

import type { RecordTable } from '../records/record-table.ts';

/** A table of records, and which of its own tasks are meant: those that are not 0 by their index; all without it. */
export interface Part {
  readonly table: RecordTable;
  readonly meant?: Uint8Array | undefined;
}

/** @param node - its number in `nodes`
 *  @param part - the number of the part that the table is of */
export type Visit = (table: RecordTable, index: number, node: number, part: number) => void;

export class OwnTasks {
  /** In the order in which they come up. */
  readonly nodes: string[] = [];
  /** How many there are. */
  readonly count: number;
  /** The time of the tasks of each node, in seconds. */
  readonly seconds: Float64Array;
  private readonly numbers = new Map<string, number>();
  private readonly parts: readonly Part[];
  /** For each part, the number in `nodes` of each of its table's nodes. */
  private readonly nodesOfParts: readonly Uint32Array[];

  constructor(parts: readonly Part[]) {
    this.parts = parts;
    this.nodesOfParts = parts.map(({ table }) => Uint32Array.from(table.nodes, (node) => this.numberOf(node)));
    this.seconds = new Float64Array(this.nodes.length);
    let count = 0;
    this.each((table, index, node) => {
      count++;
      this.seconds[node] = (this.seconds[node] as number) + table.elapsed(index);
    });
    this.count = count;
  }

  /** Part by part, in the order of the tables. */
  each(visit: Visit): void {
    for (const [part, { table, meant }] of this.parts.entries()) {
      const nodes = this.nodesOfParts[part] as Uint32Array;
      for (let index = 0; index < table.length; index++) {
        if (!table.isOwnTask(index) || (meant !== undefined && meant[index] === 0)) continue;
        visit(table, index, nodes[table.node(index)] as number, part);
      }
    }
  }

  /** Its number in `nodes`; undefined: there is no such node. */
  find(node: string): number | undefined {
    return this.numbers.get(node);
  }

  private numberOf(node: string): number {
    const known = this.numbers.get(node);
    if (known !== undefined) return known;
    this.numbers.set(node, this.nodes.length);
    return this.nodes.push(node) - 1;
  }
}
