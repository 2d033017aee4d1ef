/** Names of nodes in a narrow column. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shortNames } from '../../../src/monitor/report/node-names.ts';

test('names that fit stay as they are', () => {
  expect(shortNames(['node1.example.org', 'node2.example.org'], 17, '…')).toEqual([
    'node1.example.org',
    'node2.example.org',
  ]);
});

test('nodes of one domain, or of one long name with numbers, can be told apart', () => {
  expect(shortNames(['ip-10-0-12-123.ec2.internal', 'ip-10-0-12-124.ec2.internal'], 14, '…')).toEqual([
    ...['ip-10-0-12-123', 'ip-10-0-12-124'],
  ]);
  expect(shortNames(['a.x.example.org', 'a.y.example.org'], 10, '…')).toEqual(['a.x', 'a.y']);
  expect(shortNames(['the-very-long-name-of-node-0291', 'n1'], 10, '…')).toEqual(['…node-0291', 'n1']);
  expect(shortNames(['lab1.example.org'], 10, '…')).toEqual(['lab1']);
});

test('no name is empty, or longer than there is room', () => {
  const name = fc.string({ unit: fc.constantFrom('a', '1', '.', '-', 'ü', '😀'), minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.array(name), fc.integer({ min: 4, max: 20 }), fc.constantFrom('…', '...'), (names, most, mark) => {
      const short = shortNames(names, most, mark);
      expect(short).toHaveLength(names.length);
      for (const each of short) {
        expect([...each].length).toBeLessThanOrEqual(most);
        expect(each).not.toBe('');
      }
    }),
  );
});
