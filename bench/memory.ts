/**
 * How much memory does the program take over a million tasks, and how fast is it when tasks cost nothing?
 *
 * A fake launcher answers at once, so that all that works is the driver and its engine. Once from a REPEAT, once from
 * standard input. The launcher notes the memory of the program every 10,000 tasks. Needs Linux (/proc).
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { usageOf, type Command } from './support/processes.ts';
import { benchFolder, countRecords, installProgramWithFake, programRun, writeText } from './support/program.ts';
import { say, sayAmount, sayLoad, sayWhether, shown } from './support/verdicts.ts';

const folder = benchFolder();
const disbatch = installProgramWithFake(folder);
const tasks = 1_000_000;

/** The highest memory in MB while the tasks from one number to another were run. */
function highest(notes: readonly (readonly [number, number])[], from: number, to: number): number {
  const within = notes.filter(([count]) => count > from && count <= to).map(([, kib]) => (kib * 1024) / 1e6);
  return Math.max(...within);
}

async function measure(what: string, taskFile: string, source?: Command): Promise<void> {
  const notesPath = join(folder, `${what}.memory`);
  const { command, status } = programRun(folder, disbatch, '-s', 'localhost:64', '--launcher', 'native', taskFile);
  const env = { ...process.env, DISBATCH_BENCH_MEMORY: notesPath };
  const { seconds, peakMb, cpuSeconds } = await usageOf({ ...command, env }, source);
  const notes = readFileSync(notesPath, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number) as [number, number]);
  const [first, last] = [highest(notes, 0, 100_000), highest(notes, tasks - 100_000, tasks)];
  sayAmount(`memory ${what}: peak`, peakMb, 'MB', { below: 150 });
  sayAmount(`memory ${what}: growth from the first 100,000 to the last`, last - first, 'MB', { below: 20 });
  const { records, distinct, failed } = countRecords(status(), tasks);
  sayWhether(
    `memory ${what}: each of ${shown(tasks)} tasks recorded once`,
    records === tasks && distinct === tasks && failed === 0,
  );
  say(`  first ${shown(first)} MB, last ${shown(last)} MB; ${shown(tasks / seconds)} tasks/s`);
  say(`  ${shown((1e6 * cpuSeconds) / tasks)} µs of the driver's CPU a task (user and system)`);
}

sayLoad();
const node = await usageOf({ file: process.execPath, args: ['-e', 'setTimeout(() => {}, 100)'], cwd: folder });
say(`  node alone: ${shown(node.peakMb)} MB`);
await measure('REPEAT', writeText(folder, 'Repeat', `#DISBATCH REPEAT ${tasks} true\n`));
const lines: Command = { file: 'bash', args: ['-c', `yes true | head -n ${tasks}`], cwd: folder };
await measure('standard input', '-', lines);
sayLoad();
