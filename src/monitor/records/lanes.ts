/**
 * Which tasks ran beside each other: each is put into a lane of its node as its record comes, so that no two in a lane
 * overlap. Pure. The status file does not say in which slot a task ran; lanes are as many as tasks ran at once.
 *
 * Records come in the order of their ends. So a task goes into the lane that has been free for the shortest time: that takes
 * as few lanes as there can be. A record that comes late, since the driver has doubted a failure for a moment, goes into the
 * gap that its task has left. Always true: within a lane both starts and ends grow.
 */

import { Column } from './column.ts';
import type { RecordTable } from './record-table.ts';

/** Times are rounded to milliseconds, and a task may begin within that in which another ended. */
export const overlapSeconds = 0.002;

const stepLength = 5000;

/** Room of a new lane, in tasks. A thousand nodes have a hundred thousand lanes, most of them short. */
const firstLength = 16;

/** How many tasks of a lane are looked at from its end, for a gap. */
const lookBack = 256;

export interface Lane {
  /** Of records in the table. */
  readonly indices: Column;
  /** How many of the tasks up to this one, with it, have failed. */
  readonly failures: Column;
  /** When its last task ended. */
  free: number;
}

export class Lanes {
  /** By the number of the node in the table; a node without tasks has none. */
  readonly nodes: Lane[][] = [];
  private taken = 0;

  /** Takes in what has come into the table; gives way now and then. After a table was cleared, begin with other Lanes. */
  *catchUp(table: RecordTable): Generator<void, void> {
    while (this.taken < table.length) {
      const index = this.taken++;
      const kind = table.kind(index);
      if (kind === 'task' || kind === 'per-engine') this.put(table, index);
      if (index % stepLength === 0) yield;
    }
  }

  private put(table: RecordTable, index: number): void {
    const node = table.node(index);
    while (this.nodes.length <= node) this.nodes.push([]);
    const lanes = this.nodes[node] as Lane[];
    const start = table.start(index);
    const finish = table.finish(index);
    if (lanes.some(({ free }) => free > finish + overlapSeconds) && this.fillGap(table, lanes, index)) return;
    let best: Lane | undefined;
    for (const lane of lanes) {
      if (lane.free <= start + overlapSeconds && (best === undefined || lane.free > best.free)) best = lane;
    }
    if (best === undefined) {
      best = { indices: newColumn(), failures: newColumn(), free: 0 };
      lanes.push(best);
    }
    const before = best.failures.length === 0 ? 0 : best.failures.at(best.failures.length - 1);
    best.indices.push(index);
    best.failures.push(before + (table.hasFailed(index) ? 1 : 0));
    best.free = Math.max(best.free, finish);
  }

  /** @returns whether there was a gap for it */
  private fillGap(table: RecordTable, lanes: readonly Lane[], index: number): boolean {
    const [start, finish] = [table.start(index), table.finish(index)];
    for (const { indices, failures } of lanes) {
      const least = Math.max(0, indices.length - lookBack);
      for (let place = indices.length - 1; place >= least; place--) {
        if (finish > table.start(indices.at(place)) + overlapSeconds) break;
        if (place > 0 && table.finish(indices.at(place - 1)) > start + overlapSeconds) continue;
        const before = place === 0 ? 0 : failures.at(place - 1);
        indices.insert(place, index);
        failures.insert(place, before);
        if (table.hasFailed(index))
          for (let each = place; each < failures.length; each++) failures.set(each, failures.at(each) + 1);
        return true;
      }
    }
    return false;
  }
}

function newColumn(): Column {
  return new Column(Uint32Array, firstLength);
}
