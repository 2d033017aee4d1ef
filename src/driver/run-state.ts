/**
 * The state of a run as programs find it in the store, under `DisBatch status`. Pure. Source of the fields: the original.
 */

import type { DriverState, EngineStage } from './state.ts';

/** An engine, as programs see it. Times in seconds since 1970. */
export interface EngineSight {
  readonly rank: number;
  readonly cRank: number;
  readonly hostname: string;
  readonly pid: number;
  /** Slots that take tasks. */
  readonly active: number;
  readonly assigned: number;
  readonly finished: number;
  readonly failed: number;
  readonly start: number;
  /** When it was heard of last. */
  readonly last: number;
  readonly status: 'running' | 'stopping' | 'stopped';
}

export interface RunState {
  readonly more: 'More tasks.' | 'No more tasks.';
  readonly barriers: number;
  readonly currentReturnCode: number;
  readonly activeCylinders: number;
  readonly contexts: Readonly<Record<string, { readonly rank: number; readonly label: string }>>;
  readonly engines: Readonly<Record<string, EngineSight>>;
}

const statusOf: Readonly<Record<EngineStage, EngineSight['status']>> = {
  launching: 'running',
  starting: 'running',
  working: 'running',
  stopping: 'stopping',
  ending: 'stopping',
  leaving: 'stopping',
  lost: 'stopped',
  gone: 'stopped',
};

export function runState(state: DriverState): RunState {
  const engines: Record<string, EngineSight> = {};
  let activeCylinders = 0;
  for (const engine of state.engines.values()) {
    // Who never came is none that a monitor could show.
    if (engine.pid === 0) continue;
    const { rank, hostname, pid, assigned, finished, failed } = engine;
    const status = engine.draining && engine.stage === 'working' ? 'stopping' : statusOf[engine.stage];
    const active = status === 'running' ? engine.slots : 0;
    activeCylinders += active;
    const times = { start: engine.joinedAt, last: engine.lastAt };
    engines[rank] = {
      rank,
      cRank: engine.context.rank,
      hostname,
      pid,
      active,
      assigned,
      finished,
      failed,
      ...times,
      status,
    };
  }
  const contexts = [...state.contexts.values()].map(({ rank, label }) => [rank, { rank, label }] as const);
  const { counts } = state;
  return {
    more: state.streamEnded ? 'No more tasks.' : 'More tasks.',
    barriers: counts.barriers,
    currentReturnCode: counts.failed + counts.perEngineFailed > 0 ? 1 : 0,
    activeCylinders,
    contexts: Object.fromEntries(contexts),
    engines,
  };
}
