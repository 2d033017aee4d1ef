/**
 * A line of the screen as segments, each in one style; and how lines are put together. Pure.
 */

import { clip, columnsOf } from '../../base/text-width.ts';

/** How a segment looks. Where there is no colour, bad, good, warn and accent are plain: no meaning is in them alone. */
export type Style = 'plain' | 'strong' | 'faint' | 'bad' | 'good' | 'warn' | 'accent' | 'cursor';

export interface Segment {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Segment[];

export function segment(text: string, style: Style = 'plain'): Segment {
  return { text, style };
}

export function line(text: string, style: Style = 'plain'): Line {
  return text === '' ? [] : [{ text, style }];
}

export function widthOf(segments: Line): number {
  return segments.reduce((sum, { text }) => sum + columnsOf(text), 0);
}

/** The line cut to so many columns. */
export function clipLine(segments: Line, width: number, ellipsis: string): Line {
  let room = width;
  const kept: Segment[] = [];
  for (const each of segments) {
    const columns = columnsOf(each.text);
    if (columns > room) return [...kept, { text: clip(each.text, room, ellipsis), style: each.style }];
    kept.push(each);
    room -= columns;
  }
  return kept;
}

/** The line cut or filled up to so many columns. */
export function exactly(segments: Line, width: number, ellipsis: string): Line {
  const fitting = clipLine(segments, width, ellipsis);
  const missing = width - widthOf(fitting);
  return missing > 0 ? [...fitting, segment(' '.repeat(missing))] : fitting;
}

/** Two lines on one: the right one at the right end, whole; the left one gives way. */
export function leftAndRight(left: Line, right: Line, width: number, ellipsis: string): Line {
  const end = clipLine(right, width, ellipsis);
  const room = width - widthOf(end);
  return [...exactly(left, Math.max(0, room), ellipsis), ...end];
}

/** As many of the parts as there is room for, in their order, with gaps of two columns. */
export function asFit(parts: readonly Line[], width: number): Line {
  let room = width;
  const kept: Segment[] = [];
  for (const part of parts) {
    const gap = kept.length === 0 ? 0 : 2;
    const columns = widthOf(part) + gap;
    if (columns > room) continue;
    if (gap > 0) kept.push(segment('  '));
    kept.push(...part);
    room -= columns;
  }
  return kept;
}

/** A part of a line that may be left out. */
export interface Part {
  /** The parts of the highest rank go first. */
  readonly rank: number;
  readonly line: Line;
}

/** The parts in their order, with gaps, without those of the highest ranks where there is no room for all. */
export function bestFit(parts: readonly Part[], width: number): Line {
  let kept = parts;
  const joined = (): Line =>
    asFit(
      kept.map((part) => part.line),
      Infinity,
    );
  while (kept.length > 0 && widthOf(joined()) > width) {
    const worst = Math.max(...kept.map(({ rank }) => rank));
    kept = kept.filter(({ rank }) => rank !== worst);
  }
  return joined();
}
