import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frame, recordsOnScreen, runningWanted, settled, type Look } from '../../../src/monitor/terminal/frame.ts';
import { widthOf, type Line } from '../../../src/monitor/terminal/line.ts';
import type { Sight } from '../../../src/monitor/terminal/sight.ts';
import { firstState, withView, type MonitorState } from '../../../src/monitor/terminal/state.ts';
import { failureOf } from '../snapshots.ts';
import { anySight, engineOf, failedOf, overviewOf, runningOf, sightOf } from './sights.ts';
import { anyState } from './states.ts';

const small: Look = { columns: 80, rows: 24, unicode: true };
const large: Look = { columns: 200, rows: 60, unicode: true };

function textOf(lines: readonly Line[]): string {
  return lines
    .map((each) =>
      each
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

function shown(sight: Sight, state: MonitorState = firstState, look = small): string {
  return textOf(frame(state, sight, look));
}

test('whatever there is to show, the frame has the rows of the window, and none is wider', () => {
  fc.assert(
    fc.property(
      anySight,
      anyState,
      fc.integer({ min: 1, max: 230 }),
      fc.integer({ min: 1, max: 70 }),
      fc.boolean(),
      (sight, state, columns, rows, unicode) => {
        const lines = frame(state, sight, { columns, rows, unicode });
        expect(lines).toHaveLength(rows);
        for (const each of lines) expect(widthOf(each)).toBeLessThanOrEqual(columns);
      },
    ),
    { numRuns: 150 },
  );
});

test('the cursor is always on a row of the screen, and settles once', () => {
  fc.assert(
    fc.property(anySight, anyState, (sight, before) => {
      const state = settled(before, sight, small);
      expect(settled(state, sight, small)).toEqual(state);
      const { cursor, first } = state.views[state.view];
      expect(cursor).toBeGreaterThanOrEqual(first);
      expect(first).toBeGreaterThanOrEqual(0);
      expect(cursor - first).toBeLessThan(24);
    }),
    { numRuns: 100 },
  );
});

describe('the head', () => {
  test('says how far the run is, how fast, and when it will be done', () => {
    const overview = overviewOf({ tasks: { failed: 3, lost: 2 }, barriers: 1 });
    const text = shown(sightOf({ overview }));
    expect(text).toMatch(/^ disBatch night .* running {2}16:40$/m);
    expect(text).toMatch(/^ █+▌?·+ {2}30% {3}30 of 100 done$/m);
    expect(text).toContain(' slots 12  running 12  finished 30  failed 3  lost 2  barriers 1\n');
    expect(text).toMatch(/^ rate 30\.0\/min {2}.*[▁-█].* peak .* 2:20 to go {2}done at \d\d:\d\d$/m);
    expect(text).toContain('1 Engines 3   2 Running 12   3 Failed 0');
  });

  test('has no bar while nobody knows how many tasks there are', () => {
    expect(shown(sightOf({ overview: overviewOf({ tasks: { total: undefined } }) }))).toMatch(
      /^ 30 tasks done, more to come$/m,
    );
  });

  test('says for what it waits at a barrier', () => {
    const barrier = { taskId: 50, lineNumber: 12, since: 4700 };
    const text = shown(sightOf({ overview: overviewOf({ barrier, tasks: { lost: 1 } }) }));
    expect(text).toContain('Waiting for 5:00 at the barrier of line 12, for 13 tasks before it.');
    expect(text).toContain('at a barrier');
  });

  test('says since when the run cannot be reached, and how to go on if it was killed', () => {
    const text = shown(sightOf({ link: { kind: 'away', problem: 'Nobody answers.', since: 999_935 } }));
    expect(text).toMatch(/Not reached since \d\d:\d\d \(1:05\); it is tried again\. Nobody answers\./);
    expect(text).toMatch(/go on with: disbatch -r\s+\/work\/ada\/night_status\.txt/);
    expect(text).toContain('cannot be reached');
  });

  test('says how the run ended, what is left, and how to go on', () => {
    const overview = overviewOf({ phase: 'over', end: 'soft-stop', tasks: { failed: 1, running: 0 } });
    const text = shown(sightOf({ overview, link: { kind: 'over', exitStatus: 1 } }));
    expect(text).toContain('The run is over with exit status 1: 30 tasks run, 1 failed. q leaves.');
    expect(text).toContain('It ended early: it was stopped, and running tasks may finish.');
    expect(text).toContain('70 tasks are left; go on with: disbatch -r /work/ada/night_status.txt');
  });

  test('says nothing of a run that is over before its records have been read', () => {
    const link = { kind: 'over', exitStatus: undefined } as const;
    const text = shown(sightOf({ overview: undefined, link, isReading: true }));
    expect(text).toContain('reading its records');
    expect(text).not.toContain('is over');
  });

  test('says how to run the failed ones again', () => {
    const overview = overviewOf({ phase: 'over', end: 'done', tasks: { total: 30, failed: 1, running: 0 } });
    expect(shown(sightOf({ overview, link: { kind: 'over', exitStatus: 0 } }))).toContain('night_status.txt -R and');
  });

  test('keeps the failures when there is no room for all figures', () => {
    const tasks = { finished: 5_412_332, failed: 1204, running: 63_411, total: 12_000_000 };
    const text = shown(sightOf({ overview: overviewOf({ tasks }) }), firstState, { ...small, columns: 60 });
    expect(text).toContain('failed 1,204');
  });
});

describe('the engines', () => {
  const running = { engine: 0, total: 9, tasks: [2, 0, 1, 3].map((slot) => runningOf({ slot, since: 5000 - slot })) };

  test('are shown with all that the original shows, in 80 columns', () => {
    const engines = [
      engineOf({ rank: 7, context: 0, hostname: 'node7', assigned: 1234, finished: 1200, failed: 3, last: 4993 }),
    ];
    const text = shown(sightOf({ overview: overviewOf({ engines }) }));
    expect(text).toMatch(/rank {2}context {2}host {3}state {6}heard {2}slots .*assigned {3}done {2}failed/);
    expect(text).toMatch(/▶ {4}7 {2}SSH0 {5}node7 {2}working {6}7 s {6}4 .* 1,234 {2}1,200 {7}3/);
  });

  test('the one under the cursor shows what its slots run now, and since when', () => {
    const text = shown(sightOf({ running }));
    expect(text).toContain(' node0  engine 0 of SSH0  pid 100  4 of 4 slots busy');
    expect(text).toMatch(/ {4}0 +0 s {4}30 {2}\.\/work 0\n {4}1 +1 s {4}31 {2}\.\/work 1\n {4}2 +2 s/);
    expect(text).toContain('and 5 more: Enter shows them all');
  });

  test('what is asked of the run is of the engine under the cursor alone, as far as there is room', () => {
    const state = withView(firstState, 'engines', { cursor: 1, key: 1 });
    expect(runningWanted(state, sightOf(), small)?.engine).toBe(1);
    expect(runningWanted(state, sightOf(), small)?.limit).toBeLessThan(20);
  });

  test('a thousand of them are one screen', () => {
    const engines = Array.from({ length: 1000 }, (_, rank) => engineOf({ rank }));
    const state = withView(firstState, 'engines', { cursor: 500, key: 500 });
    const text = shown(sightOf({ overview: overviewOf({ engines }) }), state);
    expect(text).toMatch(/▶ {2}500 {2}SSH0/);
    expect(text).toContain('│');
    expect(text).not.toContain('node600');
  });

  test('a wide window has more columns, and the tasks beside them', () => {
    const text = shown(sightOf({ running }), firstState, large);
    expect(text).toMatch(/busy .*pid/);
    expect(text).toMatch(/▶ {4}0 .*│ {2}slot +for/);
  });

  test('the cursor stays on its engine when the rows change places', () => {
    const engines = [0, 1, 2].map((rank) => engineOf({ rank, failed: rank }));
    const state = withView(firstState, 'engines', { cursor: 1, key: 1, sort: 7 });
    expect(shown(sightOf({ overview: overviewOf({ engines }) }), state)).toMatch(/▶ {4}1 /);
    const others = [0, 1, 2].map((rank) => engineOf({ rank, failed: rank === 0 ? 9 : rank === 1 ? 8 : 0 }));
    const after = settled(state, sightOf({ overview: overviewOf({ engines: others }) }), small);
    expect(after.views.engines).toMatchObject({ cursor: 1, key: 1 });
  });

  test('of a run that is over there are the nodes of its records', () => {
    const nodes = [{ node: 'node3', finished: 12, failed: 2 }];
    const text = shown(sightOf({ overview: undefined, nodes, link: { kind: 'over', exitStatus: undefined } }));
    expect(text).toContain('1 Nodes 1');
    expect(text).toMatch(/▶ node3 .* 12 {7}2/);
    expect(text).not.toContain('stop engine');
  });
});

describe('what runs now', () => {
  const state: MonitorState = { ...firstState, view: 'running' };

  test('the longest comes first, and the one under the cursor is told in full', () => {
    const tasks = [
      runningOf({ slot: 1, since: 4000, command: `sleep ${'9'.repeat(100)}` }),
      runningOf({ slot: -1, since: 4990 }),
    ];
    const text = shown(sightOf({ running: { engine: undefined, total: 2, tasks } }), state);
    expect(text).toMatch(/▶ +16:40 {2}node0 {2}SSH0 {8}1 {4}31 {5}3 {2}sleep 9+…/);
    expect(text).toMatch(/^ +10 s {2}node0 .* all /m);
    expect(text).toContain(' task 31  line 3  slot 1  engine 0 of SSH0  since ');
    expect(text.replace(/\s/g, '')).toContain('9'.repeat(100));
  });

  test('no more is asked for than what is on the screen and a little more', () => {
    expect(runningWanted(state, sightOf(), small)).toEqual({ engine: undefined, limit: 200 });
    expect(runningWanted({ ...state, view: 'failed' }, sightOf(), small)).toBeUndefined();
  });

  test('a search asks for all that it can get', () => {
    expect(runningWanted(withView(state, 'running', { search: 'x' }), sightOf(), small)?.limit).toBe(10_000);
  });
});

describe('failed tasks', () => {
  const records = [
    failureOf({ taskId: 4, errorSnippet: 'no such file\nreally', command: './fit 4' }),
    failureOf({ taskId: 9, exitCode: -9, errorSnippet: '', outputSnippet: '', command: './fit 9', node: 'node8' }),
  ];
  const state: MonitorState = { ...firstState, view: 'failed' };

  test('the newest comes first, with how it ended', () => {
    const text = shown(sightOf({ failed: failedOf(records) }), state);
    expect(text).toMatch(/▶ .* 9 {5}5 {2}node8 {2}signal 9 {2}1\.00 s {2}\.\/fit 9\n.* 4 {5}5 {2}node1 {2}exit 3/);
    expect(text).toContain(' task 9  killed by signal 9  after 1.00 s  on node8');
    expect(text).toContain('It said nothing.');
  });

  test('the one under the cursor shows what it said', () => {
    const text = shown(sightOf({ failed: failedOf(records) }), withView(state, 'failed', { cursor: 1, key: 0 }));
    expect(text).toContain(' command  ./fit 4\n error    no such file\n          really\n');
  });

  test('only the records on the screen are read', () => {
    const many = failedOf(Array.from({ length: 500 }, (_, i) => failureOf({ taskId: i })));
    const wanted = recordsOnScreen(state, sightOf({ failed: many }), small);
    expect(wanted[0]).toBe(499);
    expect(wanted.length).toBeLessThan(20);
  });

  test('all of one has its command, both snippets, and its times', () => {
    const record = failureOf({
      outputSnippet: 'out',
      outputBytes: 3,
      errorSnippet: 'err\nmore',
      errorBytes: 8,
      repeatIndex: 7,
    });
    const text = shown(sightOf({ failed: failedOf([record]) }), { ...state, open: { record: 0 } }, large);
    for (const part of [
      'exit code 3',
      'node1, pid 77',
      '5, repeat 7',
      'false',
      'standard error  8 bytes',
      '   more',
      '   out',
    ])
      expect(text).toContain(part);
    expect(text).toMatch(/started .*\n ended .*, after 1\.00 s\n recorded in {3}\/work\/ada\/night_status\.txt/);
  });
});

test('a window that is too small is told', () => {
  expect(shown(sightOf(), firstState, { ...small, columns: 40, rows: 10 })).toContain('monitor needs 60 by 14');
});

test('a dialog is whole in the smallest window', () => {
  const dialog = {
    stop: { type: 'stop-run' as const },
    title: 'Stop the whole run softly?',
    text: 'Sure? '.repeat(20),
    done: '',
  };
  const away = sightOf({ link: { kind: 'away', problem: 'x '.repeat(200), since: 0 } });
  const text = shown(away, { ...firstState, dialog }, { columns: 60, rows: 14, unicode: false });
  expect(text).toContain('Stop the whole run softly?');
  expect(text).toContain('y yes   n no   c cancel');
});
