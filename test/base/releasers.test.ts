import { expect, test } from 'vitest';
import { Releasers } from '../../src/base/releasers.ts';

test('what was opened last is closed first', () => {
  const releasers = new Releasers();
  const closed: string[] = [];
  for (const name of ['log', 'launcher', 'engine']) releasers.add(() => closed.push(name));
  releasers.release();
  expect(closed).toEqual(['engine', 'launcher', 'log']);
});

test('each is closed once, also when it is released twice', () => {
  const releasers = new Releasers();
  let closed = 0;
  releasers.add(() => closed++);
  releasers.release();
  releasers.release();
  expect(closed).toBe(1);
});

test('one that closes everything again, as a signal in the middle would, closes none twice', () => {
  const releasers = new Releasers();
  const closed: string[] = [];
  releasers.add(() => closed.push('first'));
  releasers.add(() => {
    closed.push('second');
    releasers.release();
  });
  releasers.release();
  expect(closed).toEqual(['second', 'first']);
});

test('the others are closed whatever one of them does', () => {
  const releasers = new Releasers();
  const closed: string[] = [];
  releasers.add(() => closed.push('first'));
  releasers.add(() => {
    throw new Error('cannot be closed');
  });
  releasers.add(() => closed.push('third'));
  try {
    releasers.release();
  } catch (error) {
    expect((error as Error).message).toBe('cannot be closed');
  }
  expect(closed).toEqual(['third', 'first']);
});
