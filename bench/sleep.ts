/**
 * How near to the ideal is a run of tasks that only wait: 200 x `sleep 0.1` in 8 slots?
 *
 * The ideal is 2.5 s, with no time for starting anything; xargs beside it shows what the machine allows.
 */

import { xargs } from './support/peers.ts';
import { secondsOf } from './support/processes.ts';
import { benchFolder, installProgram, programRun, writeLines } from './support/program.ts';
import { inTurn, roundsWanted } from './support/rounds.ts';
import { median, say, sayLoad, sayRatio } from './support/verdicts.ts';

const folder = benchFolder();
const disbatch = installProgram(folder);
const slots = 8;
const file = writeLines(folder, 'Tasks', 200, 'sleep 0.1');
const ideal = (200 * 0.1) / slots;

sayLoad();
const rounds = inTurn(roundsWanted(5), {
  xargs: () => secondsOf(xargs(slots, file)),
  disbatch: () => secondsOf(programRun(folder, disbatch, '-s', `localhost:${slots}`, file).command),
});
const times = (name: 'xargs' | 'disbatch'): number[] => rounds.map((round) => round[name] / ideal);
sayRatio('sleep disbatch time/ideal', times('disbatch'), { atMost: 1.1 });
sayRatio('sleep xargs time/ideal', times('xargs'));
if (median(times('xargs')) > 1.1)
  say('  xargs is far from the ideal too: this machine is too busy, or too slow, to tell');
sayRatio(
  'sleep disbatch time/xargs time',
  rounds.map((round) => round.disbatch / round.xargs),
);
sayLoad();
