/**
 * Counts what became of the tests of a vitest run. Pure: it reads vitest's report objects.
 *
 * What is not seen to pass is never counted as passed: a file that could not be loaded, an error outside of every test,
 * a test that never ended and a test skipped without a reason each count as one failure.
 */

/** The file and the title of a test, as one line. */
export function namesOf(test) {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}

/**
 * @param modules - the test modules of the run
 * @param strayErrors - how many errors were thrown outside of tests
 * @param selected - whether tests were chosen by title: those not chosen are then not counted
 */
export function countTests(modules, strayErrors, selected) {
  const count = { passed: 0, failed: strayErrors, skipped: [], silent: [] };
  for (const module of modules) {
    const failedBefore = count.failed;
    for (const test of module.children.allTests()) {
      const { state, note } = test.result();
      if (state === 'passed') count.passed += 1;
      else if (state !== 'skipped') count.failed += 1;
      else if (note) count.skipped.push({ test, reason: note });
      else if (!selected) count.silent.push(test);
    }
    // A file that failed as a whole (an import, a hook) must show even where no test of it did.
    if (module.state() === 'failed' && count.failed === failedBefore) count.failed += 1;
  }
  count.failed += count.silent.length;
  return count;
}
