/**
 * Runs whole commands and measures them from outside. Shared by all benches.
 *
 * Always true: a command that ends with another status than 0 ends the bench with an error, since a failed run has no speed.
 * Memory and CPU time are read from /proc while the command runs, so they need Linux; /proc keeps the peak by itself.
 */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

/** A command to run. Its outputs are dropped. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** A file for its standard input; none when left out. */
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Seconds from start to end. */
export function secondsOf(command: Command): number {
  const input = openSync(command.input ?? '/dev/null', 'r');
  try {
    const start = performance.now();
    const { status, signal, error } = spawnSync(command.file, command.args, {
      cwd: command.cwd,
      env: command.env ?? process.env,
      stdio: [input, 'ignore', 'ignore'],
    });
    const seconds = (performance.now() - start) / 1000;
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(`${command.file} ended with ${signal ?? `exit status ${status}`}`);
    return seconds;
  } finally {
    closeSync(input);
  }
}

/** What a command used. The process itself counts, not its children. */
export interface Usage {
  readonly seconds: number;
  /** Highest resident memory in MB of 10^6 bytes. */
  readonly peakMb: number;
  readonly cpuSeconds: number;
}

/** How often /proc is read. What the process does after the last look is not seen. */
const lookMs = 10;

/** Runs a command to its end and looks at it meanwhile. `source` is a command whose output becomes its standard input. */
export async function usageOf(command: Command, source?: Command): Promise<Usage> {
  const feeder = source === undefined ? undefined : start(source, 'ignore', 'pipe');
  const input = command.input === undefined ? undefined : openSync(command.input, 'r');
  const begin = performance.now();
  const child = start(command, feeder?.stdout ?? input ?? 'ignore', 'ignore');
  // The child has its own copy of the pipe; with ours open it would not learn that nobody reads any more.
  feeder?.stdout?.destroy();
  if (input !== undefined) closeSync(input);
  let seen = { peakMb: 0, cpuSeconds: 0 };
  const look = setInterval(() => (seen = lookAt(child.pid) ?? seen), lookMs);
  try {
    await ended(child, command);
  } finally {
    clearInterval(look);
    feeder?.kill();
  }
  return { seconds: (performance.now() - begin) / 1000, ...seen };
}

function start(
  command: Command,
  input: 'ignore' | number | NodeJS.ReadableStream,
  output: 'ignore' | 'pipe',
): ChildProcess {
  return spawn(command.file, command.args, {
    cwd: command.cwd,
    env: command.env ?? process.env,
    stdio: [input as 'ignore', output, 'ignore'],
  });
}

function ended(child: ChildProcess, command: Command): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) => {
      if (status === 0) resolve();
      else reject(new Error(`${command.file} ended with ${signal ?? `exit status ${status}`}`));
    });
  });
}

/** A clock tick of /proc/PID/stat in seconds: 100 a second on every Linux that Node runs on. */
const tickSeconds = 0.01;

function lookAt(pid: number | undefined): { peakMb: number; cpuSeconds: number } | undefined {
  try {
    const peakKib = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const cpuSeconds = (Number(fields[11]) + Number(fields[12])) * tickSeconds;
    // A process that is on its way out has no memory any more.
    return Number.isNaN(peakKib) ? undefined : { peakMb: (peakKib * 1024) / 1e6, cpuSeconds };
  } catch {
    return undefined;
  }
}
