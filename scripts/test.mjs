/**
 * `npm test`: makes ready what the tests need, builds, and runs them. Arguments go to vitest: `npm test -- test/task`.
 *
 * Its last line is `N passed, N failed`, with `, N skipped` when there are any; each skipped test is named with its
 * reason before that. It fails when a test failed, when one was skipped without a reason, and when none ran.
 */
import { installNeeds } from './install-needs.mjs';
import { build, install, root } from './steps.mjs';

process.chdir(root);
if (process.env.CI === 'true') {
  // Tools that see CI take it for a terminal with colours.
  process.env.NO_COLOR = '1';
  delete process.env.FORCE_COLOR;
}
install();
installNeeds();
build();

const { parseCLI, startVitest } = await import('vitest/node');
const { countTests, namesOf } = await import('./count-tests.mjs');
const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
const vitest = await startVitest('test', filter, { ...options, run: true, watch: false });
await vitest.close();

const selected = options.testNamePattern !== undefined;
const count = countTests(vitest.state.getTestModules(), vitest.state.getUnhandledErrors().length, selected);
for (const { test, reason } of count.skipped) console.log(`skipped: ${namesOf(test)}: ${reason}`);
for (const test of count.silent) console.log(`skipped without a reason, which is a failure: ${namesOf(test)}`);
if (count.passed + count.failed === 0) console.log('No test ran.');
const skipped = count.skipped.length > 0 ? `, ${count.skipped.length} skipped` : '';
console.log(`${count.passed} passed, ${count.failed} failed${skipped}`);
process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;
