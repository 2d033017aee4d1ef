/**
 * Draws a timeline on a canvas: lanes below each other, time to the right.
 */

import { visible } from '../../../base/terminal-text.ts';
import { colour } from '../live/theme.ts';
import type { Lanes, Span } from './spans.ts';
import { ticks, type Window } from './window.ts';

/** CSS pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Left of the lanes, for the names of nodes. */
  readonly gutter: number;
  /** Above the lanes, for the times. */
  readonly head: number;
  readonly laneHeight: number;
  /** How far the lanes are scrolled up. */
  readonly scroll: number;
}

export type Colours = Readonly<Record<'text' | 'dim' | 'line' | 'band' | 'surface' | 'accent' | Span['state'], string>>;

export function coloursNow(): Colours {
  return {
    ...{ text: colour('text'), dim: colour('dim'), line: colour('line'), band: colour('band') },
    ...{ surface: colour('surface'), accent: colour('accent') },
    ...{ good: colour('good-fill'), failed: colour('bad'), mixed: colour('mixed'), running: colour('running-fill') },
  };
}

const closestTicks = 90;
/** Something that failed is never thinner than that. */
const thinnest = 1;
const thinnestFailed = 3;

export function drawTimeline(
  canvas: HTMLCanvasElement,
  layout: Layout,
  lanes: Lanes,
  window: Window,
  marked: Span | undefined,
  colours: Colours,
): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { width, height, gutter, head } = layout;
  const ratio = devicePixelRatio;
  const [pixelsWide, pixelsHigh] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== pixelsWide) canvas.width = pixelsWide;
  if (canvas.height !== pixelsHigh) canvas.height = pixelsHigh;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = colours.surface;
  context.fillRect(0, 0, width, height);
  const family = getComputedStyle(document.body).fontFamily;
  context.font = `11px ${family}`;
  context.textBaseline = 'middle';
  drawBands(context, layout, lanes, colours);
  drawTicks(context, layout, window, colours);
  context.save();
  context.beginPath();
  context.rect(gutter, head, width - gutter, height - head);
  context.clip();
  drawSpans(context, layout, lanes, window, colours);
  if (marked !== undefined) drawMark(context, layout, window, marked, colours);
  context.restore();
}

/** Every other node on a band of its own, with its name at the top of what is seen of it. */
function drawBands(context: CanvasRenderingContext2D, layout: Layout, { lanes, first }: Lanes, colours: Colours): void {
  const { width, height, gutter, head, laneHeight, scroll } = layout;
  let begin = 0;
  let odd = false;
  context.save();
  context.beginPath();
  context.rect(0, head, width, height - head);
  context.clip();
  for (let i = 1; i <= lanes.length; i++) {
    if (i < lanes.length && lanes[i]?.node === lanes[begin]?.node) continue;
    const top = head + (first + begin) * laneHeight - scroll;
    const bottom = head + (first + i) * laneHeight - scroll;
    if (bottom >= head && top <= height) {
      if (odd) {
        context.fillStyle = colours.band;
        context.fillRect(0, top, width, bottom - top);
      }
      context.fillStyle = colours.line;
      context.fillRect(0, bottom - 0.5, width, 0.5);
      if (bottom - top >= 9) drawName(context, lanes[begin]?.node ?? '', Math.max(top, head), bottom, gutter, colours);
    }
    odd = !odd;
    begin = i;
  }
  context.restore();
}

function drawName(
  context: CanvasRenderingContext2D,
  node: string,
  top: number,
  bottom: number,
  gutter: number,
  colours: Colours,
): void {
  const y = Math.min(top + 9, (top + bottom) / 2);
  context.fillStyle = colours.text;
  let text = visible(node);
  while (text.length > 3 && context.measureText(text).width > gutter - 14) text = `${text.slice(0, -2)}…`;
  context.fillText(text, 8, Math.max(y, top + 6));
}

function drawTicks(context: CanvasRenderingContext2D, layout: Layout, window: Window, colours: Colours): void {
  const { width, height, gutter, head } = layout;
  const perSecond = (width - gutter) / (window.to - window.from);
  const offset = -new Date(window.from * 1000).getTimezoneOffset() * 60;
  context.textAlign = 'center';
  for (const { at, text } of ticks(window, closestTicks / perSecond, offset)) {
    const x = gutter + (at - window.from) * perSecond;
    context.fillStyle = colours.line;
    context.fillRect(Math.round(x), head - 4, 1, height - head + 4);
    context.fillStyle = colours.dim;
    if (x > gutter + 16 && x < width - 24) context.fillText(text, x, head / 2);
  }
  context.textAlign = 'left';
  context.fillStyle = colours.line;
  context.fillRect(0, head - 0.5, width, 0.5);
}

function drawSpans(
  context: CanvasRenderingContext2D,
  layout: Layout,
  { spans }: Lanes,
  window: Window,
  colours: Colours,
): void {
  const { width, height, gutter, head, laneHeight, scroll } = layout;
  const perSecond = (width - gutter) / (window.to - window.from);
  const gap = laneHeight >= 10 ? 2 : laneHeight >= 5 ? 1 : 0;
  // By colour: a change of it costs more than a rectangle. What failed comes last, above all others.
  for (const state of ['good', 'running', 'mixed', 'failed'] as const) {
    context.fillStyle = colours[state];
    const least = state === 'failed' || state === 'mixed' ? thinnestFailed : thinnest;
    for (const [lane, list] of spans) {
      const y = head + lane * laneHeight - scroll;
      if (y + laneHeight < head || y > height) continue;
      for (const span of list) {
        if (span.state !== state || span.to < window.from || span.from > window.to) continue;
        const from = Math.max(gutter - 2, gutter + (span.from - window.from) * perSecond);
        const to = Math.min(width + 2, gutter + (span.to - window.from) * perSecond);
        const wide = to - from > 3 ? to - from - 0.6 : to - from;
        context.fillRect(from, y + gap / 2, Math.max(least, wide), laneHeight - gap);
      }
    }
  }
}

function drawMark(
  context: CanvasRenderingContext2D,
  { width, gutter, head, laneHeight, scroll }: Layout,
  window: Window,
  { lane, from, to }: Span,
  colours: Colours,
): void {
  const perSecond = (width - gutter) / (window.to - window.from);
  const x = gutter + (from - window.from) * perSecond;
  context.strokeStyle = colours.text;
  context.lineWidth = 2;
  const wide = (Math.min(to, window.to + 1 / perSecond) - from) * perSecond;
  context.strokeRect(x, head + lane * laneHeight - scroll, Math.max(3, wide), laneHeight);
}
