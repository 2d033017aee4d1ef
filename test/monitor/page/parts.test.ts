/** What the page decides without a browser: words, windows of time, lanes, what failures have in common. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sortedEngines } from '../../../src/monitor/page/engines/sorted-engines.ts';
import { failureGroups, lastLines, whereFailed } from '../../../src/monitor/page/parts/failure-patterns.ts';
import {
  clockTime,
  headline,
  percent,
  rateText,
  rough,
  stateOf,
  took,
  troubleOf,
  visibleLines,
} from '../../../src/monitor/page/parts/words.ts';
import { failedSpans, lanesOf, spanAt } from '../../../src/monitor/page/timeline/spans.ts';
import { moved, ticks, within, zoomed, type Window } from '../../../src/monitor/page/timeline/window.ts';
import type { RunAnswer, TaskRow } from '../../../src/monitor/web/answers.ts';
import { madeUp, MadeUpRun } from './made-up-run.ts';

const busy = new MadeUpRun(madeUp.busy).runAnswer;
const changed = (change: Partial<RunAnswer>, figures: Partial<RunAnswer['figures']> = {}): RunAnswer => ({
  ...busy,
  ...change,
  figures: { ...busy.figures, ...figures },
});

describe('words', () => {
  test.each([
    [changed({}), 'running', 'busy'],
    [changed({ barrier: { lineNumber: 7, since: 0 } }), 'waiting at the barrier of line 7', 'warn'],
    [changed({ engines: 0 }), 'waiting for hosts', 'warn'],
    [changed({ phase: 'closing', end: 'stopped on request' }), 'stopping', 'warn'],
    [changed({ phase: 'killing' }), 'ending its tasks', 'bad'],
    [changed({ link: 'away' }), 'cannot be reached', 'bad'],
    [changed({ link: 'over', exitStatus: 0 }, { failed: 0 }), 'over, exit status 0', 'good'],
    [changed({ link: 'over', exitStatus: 1, end: 'stopped on request' }), 'over before its end, exit status 1', 'bad'],
    [changed({ link: 'records' }, { failed: 3 }), 'over', 'warn'],
    [undefined, 'connecting', 'calm'],
  ] as const)('say how a run stands: %#', (run, words, tone) => {
    expect(stateOf(run)).toEqual({ words, tone });
  });

  test('put how far it is, what failed and when it is done into one sentence', () => {
    expect(headline(busy)).toBe('63.4 % done, 1 task failed, and it should be done in 1 h 33 min.');
    expect(headline(changed({}, { failed: 0, toGo: null, total: null }))).toBe(
      '12,680 tasks done, nothing has failed.',
    );
    expect(headline(changed({ link: 'over' }, { done: 15_000, failed: 2 }))).toBe(
      'The run is over with 5,000 tasks not done; 2 tasks failed.',
    );
    expect(headline(changed({ link: 'over' }, { done: 20_000, failed: 0 }))).toBe(
      'The run is over, and nothing has failed.',
    );
    expect(headline(changed({ engines: 0 }, { done: 0, running: 0 }))).toBe('No host has come yet.');
  });

  test('say what stands in the way, and what to do', () => {
    expect(troubleOf(busy, { kind: 'open' })).toBeUndefined();
    expect(troubleOf(busy, { kind: 'cut', since: busy.now })).toMatch(/cannot be reached since .*tunnel/);
    expect(troubleOf(busy, { kind: 'ended' })).toContain('disbatch web /home/ada/fit-all/run');
    expect(troubleOf(changed({ link: 'away', problem: 'gone\u001b[2J' }), { kind: 'open' })).toMatch(
      /was it killed.*gone\\x1b/,
    );
    expect(troubleOf(changed({ problem: 'The status file cannot be read.' }), { kind: 'open' })).toBe(
      'The status file cannot be read.',
    );
  });

  test('never say 100 % or nothing while that is not so', () => {
    expect([percent(19_999, 20_000), percent(1, 20_000), percent(0, 5), percent(5, 5)]).toEqual([
      '99.9 %',
      'under 0.1 %',
      '0.0 %',
      '100 %',
    ]);
  });

  test('are short for rates and times', () => {
    expect([rateText(12.34), rateText(0.5), rateText(0.001), rateText(null)]).toEqual(['12/s', '30/min', '3.6/h', '–']);
    expect([rough(42), rough(754), rough(12_000), rough(300_000)]).toEqual([
      '42 s',
      '13 min',
      '3 h 20 min',
      '3 d 11 h',
    ]);
    expect([took(0.004), took(0.5), took(65)]).toEqual(['4 ms', '0.50 s', '1:05']);
    const noon = new Date(2026, 10, 14, 12, 0).getTime() / 1000;
    expect([clockTime(noon + 60, noon), clockTime(noon + 86_400, noon), clockTime(noon + 3 * 86_400, noon)]).toEqual([
      '12:01',
      'tomorrow 12:00',
      'Tuesday 12:00',
    ]);
    expect(clockTime(noon - 30 * 86_400, noon)).toBe('2026-10-15 12:00');
  });

  test('show what would reorder or hide text, and keep lines', () => {
    expect(visibleLines('a\u202eb\n\tc\u0000')).toBe('a\\u202eb\n    c\\x00');
  });
});

describe('windows of time', () => {
  const anyWindow = fc
    .tuple(fc.double({ min: 0, max: 1e5, noNaN: true }), fc.double({ min: 0.05, max: 1e5, noNaN: true }))
    .map(([from, length]): Window => ({ from, to: from + length }));

  test('stay within the whole, however they are moved and zoomed, and what is pointed at stays put', () => {
    fc.assert(
      fc.property(
        anyWindow,
        anyWindow,
        fc.double({ min: 0.05, max: 20, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (whole, any, factor, share) => {
          const window = within(any, whole);
          const around = window.from + (window.to - window.from) * share;
          for (const next of [zoomed(window, factor, around, whole), moved(window, factor - 5, whole)]) {
            expect(next.from).toBeGreaterThanOrEqual(whole.from - 1e-6);
            expect(next.to).toBeLessThanOrEqual(whole.to + 1e-6);
            expect(next.to).toBeGreaterThan(next.from);
          }
          const closer = zoomed(window, 0.5, around, whole);
          expect(closer.from).toBeLessThanOrEqual(around + 1e-6);
          expect(closer.to).toBeGreaterThanOrEqual(around - 1e-6);
        },
      ),
    );
  });

  test('are marked at round times of day, in the time of whoever looks', () => {
    const from = Date.UTC(2026, 10, 14, 21, 58) / 1000;
    expect(ticks({ from, to: from + 600 }, 100, 3600).map(({ text }) => text)).toEqual([
      '22:58',
      '23:00',
      '23:02',
      '23:04',
      '23:06',
      '23:08',
    ]);
    expect(ticks({ from, to: from + 1 }, 0.4, 0).map(({ text }) => text)).toEqual([
      '21:58:00.0',
      '21:58:00.5',
      '21:58:01.0',
    ]);
    expect(ticks({ from, to: from + 7200 }, 3600, 3600).map(({ text }) => text)).toEqual(['23:00', '11-15']);
  });
});

describe('lanes', () => {
  const run = new MadeUpRun({ ...madeUp.failing, ended: 400 });
  const answer = run.timeline(new URLSearchParams({ pixels: '1000000' }));
  const named = run
    .runningTasks(1000, undefined)
    .tasks.map((task) => ({ ...task, node: madeUp.failing.nodes[task.engine] as string }));

  test('hold each task once, and what runs where nothing else did at that time', () => {
    const lanes = lanesOf(answer, named);
    const spans = [...lanes.spans.values()];
    expect(spans.flat().reduce((sum, { count }) => sum + count, 0)).toBe(400 + named.length);
    expect(lanes.count).toBe(64);
    for (const list of spans)
      for (const [i, span] of list.entries()) expect(list[i - 1]?.to ?? 0).toBeLessThanOrEqual(span.from + 0.01);
    for (const [lane, list] of lanes.spans)
      for (const { task } of list)
        if (task !== undefined) expect(lanes.lanes[lane]?.node).toBe(madeUp.failing.nodes[task.engine]);
  });

  test('are added for what runs on a node that has no record yet', () => {
    const task = { ...named[0], node: 'new node' } as (typeof named)[number];
    const lanes = lanesOf(answer, [task, task]);
    expect(lanes.lanes.slice(64)).toEqual([
      { node: 'new node', lane: 0 },
      { node: 'new node', lane: 1 },
    ]);
    expect(lanes.spans.get(65)).toHaveLength(1);
  });

  test('give the span that is pointed at, a failed one before others', () => {
    const lanes = lanesOf(answer, []);
    const failed = failedSpans(lanes, 0, Infinity);
    expect(failed.length).toBeGreaterThan(5);
    for (const span of failed) {
      expect(spanAt(lanes, span.lane, (span.from + span.to) / 2, 0)).toBe(span);
      expect(spanAt(lanes, span.lane, span.to + 1, 1.5)).toBe(span);
    }
    expect(spanAt(lanes, 99, 0, 0)).toBeUndefined();
  });
});

describe('failures', () => {
  const row = (how: string, errorSnippet: string, node: string): TaskRow => ({
    ...new MadeUpRun({ ...madeUp.busy, ended: 1 }).task(0),
    ...{ how, errorSnippet, node },
  });

  test('that end alike and say alike but for numbers are one kind, the most frequent first', () => {
    const groups = failureGroups([
      row('exit code 2', 'a', 'n1'),
      row('exit code 1', 'trace 1\nno file 17\n', 'n1'),
      row('exit code 1', 'trace 2\nno file 4', 'n2'),
    ]);
    expect(groups.map(({ count, nodes, example }) => [count, nodes, example.errorSnippet])).toEqual([
      [2, 2, 'trace 1\nno file 17\n'],
      [1, 1, 'a'],
    ]);
  });

  test('on one node stand out', () => {
    const nodes = (...names: string[]) => whereFailed(names.map((node) => ({ node })));
    expect([nodes('a', 'a'), nodes('a', 'a', 'b'), nodes('a', 'b', 'c')]).toEqual([
      'all on a',
      '2 of them on a',
      'on 3 nodes',
    ]);
  });

  test('are told by the end of what they said', () => {
    expect(lastLines('a\nb\nc\n', 2)).toBe('…\nb\nc');
    expect(lastLines('a\nb', 2)).toBe('a\nb');
  });
});

test('engines are found by name, state or rank, and sorted as numbers are', () => {
  const { engines } = new MadeUpRun({ ...madeUp.busy, ended: 64, nodes: ['n10', 'n9', 'x1'] }).engines;
  const ranks = (...given: Parameters<typeof sortedEngines> extends [unknown, ...infer Rest] ? Rest : never) =>
    sortedEngines(engines, ...given).map(({ rank }) => rank);
  expect(ranks('', 'node', false)).toEqual([1, 0, 2]);
  expect(ranks('', 'rank', true)).toEqual([2, 1, 0]);
  expect(ranks('N1', 'node', false)).toEqual([0]);
  expect(ranks('work', 'rank', false)).toEqual([0, 1, 2]);
});
