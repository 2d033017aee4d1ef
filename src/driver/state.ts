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
 * Stages of an engine: launching ─► starting (START tasks) ─► working ─► stopping (STOP tasks) ─► leaving ─► gone;
 * `ending` while it ends its tasks; `lost` when it has vanished or fallen silent, from which it may come back to working.
 *
 * A task that was lost with its engine: held (it may still run) ─► again (known to be dead) ─► running elsewhere; `settled`
 * when a report came after all, it was given up, or the run ended before.
 */

import { Deque } from '../base/deque.ts';
import type { Outcome, RunnableTask } from '../contract/messages.ts';
import type { RunCounts, RunEnd } from '../contract/snapshot.ts';
import type { StatusRecord } from '../task/status-record.ts';
import type { Barrier, PerEngineTask, Task } from '../task/task.ts';
import type { BrokenAttempt } from './task-facts.ts';

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

export type EngineStage = 'launching' | 'starting' | 'working' | 'stopping' | 'ending' | 'leaving' | 'lost' | 'gone';

export interface RunningTask {
  readonly task: RunnableTask;
  since: number;
}

/** A task whose engine was lost while it ran. */
export interface LostTask {
  readonly task: Task;
  readonly engine: EngineState;
  readonly slot: number;
  /** When it was started there, in seconds since 1970. */
  readonly since: number;
  /** From then on it is dead for certain: the engine's lease has ended. Seconds since 1970. */
  readonly deadAt: number;
  /** It was being ended: a failure is then not its own doing. */
  readonly ending: boolean;
  fate: 'held' | 'again' | 'running' | 'settled';
}

export interface EngineState {
  readonly rank: number;
  readonly context: ContextState;
  /** As the context names it: for messages. */
  readonly node: string;
  /** What it calls itself, for records; and its PID, 0 until it has joined. */
  hostname: string;
  pid: number;
  slots: number;
  stage: EngineStage;
  /** It gets no more tasks, and leaves when those that it has are done. */
  draining: boolean;
  /** Its node can be given back as soon as nothing is left for it. */
  readonly retires: boolean;
  /** Who ends it from outside, in words. */
  interruption: string | undefined;
  /** Whether it ends its tasks by itself when it has not heard from the driver for the lease time: over a connection. */
  readonly leased: boolean;
  /** Whether its connection is there: a lost engine that has one may come back. */
  linked: boolean;
  /** It was lost, has told that none of its tasks runs, and was asked to work again. */
  returning: boolean;
  /** When its lease was last prolonged, in seconds since 1970. */
  heardAt: number;
  /** How often it has begun to work: free slots of an earlier time do not count. */
  beginnings: number;
  /** What it ran when it was lost, by slot. */
  readonly lost: Map<number, LostTask>;
  /** When it joined and when something was last heard of it, in seconds since 1970; and its tasks. For monitors. */
  joinedAt: number;
  lastAt: number;
  assigned: number;
  finished: number;
  failed: number;
  /** How many of the START, or STOP, tasks have been given to it. */
  perEngineGiven: number;
  /** What each busy slot runs, and since when (seconds since 1970); perEngineSlot for a per-engine task. */
  readonly running: Map<number, RunningTask>;
}

export interface ContextState {
  readonly rank: number;
  readonly label: string;
  readonly host: string;
  readonly pid: number;
  readonly engines: EngineState[];
  /** It is stopped softly when it has been given so many tasks; 0: no limit. */
  readonly taskLimit: number;
  assigned: number;
  /** Its resource manager may end its tasks by a signal, before engines or driver know of it. */
  readonly revocable: boolean;
  /** It was told to leave, or is gone. */
  left: boolean;
}

/** What an engine has run, or was to run, in one of its slots, and how it ended there. */
export interface EndedTask {
  readonly engine: EngineState;
  readonly slot: number;
  readonly task: RunnableTask;
  readonly outcome: Outcome;
}

/** A task that has failed, perhaps since its node was taken back. */
export interface DoubtedFailure extends EndedTask {
  readonly task: Task;
  /** From then on it counts, in seconds since 1970. */
  readonly until: number;
}

export interface FreeSlot {
  readonly engine: EngineState;
  readonly slot: number;
  /** The engine's `beginnings` when the slot became free. */
  readonly beginning: number;
}

export interface DriverOptions {
  readonly failFast: boolean;
  /** Milliseconds between TERM and KILL. */
  readonly graceMs: number;
  /** At the end of the run, end what tasks left running. */
  readonly endBackground: boolean;
  /** Seconds, see leaseTimes: an engine's lease; how much longer until its tasks are dead; how long it may be silent. */
  readonly lease: number;
  readonly leaseMargin: number;
  readonly patience: number;
  /** How often a task that was lost is run again; undefined: it is recorded as lost at once. */
  readonly maxLost: number | undefined;
  /** Contexts may come at any time: it waits for them when no engine is left. */
  readonly awaitsContexts: boolean;
  /** The driver's own host and PID: they stand in the records of barriers. */
  readonly node: string;
  readonly pid: number;
}

export interface DriverState {
  readonly options: DriverOptions;
  phase: 'running' | 'closing' | 'killing' | 'over';
  /** Why the run leaves the phase `running`. */
  end: RunEnd | undefined;
  readonly contexts: Map<number, ContextState>;
  /** By rank; a rank is never used again. */
  readonly engines: Map<number, EngineState>;
  /** Engines that are neither lost nor gone; and the slots of those that work. */
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
  /** Lost tasks that may still run. */
  readonly held: Set<LostTask>;
  /** Lost tasks that are to run again, before anything that is pending; those that are settled are passed over. */
  readonly again: Deque<LostTask>;
  /** Failures that may not be the tasks' own, in the order of time. */
  readonly doubted: Set<DoubtedFailure>;
  /** Ordinary tasks that were handed out and are not settled: in slots, held, doubted, or to run again. */
  unsettled: number;
  /** Starts of unsettled tasks that came to nothing, by task id; and how often such a task was lost. */
  readonly broken: Map<number, { losses: number; readonly attempts: BrokenAttempt[] }>;
  failedSinceBarrier: number;
  /** The user has been told of a first output that could not be kept. */
  toldOfCut: boolean;
  /** Everything has been handed out, and nothing is known that may have to run again. */
  nothingLeft: boolean;
  /** Contexts that have just been given as many tasks as they take. */
  readonly full: ContextState[];
  /** No engine is there, and the user has been told. */
  lonely: boolean;
  /** Why the last engine that is gone went, for the sentence when none is left. */
  lastProblem: string | undefined;
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
    contexts: new Map(),
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
    held: new Set(),
    again: new Deque(),
    doubted: new Set(),
    unsettled: 0,
    broken: new Map(),
    failedSinceBarrier: 0,
    toldOfCut: false,
    nothingLeft: false,
    full: [],
    lonely: false,
    lastProblem: undefined,
    counts: {
      finished: 0,
      failed: 0,
      skipped: 0,
      skippedFailed: 0,
      interrupted: 0,
      rerun: 0,
      late: 0,
      perEngineFailed: 0,
      barriers: 0,
      taskSeconds: 0,
    },
    failures: [],
  };
}

/** Whether an engine is part of the run: it may be given something, or has something to do. */
export function isPresent(engine: EngineState): boolean {
  return engine.stage !== 'lost' && engine.stage !== 'gone';
}
