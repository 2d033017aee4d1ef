/**
 * The last line of the screen: what is typed, what has happened, or which keys do something here. Pure.
 */

import type { Glyphs } from './glyphs.ts';
import { asFit, leftAndRight, line, segment, widthOf, type Line } from './line.ts';
import type { Sight } from './sight.ts';
import type { MonitorState, View } from './state.ts';
import { safe } from '../../base/text-width.ts';

const hints: Readonly<Record<View, readonly (readonly [string, string])[]>> = {
  engines: [
    ['Enter', 'its tasks'],
    ['E', 'stop engine'],
    ['C', 'stop context'],
    ['R', 'stop run'],
    ['/', 'search'],
    ['s', 'sort'],
  ],
  running: [
    ['/', 'search'],
    ['s', 'sort'],
    ['E', 'stop engine'],
    ['C', 'stop context'],
    ['R', 'stop run'],
  ],
  failed: [
    ['Enter', 'all of it'],
    ['/', 'search'],
    ['s', 'sort'],
    ['R', 'stop run'],
  ],
};

export function lastLine(state: MonitorState, sight: Sight, columns: number, glyphs: Glyphs): Line {
  if (state.typing !== undefined) {
    const typed: Line = [segment(' /', 'accent'), segment(safe(state.typing), 'strong'), segment(' ', 'cursor')];
    return leftAndRight(typed, line('Enter keeps it, Esc drops it ', 'faint'), columns, glyphs.ellipsis);
  }
  if (state.message !== undefined)
    return [segment(` ${safe(state.message.text)}`, state.message.bad ? 'bad' : 'accent')];
  if (state.dialog !== undefined) return line(' y, n or c', 'faint');
  const hint = ([key, does]: readonly [string, string]): Line => [segment(key, 'accent'), segment(` ${does}`, 'faint')];
  if (state.open !== undefined)
    return [segment(' '), ...asFit([hint(['Esc', 'back']), hint(['up down PgUp PgDn', 'scroll'])], columns - 1)];
  const common = asFit([hint(['h', 'help']), hint(['q', 'quit'])], columns);
  // Nothing of a run that is over can be stopped, and an engine that is gone has no tasks.
  const isOver = sight.link.kind === 'over';
  const useful = hints[state.view].filter(([, does]) => !isOver || !/^stop|its tasks/.test(does));
  const special = asFit(useful.map(hint), columns - widthOf(common) - 4);
  return leftAndRight([segment(' '), ...special], [...common, segment(' ')], columns, glyphs.ellipsis);
}
