/**
 * The times of a lease, all from the one that the user gives (`--heartbeat`). Pure. Driver and engine reckon with the same.
 *
 *   0 ── pulses, each answered ── lease ── TERM ── grace ── KILL ── launcher's KILL ── lease + margin
 *                                 engine ends its tasks             if the engine hangs   driver takes them for dead
 */

export interface LeaseTimes {
  /** An engine that has not heard from the driver for so long ends its tasks. */
  readonly leaseMs: number;
  /** Between two pulses of an engine. */
  readonly pulseMs: number;
  /** How often engine and driver look at the time. */
  readonly tickMs: number;
  /** Between TERM and KILL when a lease has ended. */
  readonly graceMs: number;
  /** How much longer than the lease a launcher waits until it kills the tasks by itself: its engine may hang. */
  readonly launcherMs: number;
  /** How much longer than the lease the driver waits: for the engine's look at the time, the grace, and the deaths. */
  readonly marginMs: number;
  /** How long the two wait to hear of each other again before each goes its own way. */
  readonly patienceMs: number;
}

/** @param seconds - the lease, as given with `--heartbeat` */
export function leaseTimes(seconds: number): LeaseTimes {
  const leaseMs = seconds * 1000;
  return {
    leaseMs,
    pulseMs: leaseMs / 10,
    tickMs: leaseMs / 60,
    graceMs: leaseMs / 15,
    launcherMs: leaseMs / 10,
    marginMs: leaseMs / 5,
    patienceMs: leaseMs * 10,
  };
}
