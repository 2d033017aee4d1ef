import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DisbatchError } from '../../src/base/errors.ts';
import { floorDivide, parseHostList, planNode, sameHost } from '../../src/context/host-list.ts';

const parse = (...lists: string[]): unknown => parseHostList(lists, 'here', '-s ');

describe('a list of hosts', () => {
  test.each([
    ['localhost:4', [{ name: 'here', cores: 4 }]],
    [
      'node1:8,node2:16',
      [
        { name: 'node1', cores: 8 },
        { name: 'node2', cores: 16 },
      ],
    ],
    [
      ' node1:8 , , node2: 16,',
      [
        { name: 'node1', cores: 8 },
        { name: 'node2', cores: 16 },
      ],
    ],
    [
      'node1:8,node2:1,node1:2',
      [
        { name: 'node1', cores: 10 },
        { name: 'node2', cores: 1 },
      ],
    ],
    ['localhost:2,here:3', [{ name: 'here', cores: 5 }]],
    ['node1:0', [{ name: 'node1', cores: 0 }]],
    ['user@node1.cluster:4', [{ name: 'user@node1.cluster', cores: 4 }]],
  ])('%j names hosts with cores', (list, hosts) => {
    expect(parse(list)).toEqual(hosts);
  });

  test('given in several parts is the same as in one', () => {
    const host = fc.tuple(fc.constantFrom('a', 'b', 'c.d', 'localhost'), fc.nat(99)).map(([name, n]) => `${name}:${n}`);
    fc.assert(
      fc.property(fc.array(fc.array(host, { minLength: 1 }), { minLength: 1 }), (parts) => {
        expect(parse(...parts.map((part) => part.join(',')))).toEqual(parse(parts.flat().join(',')));
      }),
    );
  });

  test('has each host once, at the place of its first, with all of its cores', () => {
    const host = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), cores: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(host, { minLength: 1 }), (hosts) => {
        const found = parseHostList([hosts.map(({ name, cores }) => `${name}:${cores}`).join(',')], 'here', '-s ');
        expect(found.map(({ name }) => name)).toEqual([...new Set(hosts.map(({ name }) => name))]);
        for (const { name, cores } of found) {
          const all = hosts.filter((each) => each.name === name);
          expect(cores).toBe(all.reduce((sum, each) => sum + each.cores, 0));
        }
      }),
    );
  });

  test.each(['localhost', ':4', 'node1:', 'node1:x', 'node1:1.5', 'node1:-1', 'node1:4 node2:4:', 'node1:4,node2'])(
    '%j is refused with the item and an example',
    (list) => {
      expect(() => parse(list)).toThrow(DisbatchError);
      expect(() => parse(list)).toThrow(/^-s: ".+" is not HOST:CORES\. Write, for example, -s localhost:4\.$/);
    },
  );

  test.each(['', ' , ,'])('%j names no host, and says so', (list) => {
    expect(() => parseHostList([list], 'here', 'DISBATCH_SSH_NODELIST=')).toThrow(
      /^DISBATCH_SSH_NODELIST names no host\./,
    );
  });
});

test('what follows the first dot of a name does not count', () => {
  expect(sameHost('node1', 'node1.cluster.org')).toBe(true);
  expect(sameHost('node1.a', 'node1.b')).toBe(true);
  expect(sameHost('node1', 'node11')).toBe(false);
  expect(sameHost('node1.a', 'node2.a')).toBe(false);
});

describe('slots', () => {
  const plan = (cores: number, cpusPerTask: number, tasksPerNode?: number): unknown => {
    const { slots, coresPerTask } = planNode({ name: 'n', cores }, { cpusPerTask, tasksPerNode, fill: false });
    return [slots, coresPerTask];
  };

  test.each([
    [8, 1, undefined, [8, 1]],
    [8, 3, undefined, [2, 4]],
    [8, 0.5, undefined, [16, 0]],
    [1, 0.1, undefined, [9, 0]],
    [2, 4, undefined, [0, 2]],
    [8, 1, 3, [3, 2]],
    [8, 4, 16, [16, 0]],
    [0, 1, undefined, [0, 0]],
  ])('%d cores, %d for each task, -t %s: slots and whole cores for each are %j', (cores, each, tasks, slots) => {
    expect(plan(cores, each, tasks)).toEqual(slots);
  });

  test('never need more cores than there are, unless -t says so', () => {
    fc.assert(
      fc.property(fc.nat(512), fc.integer({ min: 1, max: 64 }), (cores, each) => {
        const options = { cpusPerTask: each, tasksPerNode: undefined, fill: false };
        const { slots, coresPerTask } = planNode({ name: 'n', cores }, options);
        expect(slots * each).toBeLessThanOrEqual(cores);
        expect((slots + 1) * each).toBeGreaterThan(cores);
        if (slots > 0) expect(coresPerTask).toBeGreaterThanOrEqual(each);
      }),
    );
  });
});

