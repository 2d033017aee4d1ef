/**
 * How many tasks a second go from a program through the library and the driver, beside the command that reads the same
 * tasks from a pipe? And does the memory of the program stay flat over a million tasks?
 *
 * A fake launcher answers at once, so that all that works is the library, the driver and its engine. The program reads each
 * result, as programs do. The launcher notes the memory of the program every 10,000 tasks. Needs Linux (/proc).
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { secondsOf, usageOf } from './support/processes.ts';
import { benchFolder, countRecords, installProgramWithFake, programRun, writeText } from './support/program.ts';
import { inTurn, roundsWanted, speedRatios } from './support/rounds.ts';
import { median, say, sayAmount, sayLoad, sayRatio, sayWhether, shown } from './support/verdicts.ts';

const folder = benchFolder();
const disbatch = installProgramWithFake(folder);
const rounds = roundsWanted(5);
const [some, many, slots] = [100_000, 1_000_000, 64];

/** Submits so many tasks, so many in a call, and reads all results. */
const program = writeText(
  folder,
  'program.mjs',
  `import { DisBatcher } from './program/library.mjs';
   const [tasks, each] = process.argv.slice(2).map(Number);
   const run = await DisBatcher.start({ sshNode: 'localhost:${slots}', launcher: 'native' });
   const reading = (async () => {
     let count = 0;
     for await (const { failed } of run) if (!failed) count++;
     return count;
   })();
   const lines = Array.from({ length: each }, () => 'true');
   for (let given = 0; given < tasks; given += each) await run.submit(lines);
   const { finished } = await run.done();
   if (finished !== tasks || (await reading) !== tasks) throw new Error(finished + ' tasks');`,
);

/** Runs something in a folder of its own. @returns its seconds, when each task has its record */
function seconds(file: string, tasks: number, ...args: string[]): number {
  const { command, status } = programRun(folder, file, ...args);
  const took = secondsOf(command);
  const { records, distinct, failed } = countRecords(status(), tasks);
  if (records !== tasks || distinct !== tasks || failed > 0)
    throw new Error(`${status()} does not have every task once`);
  return took;
}

const library = (each: number): number => seconds(process.execPath, some, program, String(some), String(each));
const pipe = `yes true | head -n ${some} | '${disbatch}' -s localhost:${slots} --launcher native -`;

sayLoad();
const measured = inTurn(rounds, {
  command: () => seconds('bash', some, '-c', pipe),
  single: () => library(1),
  hundred: () => library(100),
});
sayRatio('submit, one task a call: library/command', speedRatios(measured, 'single', 'command'), { atLeast: 0.4 });
sayRatio('submit, 100 tasks a call: library/command', speedRatios(measured, 'hundred', 'command'), { atLeast: 0.5 });
for (const name of ['command', 'single', 'hundred'] as const) {
  say(`  ${name}: ${shown(some / median(measured.map((round) => round[name])))} tasks/s`);
}

const notesPath = join(folder, 'memory');
const { command, status } = programRun(folder, process.execPath, program, String(many), '1');
const { peakMb } = await usageOf({ ...command, env: { ...process.env, DISBATCH_BENCH_MEMORY: notesPath } });
const notes = readFileSync(notesPath, 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(' ').map(Number) as [number, number]);
/** The highest memory in MB while the tasks up to this number, of the last 100,000, were run. */
const upTo = (last: number): number =>
  Math.max(...notes.filter(([count]) => count > last - 100_000 && count <= last).map(([, kib]) => (kib * 1024) / 1e6));
const [early, late] = [upTo(200_000), upTo(many)];
sayAmount('submit, memory: peak', peakMb, 'MB', { below: 200 });
sayAmount('submit, memory: growth from 200,000 tasks to a million', late - early, 'MB', { below: 30 });
say(`  at 200,000 ${shown(early)} MB, at a million ${shown(late)} MB; 8 bytes of each task are kept on purpose`);
const { records, distinct } = countRecords(status(), many);
sayWhether(`submit: each of ${shown(many)} tasks recorded once`, records === many && distinct === many);
sayLoad();
