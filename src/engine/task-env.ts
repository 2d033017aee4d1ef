/**
 * The environment variables that a task finds beside those of its engine. Pure. Source: the original's names and formats.
 */

import { perEngineSlot, type RunnableTask } from '../contract/messages.ts';
import { noRepeat } from '../task/task.ts';

/** What is the same for all tasks of an engine. */
export interface EngineFacts {
  /** `DISBATCH_JOBID`: the last component of the run's prefix. */
  readonly jobId: string;
  /** `DISBATCH_NAMETASKS`: the name of the task file, without its folder. */
  readonly taskName: string;
  readonly coresPerTask: number;
  readonly engineRank: number;
  /** `DISBATCH_RUN_ID`: random, no other run has it; not of the original. */
  readonly runId: string;
  /** `DISBATCH_KVSSTCP_HOST`: HOST:PORT where tasks find the store; undefined when they cannot. */
  readonly storeAddress: string | undefined;
}

/** A name and its value. */
export type Variable = readonly [string, string];

/** Variables of every task of an engine. */
export function engineVariables(facts: EngineFacts): Record<string, string> {
  return {
    DISBATCH_JOBID: facts.jobId,
    DISBATCH_NAMETASKS: facts.taskName,
    // The original says 0 for fractional cores; a program that starts so many threads would start none.
    DISBATCH_CORES_PER_TASK: String(Math.max(1, facts.coresPerTask)),
    DISBATCH_ENGINE_RANK: String(facts.engineRank),
    DISBATCH_RUN_ID: facts.runId,
    ...(facts.storeAddress === undefined ? {} : { DISBATCH_KVSSTCP_HOST: facts.storeAddress }),
  };
}

/** Variables of one task in one slot. */
export function taskVariables(task: RunnableTask, slot: number): Variable[] {
  const repeatIndex = task.kind === 'task' ? task.repeatIndex : noRepeat;
  return [
    ['DISBATCH_CYLINDER_RANK', String(slot)],
    ['DISBATCH_STREAM_INDEX', String(task.lineNumber)],
    ['DISBATCH_STREAM_INDEX_ZP', zeroPadded(task.lineNumber)],
    ['DISBATCH_REPEAT_INDEX', String(repeatIndex)],
    ['DISBATCH_REPEAT_INDEX_ZP', zeroPadded(repeatIndex)],
    ['DISBATCH_TASKID', String(task.taskId)],
    ['DISBATCH_TASKID_ZP', zeroPadded(task.taskId)],
  ];
}

/** Six places, the sign counted, as Python's `06d` has it: -1 is `-00001`. */
export function zeroPadded(value: number): string {
  return value < 0 ? `-${String(-value).padStart(5, '0')}` : String(value).padStart(6, '0');
}

/** The lane of the launcher that a slot's tasks run in: lane 0 is for per-engine tasks. */
export function laneOfSlot(slot: number): number {
  return slot - perEngineSlot;
}

/** The slot that a launcher's lane stands for. */
export function slotOfLane(lane: number): number {
  return lane + perEngineSlot;
}
