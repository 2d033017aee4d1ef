/**
 * What a program submits, counted as the run will count it: so the program knows the ids of its tasks at once. Pure.
 *
 * Always true: it has taken what the run's feeder gets, in the same order, with the same rules; what it refuses has changed
 * nothing, and is not sent.
 */

import { bytesOfText, type ByteString } from '../base/byte-string.ts';
import { DisbatchError } from '../base/errors.ts';
import { linesOfMessage } from '../task/line-splitter.ts';
import { maxMistakes, taskFileError, TaskFileMistake, type Mistake } from '../task/task-file-mistake.ts';
import { TaskStream, type Repetition } from '../task/task-stream.ts';
import type { StreamItem } from '../task/task.ts';

/** How mistakes name what was submitted; the number of the call stands behind it. */
export const submitName = 'submit';

/** More ids than this are not worth an array. */
const maxTasks = 10_000_000;

/** A message that the run will accept. */
export interface Submission {
  readonly message: ByteString;
  /** Of its tasks, ascending. */
  readonly taskIds: number[];
  /** Numbers in between that its barriers have. */
  readonly barriers: readonly number[];
}

export class TaskCounter {
  private stream: TaskStream;
  private messages = 0;
  private next = 0;

  /** @param mistakes - as the run has it */
  constructor(mistakes: 'refuse' | 'warn') {
    // Warnings are the run's to tell.
    this.stream = new TaskStream({ mistakes, onWarning: () => {} });
  }

  /** Ids below this one have been given. */
  get nextId(): number {
    return this.next;
  }

  /**
   * @param lines - whole lines, the last with or without its newline
   * @throws DisbatchError task-file-mistake; usage for more than ten million tasks
   */
  take(lines: string | readonly string[]): Submission {
    const message = bytesOfText(typeof lines === 'string' ? lines : lines.join('\n'));
    const trial = this.stream.fork();
    const items = readAll(trial, message, this.messages + 1);
    const submission = { message, ...idsOf(items) };
    this.stream = trial;
    this.messages++;
    this.next += submission.taskIds.length + submission.barriers.length;
    return submission;
  }
}

/** @throws DisbatchError task-file-mistake with all mistakes, at most maxMistakes */
function readAll(stream: TaskStream, message: ByteString, lineNumber: number): (StreamItem | Repetition)[] {
  const items: (StreamItem | Repetition)[] = [];
  const mistakes: Mistake[] = [];
  const noting = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof TaskFileMistake)) throw error;
      mistakes.push(...error.mistakes);
    }
  };
  noting(() => {
    for (const line of linesOfMessage(message, lineNumber)) {
      noting(() => {
        const item = stream.read(line);
        if (item !== undefined && item.kind !== 'per-engine') items.push(item);
      });
      if (mistakes.length >= maxMistakes) return;
    }
  });
  if (mistakes.length > 0) throw taskFileError(submitName, new TaskFileMistake(mistakes));
  return items;
}

/** @throws DisbatchError usage */
function idsOf(items: readonly (StreamItem | Repetition)[]): Pick<Submission, 'taskIds' | 'barriers'> {
  let count = 0;
  for (const item of items) count += item.kind === 'repetition' ? item.count : 1;
  if (count > maxTasks) {
    throw new DisbatchError(
      'usage',
      `${submitName}: ${count} tasks in one call are more than ${maxTasks}. Share them out over several calls.`,
    );
  }
  const taskIds: number[] = [];
  const barriers: number[] = [];
  for (const item of items) {
    if (item.kind === 'repetition') for (let i = 0; i < item.count; i++) taskIds.push(item.first.taskId + i);
    else if (item.kind === 'barrier') barriers.push(item.taskId);
    else taskIds.push(item.taskId);
  }
  return { taskIds, barriers };
}
