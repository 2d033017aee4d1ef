/**
 * The tasks that took longest. Pure.
 */

import { Largest } from './largest.ts';
import type { OwnTasks } from './own-tasks.ts';

/** Where its record stands. */
export interface TaskPlace {
  readonly part: number;
  readonly index: number;
  readonly elapsed: number;
}

/** The longest first, at most so many; of equal ones those that come first in the records. */
export function longestTasks(tasks: OwnTasks, most: number): TaskPlace[] {
  const longest = new Largest<TaskPlace>(most);
  tasks.each((table, index, _node, part) => {
    const elapsed = table.elapsed(index);
    if (longest.wants(elapsed)) longest.add(elapsed, { part, index, elapsed });
  });
  return longest.items();
}
