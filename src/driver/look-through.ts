/**
 * The look through a task file before anything runs: how many tasks there are, or all that is wrong with it. Runs in the
 * driver's process.
 */

import { LineSplitter } from '../task/line-splitter.ts';
import { TaskFileMistake, taskFileError } from '../task/task-file-mistake.ts';
import { TaskScan } from '../task/task-scan.ts';
import type { TaskSource } from './task-source.ts';

/**
 * How many tasks a repeatable source holds.
 *
 * @throws DisbatchError task-file-mistake with all mistakes
 */
export function countTasks(source: TaskSource, unknownDirectives: 'error' | 'warn'): number {
  const scan = new TaskScan(unknownDirectives === 'warn' ? 'warn' : 'refuse');
  const splitter = new LineSplitter();
  try {
    const chunks = source.chunks();
    for (let goOn = true; goOn;) {
      const chunk = chunks.next();
      if (chunk instanceof Promise) throw new Error('only a repeatable source can be looked through');
      goOn = scan.look(chunk.done === true ? splitter.end() : splitter.push(chunk.value)) && chunk.done !== true;
    }
    return scan.finish().tasks;
  } catch (error) {
    if (error instanceof TaskFileMistake) throw taskFileError(source.shownName, error);
    throw error;
  }
}
