/** What is kept for all pages. */
import { expect, test } from 'vitest';
import { Kept, KeptAnswer } from '../../../src/monitor/web/kept.ts';

test('those who ask at the same time, or soon after, get the same answer; what failed is tried again', async () => {
  let made = 0;
  let problem: Error | undefined = new Error('no');
  const kept = new KeptAnswer(() => {
    made++;
    return problem === undefined ? Promise.resolve(made) : Promise.reject(problem);
  });
  await expect(kept.get()).rejects.toThrow('no');
  problem = undefined;
  expect(await Promise.all([kept.get(), kept.get()])).toEqual([2, 2]);
  expect(await kept.get()).toBe(2);
  kept.forget();
  expect(await kept.get()).toBe(3);
});

test('of many things those are kept that were wanted last', () => {
  const kept = new Kept<{ readonly name: string }>(2);
  const of = (name: string) => kept.of(name, () => ({ name }));
  const a = of('a');
  const b = of('b');
  expect(of('a')).toBe(a);
  of('c');
  expect(of('a')).toBe(a);
  expect(of('b')).not.toBe(b);
});
