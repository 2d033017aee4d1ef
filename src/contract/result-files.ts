/**
 * Where the outputs of tasks are kept under `--results`. Pure.
 *
 *   FOLDER/0/1500/1777.out   .err                  task 1777, in the folder of the 500 tasks from 1500 on
 *   FOLDER/1000000/1234500/1234567.out   .err      and those in one for 500,000
 *   FOLDER/per-engine/0/7/start-0.out   .err       the first START task of engine 7, in the folder of 500 engines
 *
 * Always true: no two tasks share a file; and a folder has at most 1,000 entries, which file systems and `ls` bear well.
 * FOLDER itself has so few up to 499 million tasks.
 */

import type { RunnableTask } from './messages.ts';

/** Two files to a task, so half of 1,000. */
const tasksToAFolder = 500;
const tasksToAnOuterFolder = 500_000;
const enginesToAFolder = 500;

/** Of each moment, so with two files each they leave room for folders of those that come after the first. */
const perEngineToAFolder = 200;

/** The files of one task. */
export interface OutputFiles {
  readonly output: string;
  readonly error: string;
}

/**
 * The files that a task's output and error output are kept in. Each is only made when there is something to keep.
 *
 * @param folder - of `--results`, absolute
 * @param engineRank - of the engine that runs it: each runs the per-engine tasks for itself
 */
export function outputFiles(folder: string, task: RunnableTask, engineRank: number): OutputFiles {
  const path = `${folder}/${task.kind === 'task' ? taskPath(task.taskId) : perEnginePath(task, engineRank)}`;
  return { output: `${path}.out`, error: `${path}.err` };
}

function taskPath(taskId: number): string {
  return `${firstOf(tasksToAnOuterFolder, taskId)}/${firstOf(tasksToAFolder, taskId)}/${taskId}`;
}

function perEnginePath({ moment, taskId }: Extract<RunnableTask, { kind: 'per-engine' }>, engineRank: number): string {
  const first = firstOf(perEngineToAFolder, taskId);
  const folder = `per-engine/${firstOf(enginesToAFolder, engineRank)}/${engineRank}`;
  return `${folder}${first === 0 ? '' : `/${first}`}/${moment}-${taskId}`;
}

/** The first of the group of so many that a number is in. */
function firstOf(size: number, number: number): number {
  return number - (number % size);
}