/** Cores, and for each number of cores a task needs, what Python 3.12 says of `float(cores) // need`. */
const cores = [0, 1, 2, 3, 4, 5, 7, 8, 10, 16, 28, 40, 64, 96, 128, 1000];
const python: [number, number[]][] = [
  [0.001, [0, 999, 1999, 2999, 3999, 4999, 6999, 7999, 9999, 15999, 27999, 39999, 63999, 95999, 127999, 999999]],
  [0.01, [0, 99, 199, 299, 399, 499, 699, 799, 999, 1599, 2799, 3999, 6399, 9599, 12799, 99999]],
  [0.1, [0, 9, 19, 29, 39, 49, 69, 79, 99, 159, 279, 399, 639, 959, 1279, 9999]],
  [0.2, [0, 4, 9, 14, 19, 24, 34, 39, 49, 79, 139, 199, 319, 479, 639, 4999]],
  [0.25, [0, 4, 8, 12, 16, 20, 28, 32, 40, 64, 112, 160, 256, 384, 512, 4000]],
  [0.3, [0, 3, 6, 10, 13, 16, 23, 26, 33, 53, 93, 133, 213, 320, 426, 3333]],
  [0.30000000000000004, [0, 3, 6, 9, 13, 16, 23, 26, 33, 53, 93, 133, 213, 319, 426, 3333]],
  [0.33, [0, 3, 6, 9, 12, 15, 21, 24, 30, 48, 84, 121, 193, 290, 387, 3030]],
  [0.4, [0, 2, 4, 7, 9, 12, 17, 19, 24, 39, 69, 99, 159, 239, 319, 2499]],
  [0.5, [0, 2, 4, 6, 8, 10, 14, 16, 20, 32, 56, 80, 128, 192, 256, 2000]],
  [0.6, [0, 1, 3, 5, 6, 8, 11, 13, 16, 26, 46, 66, 106, 160, 213, 1666]],
  [0.7, [0, 1, 2, 4, 5, 7, 10, 11, 14, 22, 40, 57, 91, 137, 182, 1428]],
  [0.75, [0, 1, 2, 4, 5, 6, 9, 10, 13, 21, 37, 53, 85, 128, 170, 1333]],
  [0.8, [0, 1, 2, 3, 4, 6, 8, 9, 12, 19, 34, 49, 79, 119, 159, 1249]],
  [0.9, [0, 1, 2, 3, 4, 5, 7, 8, 11, 17, 31, 44, 71, 106, 142, 1111]],
  [1, [0, 1, 2, 3, 4, 5, 7, 8, 10, 16, 28, 40, 64, 96, 128, 1000]],
  [1.0000000000000002, [0, 0, 1, 2, 3, 4, 6, 7, 9, 15, 27, 39, 63, 95, 127, 999]],
  [1.1, [0, 0, 1, 2, 3, 4, 6, 7, 9, 14, 25, 36, 58, 87, 116, 909]],
  [1.5, [0, 0, 1, 2, 2, 3, 4, 5, 6, 10, 18, 26, 42, 64, 85, 666]],
  [2, [0, 0, 1, 1, 2, 2, 3, 4, 5, 8, 14, 20, 32, 48, 64, 500]],
  [2.5, [0, 0, 0, 1, 1, 2, 2, 3, 4, 6, 11, 16, 25, 38, 51, 400]],
  [3, [0, 0, 0, 1, 1, 1, 2, 2, 3, 5, 9, 13, 21, 32, 42, 333]],
  [4.35, [0, 0, 0, 0, 0, 1, 1, 1, 2, 3, 6, 9, 14, 22, 29, 229]],
  [7, [0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 4, 5, 9, 13, 18, 142]],
  [64, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 15]],
  [1e300, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
];

test.each(python)("division by %d rounds down as Python's does", (need, quotients) => {
  expect(cores.map((each) => floorDivide(each, need))).toEqual(quotients);
});
