/**
 * What slots run, from the driver's state. Pure.
 */

import { asBytes, lenientTextOfBytes } from '../base/byte-string.ts';
import { mostRunningTasks, shownCommand, type RunningTask, type RunningTasks } from '../contract/running.ts';
import { isPresent, type DriverState, type EngineState, type RunningTask as Occupant } from './state.ts';

/**
 * @param ranks - of engines; undefined: all of them
 * @param limit - the most that is told; of more, those that have been running longest
 */
export function runningTasks(
  state: DriverState,
  ranks: readonly number[] | undefined,
  limit: number,
  now: number,
): RunningTasks {
  const asked =
    ranks === undefined ? [...state.engines.values()] : ranks.flatMap((rank) => state.engines.get(rank) ?? []);
  const engines = asked.filter(isPresent);
  const total = engines.reduce((sum, { running }) => sum + running.size, 0);
  const most = Math.max(0, Math.min(limit, mostRunningTasks));
  const { latest, ofLatest } = most < total ? lastOfFirst(most, engines, total) : { latest: Infinity, ofLatest: 0 };
  let room = ofLatest;
  const chosen: (readonly [EngineState, number, Occupant])[] = [];
  for (const engine of engines) {
    for (const [slot, occupant] of engine.running) {
      if (occupant.since < latest || (occupant.since === latest && room-- > 0)) chosen.push([engine, slot, occupant]);
    }
  }
  chosen.sort(([, , a], [, , b]) => a.since - b.since);
  return { now, total, tasks: chosen.map((each) => sight(...each)) };
}

/**
 * When the last of the `most` began that have been running longest, and how many of them began then. Hundreds of thousands
 * may run, and the driver has other things to do: numbers are sorted ten times as fast as tasks.
 */
function lastOfFirst(
  most: number,
  engines: readonly EngineState[],
  total: number,
): { readonly latest: number; readonly ofLatest: number } {
  if (most === 0) return { latest: -Infinity, ofLatest: 0 };
  const begun = new Float64Array(total);
  let place = 0;
  for (const { running } of engines) for (const { since } of running.values()) begun[place++] = since;
  begun.sort();
  const latest = begun[most - 1] as number;
  return { latest, ofLatest: most - begun.indexOf(latest) };
}

function sight(engine: EngineState, slot: number, { task, since }: Occupant): RunningTask {
  const { kind, taskId, lineNumber, command } = task;
  // A character takes four bytes at most.
  const text = lenientTextOfBytes(asBytes(command.slice(0, shownCommand * 4)));
  return {
    ...{ engine: engine.rank, slot, kind, taskId, lineNumber, since },
    repeatIndex: kind === 'task' ? task.repeatIndex : -1,
    command: [...text].slice(0, shownCommand).join(''),
  };
}
