import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { settled, type Look } from '../../../src/monitor/terminal/frame.ts';
import type { Key } from '../../../src/monitor/terminal/keys.ts';
import type { Sight } from '../../../src/monitor/terminal/sight.ts';
import { firstState, type MonitorState } from '../../../src/monitor/terminal/state.ts';
import { press, type Update, type Wish } from '../../../src/monitor/terminal/update.ts';
import { failureOf } from '../snapshots.ts';
import { anySight, engineOf, failedOf, overviewOf, runningOf, sightOf } from './sights.ts';
import { anyState } from './states.ts';

const look: Look = { columns: 80, rows: 24, unicode: true };
const page = 5;

const keys: readonly Key[] = [
  ...['1', '2', '3', 'tab', 'back-tab', 'up', 'down', 'u', 'd', 'page-up', 'page-down', 'home', 'end', 'enter'],
  ...['escape', 's', 'S', '/', 'h', '?', 'E', 'C', 'R', 'y', 'n', 'c', 'x', 'backspace', 'left', 'right', 'delete'],
];

/** Presses keys one after the other. */
function after(sight: Sight, ...pressed: readonly Key[]): Update {
  let update: Update = { state: firstState };
  for (const key of pressed) update = press(settled(update.state, sight, look), key, sight, page);
  return { ...update, state: settled(update.state, sight, look) };
}

function stateAfter(sight: Sight, ...pressed: readonly Key[]): MonitorState {
  return after(sight, ...pressed).state;
}

const tenEngines = sightOf({
  overview: overviewOf({ engines: [...Array(10).keys()].map((rank) => engineOf({ rank })) }),
});

describe('the cursor', () => {
  test.each<[Key[], number]>([
    [['down', 'down'], 2],
    [['d', 'j', 'u'], 1],
    [['up'], 0],
    [['page-down'], 5],
    [['end'], 9],
    [['end', 'down'], 9],
    [['end', 'page-up'], 4],
    [['end', 'home'], 0],
  ])('%j leads to row %d', (pressed, cursor) => {
    expect(stateAfter(tenEngines, ...pressed).views.engines.cursor).toBe(cursor);
  });
});

describe('the views', () => {
  test.each<[Key[], string]>([
    [['2'], 'running'],
    [['3'], 'failed'],
    [['3', '1'], 'engines'],
    [['tab'], 'running'],
    [['tab', 'tab', 'tab'], 'engines'],
    [['back-tab'], 'failed'],
  ])('%j lead to %s', (pressed, view) => {
    expect(stateAfter(tenEngines, ...pressed).view).toBe(view);
  });

  test('Enter shows what the engine under the cursor runs, and Escape leads back', () => {
    const there = stateAfter(tenEngines, 'down', 'enter');
    expect(there).toMatchObject({ view: 'running', onlyEngine: 1 });
    const back = press(there, 'escape', tenEngines, page).state;
    expect(back).toMatchObject({ view: 'engines', onlyEngine: undefined });
    expect(back.views.engines.cursor).toBe(1);
  });

  test('Enter shows all of a failed task, keys scroll it, and q only closes it', () => {
    const record = failureOf({ errorSnippet: 'line\n'.repeat(60) });
    const sight = sightOf({ failed: failedOf([record]) });
    expect(stateAfter(sight, '3', 'enter').open).toEqual({ record: 0 });
    expect(stateAfter(sight, '3', 'enter', 'down', 'page-down').scroll).toBe(6);
    expect(stateAfter(sight, '3', 'enter', 'end').scroll).toBeGreaterThan(20);
    const closed = after(sight, '3', 'enter', 'end', 'q');
    expect(closed.state).toMatchObject({ open: undefined, scroll: 0, view: 'failed' });
    expect(closed.wish).toBeUndefined();
  });
});

describe('sort and search', () => {
  test('s goes through the columns and comes round, S turns the order', () => {
    expect(stateAfter(tenEngines, 's').views.engines.sort).toBe(1);
    expect(stateAfter(tenEngines, ...Array<Key>(8).fill('s')).views.engines.sort).toBe(0);
    const turned = stateAfter(tenEngines, 'S', 'end');
    expect(turned.views.engines).toMatchObject({ reversed: true, key: 0 });
  });

  test('a search is applied as it is typed, kept by Enter, and dropped by Escape', () => {
    const typed = stateAfter(tenEngines, '/', 'N', 'o', 'd', 'e', '7');
    expect(typed.views.engines.search).toBe('Node7');
    expect(typed.typing).toBe('Node7');
    const kept = press(typed, 'enter', tenEngines, page).state;
    expect(kept).toMatchObject({ typing: undefined, views: { engines: { search: 'Node7' } } });
    expect(press(kept, 'escape', tenEngines, page).state.views.engines.search).toBe('');
    expect(press(typed, 'escape', tenEngines, page).state).toMatchObject({
      typing: undefined,
      views: { engines: { search: '' } },
    });
  });

  test('letters that are keys elsewhere are letters in a search', () => {
    expect(after(tenEngines, '/', 'q', 'E', 'backspace', 'y', 'up')).toMatchObject({
      state: { typing: 'qy', dialog: undefined },
    });
  });
});

