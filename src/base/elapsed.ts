/**
 * Time that has gone by, for what others reckon with too: a clock that goes on while the machine sleeps.
 *
 * The steady clock stands still while a machine is suspended, and the other jumps when it is set. The later of both counts:
 * a lease may then end too early, which costs a task its time, and never too late, which could cost a result.
 */

const wallStart = Date.now();
const clockStart = performance.now();

/** Milliseconds since this process started. */
export function elapsedMs(): number {
  return Math.max(Date.now() - wallStart, performance.now() - clockStart);
}
