/**
 * What the driver says to engines and contexts, and they to it; and what an engine reports of a task. Pure.
 *
 * Each direction is a union with one variant for each message; a new message is a variant here and a handler on the other
 * side, and the compiler names what is missing. Messages of one sender arrive in the order in which they were sent. Their
 * form on a connection is in wire.ts.
 */

import { noBytes, type ByteString } from '../base/byte-string.ts';
import type { PerEngineTask, Task } from '../task/task.ts';
import type { RunOverview } from './overview.ts';
import type { RunningTasks } from './running.ts';

/** The slot number of per-engine tasks. Source: the original's DISBATCH_CYLINDER_RANK. */
export const perEngineSlot = -1;

/** An output that nothing was written to. */
export const nothingWritten: OutputSample = { bytes: 0, head: noBytes, tail: noBytes, fileError: 0 };

/** What an engine can be given to run. */
export type RunnableTask = Task | PerEngineTask;

/** What a task wrote to one of its outputs: how many bytes, up to 40 of the first, up to 40 of the last of the rest. */
export interface OutputSample {
  readonly bytes: number;
  readonly head: ByteString;
  readonly tail: ByteString;
  /** The errno for which its file under `--results` does not hold all of it; 0: it does, or none was wanted. */
  readonly fileError: number;
}

/** How a task ended. Exit code as in the status file: -N for signal N, -100 when it was lost. */
export interface Outcome {
  readonly pid: number;
  readonly exitCode: number;
  /** Seconds since 1970. */
  readonly start: number;
  readonly finish: number;
  readonly output: OutputSample;
  readonly error: OutputSample;
  /** undefined when it was not asked for, when nothing could be known, or when the task never started. */
  readonly usage: TaskUsage | undefined;
}

/**
 * Where a figure is from: `wait4` is the kernel's own account and exact; `samples` are looks at the processes every now
 * and then, which may miss what came and went between two of them.
 */
type UsageSource = 'wait4' | 'samples';

/** What a task used, all its processes together. */
export interface TaskUsage {
  /** Seconds of processor time. By wait4, those of processes that were waited for. */
  readonly userCpu: number;
  readonly systemCpu: number;
  readonly cpuFrom: UsageSource;
  /** Bytes: the most that its processes had in memory at one moment. What they share is counted once. */
  readonly peakMemory: number;
  readonly memoryFrom: UsageSource;
  /** Bytes: the most that any one of its processes had. */
  readonly largestProcess: number;
}

/** Driver to engine. */
export type ToEngine =
  /** Start a task in a free slot. */
  | { readonly type: 'run'; readonly slot: number; readonly task: RunnableTask }
  /** TERM, grace, KILL to all running tasks; their `ended` come first, then `tasks-ended`. */
  | { readonly type: 'end-tasks'; readonly graceMs: number }
  /** Nothing more is to come: leave the run. With endBackground, end what tasks left running behind them. */
  | { readonly type: 'leave'; readonly endBackground: boolean }
  /** Answer to the pulse of that number: it prolongs the engine's lease. */
  | { readonly type: 'heard'; readonly pulse: number }
  /** Answer to lease-ended: it is part of the run again. What was sent to it before this is void. */
  | { readonly type: 'work-again' };

/** Engine to driver. */
export type FromEngine =
  /** The engine is there and its slots are free: fewer than planned where there is not enough for all. `notes` are for the user. */
  | {
      readonly type: 'joined';
      readonly node: string;
      readonly pid: number;
      readonly slots: number;
      readonly notes: readonly string[];
    }
  | { readonly type: 'started'; readonly slot: number; readonly pid: number; readonly start: number }
  | { readonly type: 'ended'; readonly slot: number; readonly outcome: Outcome }
  /** Answer to end-tasks: no task of this engine runs any more. */
  | { readonly type: 'tasks-ended' }
  /** I am here; asks for `heard`. Only from an engine with a lease, that is, over a connection. */
  | { readonly type: 'pulse'; readonly pulse: number }
  /**
   * Somebody ends it from outside (a signal of the resource manager, which tasks get too): it ends its tasks. What has
   * failed within the last moment may have been ended so.
   */
  | { readonly type: 'ending'; readonly why: string }
  /** Its lease had ended, so it has ended its tasks, and could work again. */
  | { readonly type: 'lease-ended' }
  /** The last message of an engine, when none of its tasks runs; with a problem when it was not told to leave. */
  | { readonly type: 'left'; readonly problem: string | undefined };

/** An engine that a context is to bring. */
export interface PlannedEngine {
  readonly node: string;
  readonly slots: number;
  /** Whether it is on a connection, and so has a lease; one in the driver's process has none. */
  readonly leased: boolean;
  /** It is to leave as soon as nothing is left for it, so that its node can be given back while others still work. */
  readonly retires: boolean;
}

/** Somebody who looks at the run, or wants something of it, to the driver. */
export type FromControl =
  | { readonly type: 'status' }
  /** What is running: on these engines, or on all; at most so many tasks, those that have been running longest. */
  | { readonly type: 'running'; readonly engines: readonly number[] | undefined; readonly limit: number }
  | { readonly type: 'stop-engine'; readonly rank: number }
  | { readonly type: 'stop-context'; readonly label: string }
  | { readonly type: 'stop-run' }
  /** To be told when the run is over. */
  | { readonly type: 'wait' };

/** The driver's answers. */
export type ToControl =
  | { readonly type: 'overview'; readonly overview: RunOverview }
  | { readonly type: 'running'; readonly running: RunningTasks }
  /** What was wanted is done, or why it cannot be. */
  | { readonly type: 'answer'; readonly problem: string | undefined }
  | { readonly type: 'over'; readonly exitStatus: number; readonly overview: RunOverview };

/** Driver to context. */
export type ToContext =
  /** It is part of the run: its rank, and the rank of the first of its engines; the others follow in order. */
  | { readonly type: 'welcome'; readonly rank: number; readonly label: string; readonly firstEngine: number }
  /** None of its engines is needed any more. `why` is for the user's eyes. */
  | { readonly type: 'leave'; readonly why: string };

/** Context to driver. */
export type FromContext =
  /** Here is a context with these engines. `label` undefined: the driver names it by its rank. */
  | {
      readonly type: 'joined';
      readonly label: string | undefined;
      readonly host: string;
      readonly pid: number;
      /** It is stopped softly when it has been given so many tasks; 0: no limit. */
      readonly taskLimit: number;
      /** Its resource manager may end its tasks by a signal, before engines or driver know of it. */
      readonly revocable: boolean;
      readonly engines: readonly PlannedEngine[];
    }
  /** What it started for an engine is over. `dead`: neither the engine nor a task of it runs any more. */
  | {
      readonly type: 'engine-ended';
      readonly engine: number;
      readonly problem: string | undefined;
      readonly dead: boolean;
    }
  /** Its user wants its nodes back: let the tasks there finish, or end them, which then run again elsewhere. */
  | { readonly type: 'stop'; readonly how: 'finish' | 'end' }
  /** The context is gone; with a problem when it was not told to leave. */
  | { readonly type: 'left'; readonly problem: string | undefined };
