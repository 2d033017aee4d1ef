/**
 * How long an engine may go on without hearing from the driver. Pure: the time is a parameter, in milliseconds of any clock
 * that does not stand still while tasks run.
 *
 * Each pulse has a number; the driver's answer names it. What counts is when the pulse was *sent*: the driver was alive
 * some time after that, and it reckons from when it answered, which is later. So the engine's lease always ends first,
 * however long messages were under way.
 */

export class Lease {
  private readonly leaseMs: number;
  private readonly sent = new Map<number, number>();
  private pulses = 0;
  private until: number;

  /** A lease that begins now. */
  constructor(leaseMs: number, now: number) {
    this.leaseMs = leaseMs;
    this.until = now + leaseMs;
  }

  /** Takes note that a pulse is sent. @returns its number */
  pulse(now: number): number {
    const number = this.pulses++;
    this.sent.set(number, now);
    return number;
  }

  /** The driver has answered a pulse. */
  heard(pulse: number): void {
    const sent = this.sent.get(pulse);
    if (sent === undefined) return;
    // Answers come in order: those to earlier pulses will not come any more.
    for (const earlier of this.sent.keys()) if (earlier <= pulse) this.sent.delete(earlier);
    this.until = Math.max(this.until, sent + this.leaseMs);
  }

  /** The driver has said anew that the engine is part of the run, in answer to what was sent at `sent`. */
  renew(sent: number): void {
    this.sent.clear();
    this.until = sent + this.leaseMs;
  }

  /** Milliseconds that are left. */
  left(now: number): number {
    return Math.max(0, this.until - now);
  }

  hasEnded(now: number): boolean {
    return now >= this.until;
  }
}
