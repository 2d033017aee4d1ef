/**
 * Plots of a report as drawings in the page. Pure.
 *
 * Drawings are stretched to the width there is, so they hold no text: labels are text of the page beside them, which stays
 * readable on a phone. What a plot shows is in a table beside it too.
 */

import { grouped } from '../../base/terminal-text.ts';
import type { Course } from '../analysis/course.ts';
import { markup, nothing, type Html } from './markup.ts';
import { dayAndTime, timeOfDay } from './words.ts';

/** What is drawn is rounded to this: a page of many drawings stays small. */
const round = (value: number): number => Math.round(value * 100) / 100;

export interface Layer {
  readonly className: string;
  /** From 0 to 1 each. */
  readonly share: number;
}

/** A bar that lies, of layers behind each other. */
export function lyingBar(layers: readonly Layer[]): Html {
  let from = 0;
  const parts = layers.map(({ className, share }) => {
    // What is more than nothing is seen.
    const width = share > 0 ? Math.max(0.5, share * 100) : 0;
    const part = markup`<rect class="${className}" x="${round(from)}" y="0" width="${round(width)}" height="10" />`;
    from += width;
    return part;
  });
  return markup`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`;
}

/** How many there are in each stretch, of layers that stand on each other from below. */
export function columnsPlot(
  layers: readonly { readonly className: string; readonly counts: readonly number[] }[],
  top: number,
): Html {
  const length = layers[0]?.counts.length ?? 0;
  const floors = Array.from({ length }, () => 100);
  const columns = layers.flatMap(({ className, counts }) =>
    counts.map((count, i) => {
      if (count === 0) return nothing;
      const [floor, height] = [floors[i] as number, (count / top) * 100];
      floors[i] = floor - height;
      return markup`<rect class="${className}" x="${i}" y="${round(floor - height)}" width="1" height="${round(height)}" />`;
    }),
  );
  return drawing(length, columns);
}

/** How many ran in each stretch, as an area. */
export function runningPlot({ running }: Course, top: number): Html {
  const y = (count: number): number => round(100 - Math.min(1, count / top) * 100);
  const steps = running.map((count, i) => `V${y(count)}H${i + 1}`).join('');
  return drawing(running.length, [markup`<path class="area" d="M0,100${steps}V100Z" />`]);
}

function drawing(width: number, parts: readonly Html[]): Html {
  const lines = [0, 50].map((y) => markup`<line class="grid" x1="0" x2="${width}" y1="${y}" y2="${y}" />`);
  return markup`<svg viewBox="0 0 ${width} 100" preserveAspectRatio="none" aria-hidden="true">${lines}${parts}</svg>`;
}

/** A plot with its axes; `unit` says what its heights are. */
export function framed(plot: Html, label: string, top: number, { from, width, finished }: Course): Html {
  const end = from + width * finished.length;
  const ticks = [0, 1, 2, 3, 4].map((quarter) => from + ((end - from) * quarter) / 4);
  return markup`<div class="plot" role="img" aria-label="${label}">
    <div class="heights"><span>${heightText(top)}</span><span>${heightText(top / 2)}</span><span>0</span></div>
    <div class="drawing">${plot}</div>
    <div class="moments">${ticks.map((tick) => markup`<span>${momentText(tick, end - from)}</span>`)}</div>
  </div>`;
}

function heightText(value: number): string {
  return value < 10 && !Number.isInteger(value) ? value.toFixed(1) : grouped(value);
}

/** A moment of a run of such a length. */
function momentText(time: number, length: number): string {
  if (length < 5) return `${timeOfDay(time)}.${String(Math.floor((time % 1) * 10))}`;
  return length < 86_400 ? timeOfDay(time) : dayAndTime(time).slice(5, 16);
}

/** A round number that is at least so much: 1, 1.5, 2, 2.5, 3, 4 … */
export function roundTop(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value) as number) * power;
}
