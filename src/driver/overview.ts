/**
 * The run with its contexts and engines, from the driver's state. Pure.
 */

import type { BarrierOverview, EngineOverview, RunOverview } from '../contract/overview.ts';
import type { Barrier } from '../task/task.ts';
import type { DriverState, EngineState } from './state.ts';

/** What of the overview is not in the state. */
export interface OverviewFrame {
  readonly prefix: string;
  readonly taskName: string;
  readonly total: number | undefined;
  readonly start: number;
  readonly now: number;
}

export function runOverview(state: DriverState, { prefix, taskName, total, start, now }: OverviewFrame): RunOverview {
  const { counts, runningTasks, unsettled, phase, end, slots, streamEnded, barrier } = state;
  const { finished, failed, skipped, skippedFailed, perEngineFailed, barriers, taskSeconds } = counts;
  return {
    ...{ prefix, taskName, phase, end: end?.why, start, now, slots, streamEnded, barriers },
    barrier: barrier === undefined ? undefined : waitsAt(barrier.barrier, barrier.since),
    // Those in doubt have ended, and count as running until it is known how.
    tasks: {
      total,
      finished,
      failed,
      skipped,
      skippedFailed,
      perEngineFailed,
      taskSeconds,
      running: runningTasks + state.doubted.size,
      lost: lostOf(state, unsettled),
    },
    contexts: [...state.contexts.values()].map(({ rank, label, host, pid, assigned, taskLimit, left }) => ({
      ...{ rank, label, host, pid, assigned, taskLimit, left },
    })),
    engines: [...state.engines.values()].map(engineOverview),
  };
}

function waitsAt({ taskId, lineNumber }: Barrier, since: number): BarrierOverview {
  return { taskId, lineNumber, since };
}

function lostOf(state: DriverState, unsettled: number): number {
  return unsettled - state.runningTasks - state.doubted.size;
}

function engineOverview(engine: EngineState): EngineOverview {
  const { rank, context, node, hostname, pid, slots, assigned, finished, failed, lastAt } = engine;
  const stage = engine.stage === 'working' && engine.draining ? 'draining' : engine.stage;
  const running = [...engine.running.values()].filter(({ task }) => task.kind === 'task').length;
  return {
    rank,
    context: context.rank,
    node,
    hostname,
    pid,
    slots,
    stage,
    running,
    assigned,
    finished,
    failed,
    last: lastAt,
  };
}
