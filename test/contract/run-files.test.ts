import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contextLog, defaultName, engineLog, engineWrapLog, jobId, runFiles } from '../../src/contract/run-files.ts';

test("the names are the original's", () => {
  const prefix = '/data/Tasks_disBatch_260131120507_042';
  expect(runFiles(prefix)).toEqual({
    prefix,
    status: `${prefix}_status.txt`,
    driverLog: `${prefix}_driver.log`,
  });
  expect(contextLog(prefix, 'SSH0')).toBe(`${prefix}_SSH0.context.log`);
  expect(engineLog(prefix, 'SSH0', 'node7', 3)).toBe(`${prefix}_SSH0_node7_engine_3.log`);
  expect(engineWrapLog(prefix, 'SSH0', 'node7')).toBe(`${prefix}_SSH0_node7_engine_wrap.log`);
});

test('the job id is the last component of the prefix', () => {
  expect(jobId('/data/run/first')).toBe('first');
  expect(jobId('first')).toBe('first');
});

test('the default name has the local date and time, two digits each, and three digits by chance', () => {
  expect(defaultName('Tasks', new Date(2026, 0, 2, 3, 4, 5), 0.0421)).toBe('Tasks_disBatch_260102030405_042');
  expect(defaultName('a b', new Date(2009, 11, 31, 23, 59, 59), 0)).toBe('a b_disBatch_091231235959_000');
});

test('whatever the moment and the chance, the default name has twelve and three digits', () => {
  const moment = fc.date({ min: new Date(2000, 0, 1), max: new Date(2099, 11, 31), noInvalidDate: true });
  fc.assert(
    fc.property(moment, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (now, random) => {
      expect(defaultName('stdin', now, random)).toMatch(/^stdin_disBatch_\d{12}_\d{3}$/);
    }),
  );
});
