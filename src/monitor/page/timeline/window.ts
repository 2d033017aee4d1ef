/**
 * The stretch of time that a timeline shows, moved and zoomed; and the marks of its axis. Pure. Seconds since 1970.
 */

export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Nobody looks closer than that. */
const shortest = 0.02;

/**
 * @param factor - below 1: closer
 * @param around - stays where it is
 */
export function zoomed({ from, to }: Window, factor: number, around: number, whole: Window): Window {
  const length = to - from;
  const wanted = Math.min(whole.to - whole.from, Math.max(shortest, length * factor));
  const begin = around - ((around - from) * wanted) / length;
  return within({ from: begin, to: begin + wanted }, whole);
}

export function moved({ from, to }: Window, by: number, whole: Window): Window {
  return within({ from: from + by, to: to + by }, whole);
}

/** The window shifted, and cut if it must be, so that it lies in the whole. */
export function within({ from, to }: Window, whole: Window): Window {
  const length = Math.min(to - from, whole.to - whole.from);
  const begin = Math.min(Math.max(from, whole.from), whole.to - length);
  return { from: begin, to: begin + length };
}

const steps = [
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600],
  ...[7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000],
];

export interface Tick {
  readonly at: number;
  readonly text: string;
}

/**
 * Marks at round times of day, no closer than so many seconds.
 *
 * @param offset - what is added to get the time of day of whoever looks, in seconds
 */
export function ticks({ from, to }: Window, closest: number, offset: number): Tick[] {
  const step = steps.find((it) => it >= closest) ?? 31_536_000;
  const made: Tick[] = [];
  for (let i = Math.ceil((from + offset) / step); i * step <= to + offset; i++) {
    made.push({ at: i * step - offset, text: tickText(i * step, step) });
  }
  return made;
}

function tickText(local: number, step: number): string {
  const date = new Date(Math.round(local * 1000));
  const [day, time] = [date.toISOString().slice(5, 10), date.toISOString().slice(11, 23)];
  if (step >= 86_400) return day;
  if (step >= 60) return time.slice(0, 5) === '00:00' ? day : time.slice(0, 5);
  return step >= 1 ? time.slice(0, 8) : time.slice(0, step >= 0.1 ? 10 : 12);
}
