import { expect, test } from 'vitest';
import { Refusals } from '../../src/channel/refusals.ts';

test('each kind and address is named once, and counted at the end', () => {
  const log: string[] = [];
  const refusals = new Refusals((level, text) => log.push(`${level} ${text}`));
  for (let i = 0; i < 3; i++) refusals.note('wrong key', '10.0.0.1');
  refusals.note('silent', '10.0.0.1');
  refusals.note('wrong key', '10.0.0.2');
  expect(log.splice(0)).toEqual([
    'WARNING refused 10.0.0.1: wrong key',
    'WARNING refused 10.0.0.1: silent',
    'WARNING refused 10.0.0.2: wrong key',
  ]);
  refusals.close();
  expect(log).toEqual(['WARNING refused 3 times 10.0.0.1: wrong key']);
});

test('a million knocks from everywhere take about a thousand lines', () => {
  const log: string[] = [];
  const refusals = new Refusals((level, text) => log.push(`${level} ${text}`));
  for (let i = 0; i < 1_000_000; i++) refusals.note('wrong key', `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  refusals.close();
  expect(log).toHaveLength(1002);
  expect(log.slice(-2)).toEqual([
    'WARNING refused others too, who are only counted from now on',
    'WARNING refused 999000 times others',
  ]);
});
