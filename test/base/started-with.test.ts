import { describe, expect, test } from 'vitest';
import { launcherArguments, takeStartedWith } from '../../src/base/started-with.ts';

describe('the note of the shell front', () => {
  test.each([
    ['nofile=1024 ignored=1,13', { nofile: 1024, ignored: [1, 13] }],
    ['nofile=1024 ignored=', { nofile: 1024, ignored: [] }],
    ['ignored=1 nofile=64', { nofile: 64, ignored: [1] }],
    ['nofile=unlimited ignored=1', { nofile: undefined, ignored: [1] }],
    ['nofile= ignored=', { nofile: undefined, ignored: [] }],
    ['', { nofile: undefined, ignored: [] }],
    ['nonsense', { nofile: undefined, ignored: [] }],
  ])('%j says %j', (note, started) => {
    expect(takeStartedWith({ DISBATCH_STARTED_WITH: note })).toEqual(started);
  });

  test('is taken out of the environment, and nothing else is', () => {
    const env = { DISBATCH_STARTED_WITH: 'nofile=7', PATH: '/bin', DISBATCH_SSH_NODELIST: 'localhost:1' };
    takeStartedWith(env);
    expect(env).toEqual({ PATH: '/bin', DISBATCH_SSH_NODELIST: 'localhost:1' });
  });

  test('that is not there leaves all unknown', () => {
    const env = { PATH: '/bin' };
    expect(takeStartedWith(env)).toEqual({ nofile: undefined, ignored: [] });
    expect(env).toEqual({ PATH: '/bin' });
  });
});

test('a launcher is told what is known, and nothing where nothing is', () => {
  expect(launcherArguments({ nofile: 1024, ignored: [1, 2] })).toEqual(['--nofile', '1024', '--ignore-signals', '1,2']);
  expect(launcherArguments({ nofile: 1024, ignored: [] })).toEqual(['--nofile', '1024']);
  expect(launcherArguments({ nofile: undefined, ignored: [1] })).toEqual(['--ignore-signals', '1']);
  expect(launcherArguments({ nofile: undefined, ignored: [] })).toEqual([]);
});
