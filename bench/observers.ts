/**
 * Do those who look at a run slow it down? Whole runs of `true` with all of them attached, beside runs that nobody looks at:
 * the web page as a browser has it open (events, and each second what its views ask for), metrics that are fetched each
 * second, and the terminal monitor in a pseudo-terminal.
 *
 * What the observers use of the processors is in the figure: on a machine whose cores are all busy with tasks it is taken
 * from these.
 */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isOnPath } from './support/peers.ts';
import { benchFolder, countRecords, installProgram, programRun, writeLines } from './support/program.ts';
import { roundsWanted, speedRatios } from './support/rounds.ts';
import { median, say, sayLoad, sayRatio, shown } from './support/verdicts.ts';

const folder = benchFolder();
const disbatch = installProgram(folder);
const rounds = roundsWanted(5);
const [tasks, slots] = [16_000, 2];
const file = writeLines(folder, 'tasks', tasks, 'true');

/** What the views of the page ask for, and Prometheus. */
const views = [
  ...['tasks?count=50', 'tasks?state=failed&count=20', 'timeline?lanes=40&pixels=1200', 'series', 'times', 'engines'],
  ...['running?limit=200', 'store', 'metrics'],
];
const askMs = 1000;

const hasMonitor =
  isOnPath('script') &&
  spawnSync(disbatch, ['mon', '--help'], { encoding: 'utf8' }).stdout.includes('disbatch mon PREFIX');

interface Observed {
  /** What they were told, in all: a page that is told nothing looks at nothing. */
  readonly answers: () => number;
  /** The monitor has gone before it was told to. */
  readonly hasLeft: () => boolean;
  readonly stop: () => void;
}

/** Has a page open, asks for its views, and has the monitor run. */
function observe(prefix: string): Observed {
  const gone = new AbortController();
  let answers = 0;
  let hasLeft = false;
  let monitor: ChildProcess | undefined;
  const look = async (): Promise<void> => {
    while (!existsSync(`${prefix}_url`)) await setTimeout(20, undefined, gone);
    const url = readFileSync(`${prefix}_url`, 'utf8').trim();
    if (hasMonitor) {
      monitor = spawn('script', ['-qfec', `'${disbatch}' mon '${prefix}'`, '/dev/null'], {
        env: { ...process.env, TERM: 'xterm-256color' },
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      monitor.once('exit', () => (hasLeft ||= !gone.signal.aborted));
    }
    const events = await fetch(`${url}events`, { signal: gone.signal });
    const reading = (async () => {
      for await (const _ of events.body ?? []) answers++;
    })();
    reading.catch(() => {});
    for (;;) {
      for (const view of views) {
        await (await fetch(url + view, { signal: gone.signal })).arrayBuffer();
        answers++;
      }
      await setTimeout(askMs, undefined, gone);
    }
  };
  // It ends when the run does.
  look().catch(() => {});
  return {
    answers: () => answers,
    hasLeft: () => hasLeft,
    stop: () => {
      gone.abort();
      monitor?.kill();
    },
  };
}

/** Seconds of a run. */
async function run(isObserved: boolean): Promise<number> {
  const more = isObserved ? ['-w'] : [];
  const { command, status } = programRun(folder, disbatch, '-s', `localhost:${slots}`, '-p', 'run', ...more, file);
  const start = performance.now();
  const child = spawn(command.file, command.args, { cwd: command.cwd, stdio: 'ignore' });
  const observed = isObserved ? observe(join(command.cwd, 'run')) : undefined;
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const seconds = (performance.now() - start) / 1000;
  if (observed?.hasLeft() === true) throw new Error('the terminal monitor has ended before the run');
  observed?.stop();
  const { records, distinct, failed } = countRecords(status(), tasks);
  if (exit !== 0 || records !== tasks || distinct !== tasks || failed > 0)
    throw new Error(`${status()} does not have every task once`);
  if (observed !== undefined && observed.answers() < views.length * 2)
    throw new Error(`the observers had ${observed.answers()} answers: they have not looked`);
  return seconds;
}

sayLoad();
if (!hasMonitor) say('observers: without the terminal monitor, for want of `disbatch mon` or of `script`');
const measured: { readonly alone: number; readonly observed: number }[] = [];
for (let round = 0; round < rounds; round++) measured.push({ alone: await run(false), observed: await run(true) });
sayRatio('observers: tasks/s observed/alone', speedRatios(measured, 'observed', 'alone'), { atLeast: 0.95 });
for (const name of ['alone', 'observed'] as const)
  say(`  ${name}: ${shown(tasks / median(measured.map((round) => round[name])))} tasks/s`);
sayLoad();
