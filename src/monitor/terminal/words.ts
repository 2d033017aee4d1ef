/**
 * Times and rates as the monitor writes them. Pure.
 */

import { clock, grouped } from '../../base/terminal-text.ts';

/** How long something has been: 7 s, 4:05, 3:04:05. */
export function age(seconds: number): string {
  return seconds < 60 ? `${Math.max(0, Math.floor(seconds))} s` : clock(seconds);
}

/** How long something took: 0.04 s, 12.3 s, 4:05. */
export function took(seconds: number): string {
  return seconds < 10 ? `${seconds.toFixed(2)} s` : seconds < 60 ? `${seconds.toFixed(1)} s` : clock(seconds);
}

/** Tasks a second; slow ones by the minute or the hour. */
export function rateWords(rate: number): string {
  if (rate >= 10) return `${grouped(rate)}/s`;
  if (rate >= 1) return `${rate.toFixed(1)}/s`;
  if (rate * 60 >= 1) return `${(rate * 60).toFixed(1)}/min`;
  return `${(rate * 3600).toFixed(1)}/h`;
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** A time of day of here: 14:32, and with the day when that is another than today's. */
export function timeOfDay(time: number, now: number): string {
  const [then, today] = [new Date(time * 1000), new Date(now * 1000)];
  const two = (value: number): string => String(value).padStart(2, '0');
  const clockTime = `${two(then.getHours())}:${two(then.getMinutes())}`;
  if (then.toDateString() === today.toDateString()) return clockTime;
  const isNear = Math.abs(time - now) < 6 * 86_400;
  const day = isNear
    ? (days[then.getDay()] as string)
    : `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())}`;
  return `${day} ${clockTime}`;
}

/** The same with seconds. */
export function momentOfDay(time: number, now: number): string {
  return `${timeOfDay(time, now)}:${String(new Date(time * 1000).getSeconds()).padStart(2, '0')}`;
}
