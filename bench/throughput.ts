/**
 * How many tasks a second, whole process against whole process, beside xargs and GNU parallel?
 *
 * 2,000 x `true` in 2 slots: what starting a task costs. And 64 slots of `sleep 0.05`: what keeping many slots busy costs.
 */

import { isOnPath, parallel, xargs } from './support/peers.ts';
import { secondsOf } from './support/processes.ts';
import { benchFolder, countRecords, installProgram, programRun, writeLines } from './support/program.ts';
import { inTurn, roundsWanted, speedRatios } from './support/rounds.ts';
import { median, say, sayLoad, sayRatio, shown } from './support/verdicts.ts';

const folder = benchFolder();
const disbatch = installProgram(folder);
const rounds = roundsWanted(5);

/** Seconds of a run whose every task is recorded as done. */
function run(tasks: number, slots: number, taskFile: string, ...options: string[]): number {
  const { command, status } = programRun(folder, disbatch, '-s', `localhost:${slots}`, ...options, taskFile);
  const seconds = secondsOf(command);
  const { records, distinct, failed } = countRecords(status(), tasks);
  if (records !== tasks || distinct !== tasks || failed > 0)
    throw new Error(`${status()} does not have every task once`);
  return seconds;
}

function sayRates<Name extends string>(tasks: number, all: readonly Readonly<Record<Name, number>>[]): void {
  for (const name of Object.keys(all[0] as object) as Name[]) {
    say(`  ${name}: ${shown(tasks / median(all.map((round) => round[name])))} tasks/s`);
  }
}

sayLoad();
const short = { tasks: 2000, file: writeLines(folder, 'short', 2000, 'true') };
const onTrue = inTurn(rounds, {
  xargs: () => secondsOf(xargs(2, short.file)),
  native: () => run(short.tasks, 2, short.file, '--launcher', 'native'),
  portable: () => run(short.tasks, 2, short.file, '--launcher', 'portable'),
});
sayRatio('throughput native/xargs', speedRatios(onTrue, 'native', 'xargs'), { atLeast: 0.6 });
sayRatio('throughput portable/xargs', speedRatios(onTrue, 'portable', 'xargs'), { atLeast: 0.4 });
sayRates(short.tasks, onTrue);

if (isOnPath('parallel')) {
  const besideParallel = inTurn(Math.ceil(rounds / 2), {
    parallel: () => secondsOf(parallel(2, short.file)),
    native: () => run(short.tasks, 2, short.file, '--launcher', 'native'),
  });
  sayRatio('throughput native/parallel', speedRatios(besideParallel, 'native', 'parallel'), { atLeast: 2.5 });
  sayRates(short.tasks, besideParallel);
} else {
  say('throughput native/parallel: not measured, GNU parallel is not on PATH');
}

sayLoad();
const wide = { tasks: 1280, file: writeLines(folder, 'wide', 1280, 'sleep 0.05') };
const onSleep = inTurn(rounds, {
  xargs: () => secondsOf(xargs(64, wide.file)),
  native: () => run(wide.tasks, 64, wide.file, '--launcher', 'native'),
});
sayRatio('throughput 64 slots native/xargs', speedRatios(onSleep, 'native', 'xargs'), { atLeast: 1 });
sayRates(wide.tasks, onSleep);
sayLoad();
