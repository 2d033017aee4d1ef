/**
 * The help: every key. Pure.
 */

import { segment, type Line } from './line.ts';

const keys: readonly (readonly [string, string] | string)[] = [
  'Looking',
  ['1 2 3, Tab', 'engines, what runs now, failed tasks'],
  ['up down, u d', 'move the cursor; also j and k'],
  ['PgUp PgDn', 'a page; also b and the space bar'],
  ['Home End', 'first and last; also g and G'],
  ['Enter', 'of an engine: all that it runs; of a failed task: all of it'],
  ['Esc', 'back; drops a search'],
  ['/', 'search: only rows that have the text'],
  ['s S', 'sort by the next column; the other way round'],
  'Stopping softly: no new tasks there, and those that run may finish',
  ['E', 'the engine under the cursor'],
  ['C', 'the context under the cursor, with all its engines'],
  ['R', 'the whole run'],
  'Other',
  ['Ctrl-L', 'draw everything anew'],
  ['Ctrl-Z', 'suspend'],
  ['h ?', 'this help'],
  ['q, Ctrl-C', 'leave; the run goes on'],
];

export function helpLines(): Line[] {
  return keys.flatMap((each, i): Line[] => {
    if (typeof each === 'string') return [...(i === 0 ? [] : [[]]), [segment(` ${each}`, 'strong')]];
    const [key, does] = each;
    return [[segment(`   ${key.padEnd(14)}`, 'accent'), segment(does)]];
  });
}
