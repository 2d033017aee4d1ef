/** Comma lists of environment variables that are shared out over slots (`-g`, `-E`). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { perEngineSlot } from '../../src/contract/messages.ts';
import { gpuVariables } from '../../src/contract/run-info.ts';
import { shareOut, type SharedOut } from '../../src/engine/slot-resources.ts';

type Values = Readonly<Record<string, string>>;
const [cuda, ordinal] = gpuVariables as [string, string];

/** All slots find the same. */
const same = (names: readonly string[], slots: number, values: Values): SharedOut =>
  shareOut(names, slots, (_, name) => values[name], false);
/** Each slot finds its own. */
const each = (names: readonly string[], values: readonly Values[], own = false): SharedOut =>
  shareOut(names, values.length, (slot, name) => values[slot]?.[name], own);
const perSlot = (shared: SharedOut): unknown[] =>
  Array.from({ length: shared.slots }, (_, slot) => Object.fromEntries(shared.variables(slot)));

describe('a list', () => {
  test('gives each slot one element, in order', () => {
    const shared = same(['A'], 3, { A: 'x,y,z' });
    expect(perSlot(shared)).toEqual([{ A: 'x' }, { A: 'y' }, { A: 'z' }]);
    expect(shared.notes).toEqual([]);
  });

  test('with too few elements lowers the number of slots, and says so', () => {
    const shared = same(['A'], 4, { A: '7,9' });
    expect(shared.slots).toBe(2);
    expect(shared.notes).toEqual(['A has 2 elements for 4 slots; only 2 of these are used']);
    expect(same(['A'], 2, { A: '7' }).notes).toEqual(['A has 1 element for 2 slots; only 1 of these are used']);
  });

  test('with too many elements leaves the last unused, and names them', () => {
    const shared = same(['A'], 2, { A: '0,1,2,3' });
    expect(perSlot(shared)).toEqual([{ A: '0' }, { A: '1' }]);
    expect(shared.notes).toEqual(['A has 4 elements for 2 slots; 2,3 stays unused']);
  });

  test('that is longer than another is unused beyond what that gives', () => {
    const shared = same(['A', 'B'], 3, { A: '0,1,2', B: 'x,y' });
    expect(perSlot(shared)).toEqual([
      { A: '0', B: 'x' },
      { A: '1', B: 'y' },
    ]);
    expect(shared.notes).toEqual([
      'A has 3 elements for 2 slots; 2 stays unused',
      'B has 2 elements for 3 slots; only 2 of these are used',
    ]);
  });

  test('gives the per-engine tasks what the first slot gets', () => {
    expect(same(['A'], 2, { A: 'x,y' }).variables(perEngineSlot)).toEqual([['A', 'x']]);
  });

  test.each([{}, { A: '' }])('that is not there (%j) is told, and changes nothing', (values: Values) => {
    const shared = same(['A'], 3, values);
    expect(shared.slots).toBe(3);
    expect(shared.variables(1)).toEqual([]);
    expect(shared.notes).toEqual(['A is not set there, so there is nothing to share out']);
  });
});

describe("what is a slot's own already", () => {
  test('is kept when the slots find different values, whatever these look like', () => {
    const shared = each(['A'], [{ A: '0,1' }, { A: '2,3' }, { A: '2,3' }]);
    expect(shared.slots).toBe(3);
    expect(shared.notes).toEqual([]);
    for (const slot of [0, 1, 2]) expect(shared.variables(slot)).toEqual([]);
  });

  test('is kept when one slot finds nothing', () => {
    expect(each(['A'], [{ A: '0,1' }, {}]).slots).toBe(2);
    expect(each(['A'], [{ A: '0,1' }, {}]).variables(0)).toEqual([]);
  });

  test('is kept when the resource manager says so, though all values are the same', () => {
    const shared = each(['A'], [{ A: '0' }, { A: '0' }], true);
    expect([shared.slots, shared.variables(1), shared.notes]).toEqual([2, [], []]);
  });
});

describe('the two variables of -g', () => {
  test('are both shared out', () => {
    expect(perSlot(same(gpuVariables, 2, { [cuda]: '0,1', [ordinal]: '0,1' }))).toEqual([
      { [cuda]: '0', [ordinal]: '0' },
      { [cuda]: '1', [ordinal]: '1' },
    ]);
  });

  test.each([cuda, ordinal])('may be one only, %s, and that is no trouble', (name) => {
    const shared = same(gpuVariables, 2, { [name]: '4,5' });
    expect(perSlot(shared)).toEqual([{ [name]: '4' }, { [name]: '5' }]);
    expect(shared.notes).toEqual([]);
  });

  test('are spoken of once when they say the same', () => {
    expect(same(gpuVariables, 3, { [cuda]: '0', [ordinal]: '0' }).notes).toEqual([
      `${cuda} has 1 element for 3 slots; only 1 of these are used`,
    ]);
  });

  test.each([{}, { [cuda]: 'NoDevFiles' }, { [cuda]: '', [ordinal]: 'NoDevFiles' }])(
    'that name no GPU (%j) are told of once, and all slots run without',
    (values: Values) => {
      const shared = same(gpuVariables, 2, values);
      expect([shared.slots, shared.variables(0)]).toEqual([2, []]);
      expect(shared.notes).toEqual([
        `no GPUs are named there (${cuda} and ${ordinal} are not set), so there are none to share out`,
      ]);
    },
  );
});

test('no element is given to two slots, none is invented, and slots are as many as there is enough for', () => {
  const element = fc.stringMatching(/^[A-Za-z0-9-]{1,6}$/);
  const lists = fc.dictionary(
    fc.constantFrom('A', 'B', cuda, ordinal),
    fc.uniqueArray(element, { minLength: 1, maxLength: 9 }).filter((list) => list.join() !== 'NoDevFiles'),
  );
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 9 }), (byName, slots) => {
      const names = Object.keys(byName);
      const values = Object.fromEntries(Object.entries(byName).map(([name, list]) => [name, list.join()]));
      const shared = same(names, slots, values);
      expect(shared.slots).toBe(Math.min(slots, ...Object.values(byName).map((list) => list.length)));
      for (const [name, list] of Object.entries(byName)) {
        const given = perSlot(shared).map((variables) => (variables as Values)[name]);
        expect(given).toEqual(list.slice(0, shared.slots));
        expect(new Set(given).size).toBe(shared.slots);
      }
      // Silence where each element has its slot, and only there.
      const fits = Object.values(byName).every((list) => list.length === slots);
      expect(shared.notes.length === 0).toBe(fits);
    }),
  );
});
