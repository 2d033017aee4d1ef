/**
 * Tasks that would notice if two engines ran them at a time, for runs on a bed. A process that is killed, or whose machine
 * is dead, holds no lock.
 */

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A task takes the lock of its number, works, and leaves a mark; it complains when the lock is taken. */
const lockTask = `#!/bin/bash
exec 9>"locks/$1"
[ "$2" = unlocked ] || flock -n 9 || { echo "task $1 on $(hostname): it runs elsewhere" >>complaints; exit 99; }
echo "$1 $(hostname)" >>begun
sleep "$(cat seconds)"
echo "$1 $(hostname)" >>done
`;

/**
 * Makes tasks that take so many seconds each, and what they need in the folder. The seconds are not in their lines, so that
 * a resume can be quicker. Those with `unlocked` take no lock: a process that is frozen holds the one it has.
 *
 * @returns their lines, numbered from 0
 */
export function lockTasks(
  folder: string,
  count: number,
  seconds: number,
  lock: 'locked' | 'unlocked' = 'locked',
): string[] {
  mkdirSync(join(folder, 'locks'), { recursive: true });
  // The umask must not take anything from the users of the bed.
  chmodSync(join(folder, 'locks'), 0o777);
  writeFileSync(join(folder, 'lock-task'), lockTask, { mode: 0o755 });
  writeFileSync(join(folder, 'seconds'), `${seconds}`);
  return Array.from({ length: count }, (_, i) => `./lock-task ${i} ${lock}`);
}
