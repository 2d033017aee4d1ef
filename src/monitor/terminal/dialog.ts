/**
 * The question before something is stopped, as a box over what is there. Pure.
 */

import type { Glyphs } from './glyphs.ts';
import { exactly, line, segment, type Line } from './line.ts';
import type { Dialog } from './state.ts';
import { wrapped } from '../../base/text-width.ts';

export function dialogLines({ title, text }: Pick<Dialog, 'title' | 'text'>, columns: number, glyphs: Glyphs): Line[] {
  const inner = Math.min(66, columns - 8);
  const [topLeft, topRight, bottomLeft, bottomRight] = glyphs.corners;
  const margin = segment(' '.repeat(Math.floor((columns - inner - 4) / 2)));
  const side = (inside: Line): Line => [
    margin,
    segment(`${glyphs.upright} `, 'warn'),
    ...exactly(inside, inner, glyphs.ellipsis),
    segment(` ${glyphs.upright}`, 'warn'),
  ];
  const edge = (left: string, right: string): Line => [
    margin,
    segment(left + glyphs.rule.repeat(inner + 2) + right, 'warn'),
  ];
  const keys: Line = [
    ...[segment('y', 'strong'), segment(' yes   ')],
    ...[segment('n', 'strong'), segment(' no   ')],
    ...[segment('c', 'strong'), segment(' cancel')],
  ];
  return [
    edge(topLeft, topRight),
    ...wrapped(title, inner).map((each) => side(line(each, 'strong'))),
    ...wrapped(text, inner).map((each) => side(line(each))),
    side([]),
    side(keys),
    edge(bottomLeft, bottomRight),
  ];
}

/** In the middle of the body, in the place of what is there. */
export function putOver(body: Line[], box: readonly Line[]): void {
  const from = Math.max(0, Math.floor((body.length - box.length) / 2));
  for (const [i, each] of box.entries()) if (from + i < body.length) body[from + i] = each;
}
