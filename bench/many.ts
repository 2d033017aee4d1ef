/**
 * Is every one of 100,000 real tasks recorded exactly once, and how does the rate hold up beside xargs?
 *
 * xargs runs the first 5,000 of them before and after, to show what the machine gives.
 */

import { xargs } from './support/peers.ts';
import { secondsOf } from './support/processes.ts';
import { benchFolder, countRecords, installProgram, programRun, writeLines } from './support/program.ts';
import { say, sayLoad, sayRatio, sayWhether, shown } from './support/verdicts.ts';

const folder = benchFolder();
const disbatch = installProgram(folder);
const [tasks, some, slots] = [100_000, 5000, 2];
const file = writeLines(folder, 'Tasks', tasks, 'true');
const fewer = writeLines(folder, 'first', some, 'true');

sayLoad();
const before = some / secondsOf(xargs(slots, fewer));
const { command, status } = programRun(folder, disbatch, '-s', `localhost:${slots}`, file);
const rate = tasks / secondsOf(command);
const after = some / secondsOf(xargs(slots, fewer));
const { records, distinct, failed } = countRecords(status(), tasks);
sayWhether(
  `many: ${shown(records)} records of ${shown(distinct)} tasks, ${failed} failed, of ${shown(tasks)}`,
  records === tasks && distinct === tasks && failed === 0,
);
sayRatio('many disbatch/xargs', [rate / before, rate / after], { atLeast: 0.6 });
say(`  disbatch: ${shown(rate)} tasks/s; xargs: ${shown(before)} before, ${shown(after)} after`);
sayLoad();
