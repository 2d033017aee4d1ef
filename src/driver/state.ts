/**
 * The state of a run as the driver's core keeps it, and what is always true of it. Pure.
 *
 * Phases of a run:   running ──► closing ──► over
 *                       │           ▲ │
 *                       └► killing ─┘ └► killing (a signal while it closes)
 *   running  items are pulled, tasks handed out
 *   closing  nothing is handed out any more; engines whose tasks have ended run their STOP tasks and leave
 *   killing  engines were told to end their tasks; each leaves when it has, without STOP tasks after a signal
 *   over     every engine has left
 *
 * Stages of an engine: starting (START tasks) ─► working ─► stopping (STOP tasks) ─► leaving ─► gone; `ending` while it
 * ends its tasks.
 */

import { Deque } from '../base/deque.ts';
import type { RunnableTask } from '../contract/messages.ts';
import { perEngineSlot } from '../contract/messages.ts';
import type { RunCounts, RunEnd } from '../contract/snapshot.ts';
import type { StatusRecord } from '../task/status-record.ts';
import type { Barrier, PerEngineTask, Task } from '../task/task.ts';

/** A task that a resume does not run again: its record, and whether the feeder has put it into the status file already. */
export interface Skip {
  readonly kind: 'skip';
  readonly record: StatusRecord;
  readonly written: boolean;
}

/** What the feeder hands to the core, in the order of the stream. */
export type FeedItem = Task | Barrier | PerEngineTask | Skip;

/** An item that waits for its turn. */
export type PendingItem = Task | Barrier | Skip;

export type EngineStage = 'starting' | 'working' | 'stopping' | 'ending' | 'leaving' | 'gone';

export interface RunningTask {
  readonly task: RunnableTask;
  since: number;
}

export interface EngineState {
  readonly rank: number;
  readonly node: string;
  readonly pid: number;
  readonly slots: number;
  stage: EngineStage;
  /** How many of the START, or STOP, tasks have been given to it. */
  perEngineGiven: number;
  /** What each busy slot runs, and since when (seconds since 1970); perEngineSlot for a per-engine task. */
  readonly running: Map<number, RunningTask>;
}

export interface FreeSlot {
  readonly engine: EngineState;
  readonly slot: number;
}

export interface DriverOptions {
  readonly failFast: boolean;
  /** Milliseconds between TERM and KILL. */
  readonly graceMs: number;
  /** At the end of the run, end what tasks left running. */
  readonly endBackground: boolean;
  /** The driver's own host and PID: they stand in the records of barriers. */
  readonly node: string;
  readonly pid: number;
}

export interface DriverState {
  readonly options: DriverOptions;
  phase: 'running' | 'closing' | 'killing' | 'over';
  /** Why the run leaves the phase `running`. */
  end: RunEnd | undefined;
  readonly engines: Map<number, EngineState>;
  /** Engines that have not gone, and the slots of all that ever worked. */
  present: number;
  slots: number;
  /** Free slots of working engines, the longest free first. Slots of engines that work no more are dropped when taken. */
  readonly free: Deque<FreeSlot>;
  readonly perEngine: { readonly start: PerEngineTask[]; readonly stop: PerEngineTask[] };
  /** All per-engine tasks are known: another item, or the end of the stream, has come. Until then no engine starts. */
  perEngineKnown: boolean;
  readonly pending: Deque<PendingItem>;
  /** Items asked of the feeder that have not come. */
  requested: number;
  streamEnded: boolean;
  /** The barrier at the head of pending, once it was reached, and since when it waits. */
  barrier: { readonly barrier: Barrier; readonly since: number } | undefined;
  /** Ordinary tasks in slots. */
  runningTasks: number;
  failedSinceBarrier: number;
  readonly counts: RunCounts;
  readonly failures: StatusRecord[];
}

/** How many failures are kept for the summary. */
export const keptFailures = 5;

export function newState(options: DriverOptions): DriverState {
  return {
    options,
    phase: 'running',
    end: undefined,
    engines: new Map(),
    present: 0,
    slots: 0,
    free: new Deque(),
    perEngine: { start: [], stop: [] },
    perEngineKnown: false,
    pending: new Deque(),
    requested: 0,
    streamEnded: false,
    barrier: undefined,
    runningTasks: 0,
    failedSinceBarrier: 0,
    counts: {
      finished: 0,
      failed: 0,
      skipped: 0,
      skippedFailed: 0,
      interrupted: 0,
      perEngineFailed: 0,
      barriers: 0,
      taskSeconds: 0,
    },
    failures: [],
  };
}

/** Throws when the state contradicts itself. For tests and simulations: it looks at everything. */
export function checkInvariants(state: DriverState): void {
  const check = (holds: boolean, what: string): void => {
    if (!holds) throw new Error(`invariant broken: ${what}`);
  };
  let running = 0;
  const present = [...state.engines.values()].filter((engine) => engine.stage !== 'gone').length;
  check(present === state.present, 'present engines are counted');
  for (const engine of state.engines.values()) {
    for (const [slot, { task }] of engine.running) {
      check((slot === perEngineSlot) === (task.kind === 'per-engine'), 'per-engine tasks run in their own slot');
      check(slot < engine.slots, 'a task runs in a slot that exists');
      if (task.kind === 'task') running++;
    }
    if (engine.stage === 'gone' || engine.stage === 'leaving')
      check(engine.running.size === 0, 'who leaves runs nothing');
    if (engine.stage === 'starting' || engine.stage === 'stopping') {
      check(
        [...engine.running.keys()].every((slot) => slot === perEngineSlot),
        'START and STOP run alone',
      );
    }
  }
  check(running === state.runningTasks, 'running tasks are counted');
  const free = new Set<string>();
  for (const { engine, slot } of state.free) {
    if (engine.stage !== 'working') continue;
    const name = `${engine.rank}/${slot}`;
    check(!free.has(name), 'a free slot is listed once');
    check(!engine.running.has(slot), 'a free slot runs nothing');
    free.add(name);
  }
  for (const engine of state.engines.values()) {
    if (engine.stage !== 'working' || state.phase !== 'running') continue;
    for (let slot = 0; slot < engine.slots; slot++) {
      check(engine.running.has(slot) || free.has(`${engine.rank}/${slot}`), 'a slot is free or busy');
    }
  }
  if (state.barrier !== undefined)
    check(state.pending.peek() === state.barrier.barrier, 'the barrier waits at the head');
  if (state.phase === 'running') {
    const idle = state.pending.length > 0 && state.barrier === undefined && free.size > 0;
    check(!idle, 'no slot is free while a task could run');
  } else {
    check(state.end !== undefined, 'there is a reason to end');
  }
  if (state.phase === 'over') {
    check(
      [...state.engines.values()].every((engine) => engine.stage === 'gone'),
      'all engines have left at the end',
    );
  }
}
