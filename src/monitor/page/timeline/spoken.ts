/**
 * A timeline in a sentence, for who does not see it. Pure.
 */

import { counted, grouped } from '../../../base/terminal-text.ts';
import { timeOfDay } from '../parts/words.ts';
import type { Lanes } from './spans.ts';
import type { Window } from './window.ts';

export function spokenTimeline({ spans, lanes, count }: Lanes, window: Window | undefined, isWhole: boolean): string {
  if (window === undefined || count === 0) return 'Timeline: nothing to show yet.';
  let [tasks, failed, running] = [0, 0, 0];
  let hasMixed = false;
  for (const list of spans.values()) {
    for (const span of list) {
      if (span.to < window.from || span.from > window.to) continue;
      if (span.state === 'running') running++;
      else tasks += span.count;
      if (span.state === 'failed') failed += span.count;
      else if (span.state === 'mixed') {
        failed++;
        hasMixed = true;
      }
    }
  }
  const nodes = counted(new Set(lanes.map(({ node }) => node)).size, 'node');
  const where =
    lanes.length === count
      ? `in ${counted(count, 'row')} on ${nodes}`
      : `in ${counted(lanes.length, 'row')} of ${grouped(count)}, on ${nodes}`;
  const bad = failed === 0 ? 'none failed' : `${grouped(failed)}${hasMixed ? ' or more' : ''} failed`;
  const what = isWhole ? 'The whole run' : 'In view';
  return `${what}, ${timeOfDay(window.from)} to ${timeOfDay(window.to)}: ${counted(tasks, 'task')} ${where}; ${bad}; ${grouped(running)} running.`;
}
