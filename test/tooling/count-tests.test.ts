/** The count that `npm test` ends with: what is not seen to pass is never counted as passed. */
import { describe, expect, test } from 'vitest';
import { countTests } from '../../scripts/count-tests.mjs';

/** A test module as vitest reports it, with tests of these states and notes. */
function reported(state: string, ...tests: readonly (readonly [state: string, note?: string])[]) {
  const module = { relativeModuleId: 'test/x.test.ts' };
  const all = tests.map(([result, note], i) => ({
    fullName: `test ${i}`,
    module,
    result: () => ({ state: result, note }),
  }));
  return { state: () => state, children: { allTests: () => all } };
}

describe('countTests', () => {
  test('counts passed, failed and skipped tests over all files', () => {
    const files = [reported('passed', ['passed'], ['skipped', 'no tmux']), reported('failed', ['failed'], ['passed'])];
    const count = countTests(files, 0, false);
    expect(count).toMatchObject({ passed: 2, failed: 1, silent: [] });
    expect(count.skipped.map(({ test, reason }) => [test.fullName, reason])).toEqual([['test 1', 'no tmux']]);
  });

  test('counts a skip without a reason as a failure', () => {
    expect(countTests([reported('passed', ['passed'], ['skipped'])], 0, false)).toMatchObject({ passed: 1, failed: 1 });
  });

  test('does not count the tests that a title pattern left out', () => {
    const count = countTests([reported('passed', ['passed'], ['skipped'])], 0, true);
    expect(count).toMatchObject({ passed: 1, failed: 0, skipped: [], silent: [] });
  });

  test('counts a file that cannot be loaded as a failure', () => {
    expect(countTests([reported('failed'), reported('passed', ['passed'])], 0, false)).toMatchObject({ failed: 1 });
  });

  test('counts a file whose hook failed after its tests had passed', () => {
    expect(countTests([reported('failed', ['passed'])], 0, false)).toMatchObject({ passed: 1, failed: 1 });
  });

  test('counts a test that never ended, and an error outside of tests', () => {
    expect(countTests([reported('pending', ['pending'])], 1, false)).toMatchObject({ passed: 0, failed: 2 });
  });
});