describe('a soft stop', () => {
  test.each<[Key[], Wish]>([
    [['down', 'E', 'y'], { kind: 'stop', stop: { type: 'stop-engine', rank: 1 }, done: expect.any(String) as string }],
    [['C', 'Y'], { kind: 'stop', stop: { type: 'stop-context', label: 'SSH0' }, done: expect.any(String) as string }],
    [['R', 'y'], { kind: 'stop', stop: { type: 'stop-run' }, done: expect.any(String) as string }],
  ])('%j stops it', (pressed, wish) => {
    const { wish: wished, state } = after(tenEngines, ...pressed);
    expect(wished).toEqual(wish);
    expect(state.dialog).toBeUndefined();
  });

  test.each<Key[]>([
    ['E', 'n'],
    ['C', 'c'],
    ['R', 'escape'],
    ['R', 'q'],
  ])('%s %s stops nothing', (...pressed) => {
    const { wish, state } = after(tenEngines, ...pressed);
    expect(wish).toBeUndefined();
    expect(state).toMatchObject({ dialog: undefined, message: { text: 'Nothing was stopped.' } });
  });

  test('is asked about first, with what it means', () => {
    expect(stateAfter(tenEngines, 'C').dialog).toMatchObject({
      title: 'Stop context SSH0 softly?',
      text: 'Its 10 engines get no more tasks; the 40 that run may finish.',
    });
    expect(stateAfter(tenEngines, 'E').dialog?.text).toBe(
      'node0 (context SSH0, pid 100) gets no more tasks; the 4 that run may finish.',
    );
  });

  test('goes by the engine of the task under the cursor, too', () => {
    const tasks = [runningOf({ slot: 0, engine: 2 })];
    const sight = sightOf({ running: { engine: undefined, total: 1, tasks } });
    expect(after(sight, '2', 'E', 'y').wish).toMatchObject({ stop: { type: 'stop-engine', rank: 2 } });
  });

  test.each<[string, Sight, Key[]]>([
    ['The run is over', sightOf({ link: { kind: 'over', exitStatus: 0 } }), ['E']],
    ['cannot be reached', sightOf({ link: { kind: 'away', problem: '', since: 0 } }), ['R']],
    ['Move the cursor to an engine', tenEngines, ['3', 'E']],
    ['has left already', sightOf({ overview: overviewOf({ engines: [engineOf({ rank: 0, stage: 'gone' })] }) }), ['E']],
    ['has left already', sightOf({ overview: overviewOf({ engines: [engineOf({ rank: 0, stage: 'gone' })] }) }), ['C']],
  ])('is refused where it makes no sense: %s', (text, sight, pressed) => {
    const state = stateAfter(sight, ...pressed);
    expect(state.dialog).toBeUndefined();
    expect(state.message?.text).toContain(text);
  });
});

test('q and Ctrl-C leave, Ctrl-C from anywhere', () => {
  expect(after(tenEngines, 'q').wish).toEqual({ kind: 'quit' });
  for (const opened of [['E'], ['/'], ['h']])
    expect(after(tenEngines, ...opened, 'ctrl-c').wish).toEqual({ kind: 'quit' });
});

test('a key that does nothing says where the others are', () => {
  expect(stateAfter(tenEngines, 'x').message?.text).toContain('h shows');
});

test('whatever is pressed, nothing is stopped without a y that answers a question', () => {
  fc.assert(
    fc.property(anySight, anyState, fc.array(fc.constantFrom(...keys), { maxLength: 25 }), (sight, first, pressed) => {
      let state = settled(first, sight, look);
      for (const key of pressed) {
        const asked = state.dialog;
        const update = press(state, key, sight, page);
        if (update.wish?.kind === 'stop') {
          expect(asked?.stop).toEqual(update.wish.stop);
          expect(key).toBe('y');
        }
        state = settled(update.state, sight, look);
      }
    }),
    { numRuns: 80 },
  );
});
