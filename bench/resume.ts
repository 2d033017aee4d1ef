/**
 * How long does it take, and how much memory, to resume a run of a million tasks of which ten thousand are left?
 *
 * The status file comes from a run through the fake launcher, cut; awk reads it beside. Needs Linux (/proc).
 */

import { truncateSync } from 'node:fs';
import { secondsOf, usageOf } from './support/processes.ts';
import {
  benchFolder,
  countRecords,
  installProgramWithFake,
  lengthOfLines,
  programRun,
  writeText,
} from './support/program.ts';
import { say, sayLoad, sayWhether, shown } from './support/verdicts.ts';

const folder = benchFolder();
const disbatch = installProgramWithFake(folder);
const [tasks, done] = [1_000_000, 990_000];
const file = writeText(folder, 'Tasks', `#DISBATCH REPEAT ${tasks} true\n`);
const options = ['-s', 'localhost:64', '--launcher', 'native'];

sayLoad();
const earlier = programRun(folder, disbatch, ...options, file);
secondsOf(earlier.command);
const earlierStatus = earlier.status();
truncateSync(earlierStatus, lengthOfLines(earlierStatus, done));
const ofAwk = secondsOf({ file: 'awk', args: ['-F\t', '{ print $2 "\\t" $15 }', earlierStatus], cwd: folder });
const later = programRun(folder, disbatch, ...options, '-r', earlierStatus, file);
const { seconds, peakMb, cpuSeconds } = await usageOf(later.command);
const { records, distinct, failed, skipped } = countRecords(later.status(), tasks);
sayWhether(
  `resume: ${shown(records)} records of ${shown(distinct)} tasks, ${shown(skipped)} of them skipped`,
  records === tasks && distinct === tasks && skipped === done && failed === 0,
);
say(`  peak memory ${shown(peakMb)} MB`);
say(
  `  ${shown(seconds)} s for ${shown(tasks)} tasks, CPU ${shown(cpuSeconds)} s; awk reads the file in ${shown(ofAwk)} s`,
);
sayLoad();
