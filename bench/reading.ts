/**
 * How fast are ten million tasks read, and in how much memory: from a file, a REPEAT, standard input?
 *
 * `--dry-run` reads all and prints a line for each. Beside it awk prints the same number of such lines. Needs Linux (/proc).
 */

import { secondsOf, usageOf, type Command } from './support/processes.ts';
import { benchFolder, installProgram, programRun, writeLines, writeText } from './support/program.ts';
import { say, sayAmount, sayLoad, shown } from './support/verdicts.ts';

const folder = benchFolder();
const disbatch = installProgram(folder);
const tasks = 10_000_000;

async function measure(what: string, taskFile: string, source?: Command): Promise<number> {
  const { command } = programRun(folder, disbatch, '-s', 'localhost:2', '--dry-run', taskFile);
  const { seconds, peakMb } = await usageOf(command, source);
  sayAmount(`reading ${what}: peak memory`, peakMb, 'MB', { below: 150 });
  say(`  ${shown(tasks / seconds)} tasks/s`);
  return seconds;
}

sayLoad();
const file = writeLines(folder, 'Tasks', tasks, (n) => `: ${n}`);
const awk = { file: 'awk', args: ['{ print "run\\t" NR - 1 "\\t" NR "\\t-1\\t" $0 }', file], cwd: folder };
const ofAwk = secondsOf(awk);
const ofFile = await measure('a file of 10,000,000 lines', file);
say(`  awk: ${shown(tasks / ofAwk)} lines/s; disbatch takes ${shown(ofFile / ofAwk)} times as long`);
await measure('REPEAT 10000000', writeText(folder, 'Repeat', `#DISBATCH REPEAT ${tasks} true\n`));
await measure('standard input of 10,000,000 lines', '-', { file: 'cat', args: [file], cwd: folder });
sayLoad();
