/**
 * How long does one `true` take, from the command to the prompt, beside `node -e 0`?
 */

import { secondsOf } from './support/processes.ts';
import { benchFolder, installProgram, programRun, writeLines } from './support/program.ts';
import { inTurn, roundsWanted } from './support/rounds.ts';
import { median, say, sayLoad, sayRatio, shown } from './support/verdicts.ts';

const folder = benchFolder();
const disbatch = installProgram(folder);
const file = writeLines(folder, 'Tasks', 1, 'true');

sayLoad();
const rounds = inTurn(3 * roundsWanted(5), {
  node: () => secondsOf({ file: process.execPath, args: ['-e', '0'], cwd: folder }),
  disbatch: () => secondsOf(programRun(folder, disbatch, '-s', 'localhost:2', file).command),
});
sayRatio(
  'startup time disbatch/node',
  rounds.map((round) => round.disbatch / round.node),
  { atMost: 4 },
);
for (const name of ['node', 'disbatch'] as const) {
  say(`  ${name}: ${shown(1000 * median(rounds.map((round) => round[name])))} ms`);
}
sayLoad();
