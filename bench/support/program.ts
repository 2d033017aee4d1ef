/**
 * The built program and the files it works on, in a temporary folder. Shared by all benches.
 *
 * Always true: a bench runs a copy of dist/, so that a build meanwhile changes nothing under it; and the copy can have
 * another launcher, since the program looks for its launchers beside itself.
 */

import {
  chmodSync,
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { copyFileSync, readSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from './processes.ts';

/** Where dist/ is: scripts/bench.mjs says it. */
const dist = process.env['DISBATCH_BENCH_DIST'] ?? 'dist';

/** A folder that is removed when the bench ends. */
export function benchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'disbatch-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  // A command that Ctrl-C ended has ended its bench by then, where the bench waits for it.
  process.on('SIGINT', () => process.exit(130));
  return folder;
}

/** The built program. @returns its command */
export function installProgram(folder: string): string {
  const to = join(folder, 'program');
  cpSync(dist, to, { recursive: true });
  return join(to, 'disbatch');
}

/** The built program with a launcher that runs nothing and says at once that all went well. @returns its command */
export function installProgramWithFake(folder: string): string {
  const command = installProgram(folder);
  const launcher = join(folder, 'program', `launcher-${process.platform}-${process.arch}`);
  copyFileSync(join(import.meta.dirname, 'fake-launcher.cjs'), launcher);
  chmodSync(launcher, 0o755);
  return command;
}

/** A file of the same line many times, or of lines made from their number from 0. @returns its path */
export function writeLines(
  folder: string,
  name: string,
  count: number,
  line: string | ((n: number) => string),
): string {
  const path = join(folder, name);
  const fd = openSync(path, 'w');
  const lines: string[] = [];
  for (let n = 0; n < count; n++) {
    lines.push(typeof line === 'string' ? line : line(n));
    if (lines.length === 10_000 || n === count - 1) writeSync(fd, `${lines.splice(0).join('\n')}\n`);
  }
  closeSync(fd);
  return path;
}

/** A file of these bytes. @returns its path */
export function writeText(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

let runs = 0;

/** A run of the program in a new folder of its own. */
export interface ProgramRun {
  readonly command: Command;
  /** The status file, when the run is over. */
  readonly status: () => string;
}

/** @param args - options and the task file */
export function programRun(folder: string, command: string, ...args: string[]): ProgramRun {
  const cwd = join(folder, `run-${runs++}`);
  mkdirSync(cwd);
  return {
    command: { file: command, args, cwd },
    status: () => join(cwd, readdirSync(cwd).find((name) => name.endsWith('_status.txt')) ?? 'no status file'),
  };
}

/** What a status file holds. */
export interface RecordCount {
  readonly records: number;
  /** Different task ids from 0 to the number of tasks. */
  readonly distinct: number;
  /** Records that say that their task failed. */
  readonly failed: number;
  /** Records that an earlier run made. */
  readonly skipped: number;
}

/** Counts the records of a status file of tasks with the ids from 0 to `tasks` - 1. */
export function countRecords(path: string, tasks: number): RecordCount {
  const seen = new Uint8Array(tasks);
  let [records, distinct, failed, skipped] = [0, 0, 0, 0];
  for (const line of linesOf(path)) {
    const [flags, taskId] = line.split('\t', 2) as [string, string];
    const id = Number(taskId);
    records++;
    if (flags.startsWith('R')) failed++;
    if (flags.includes('S')) skipped++;
    if (seen[id] !== 0) continue;
    seen[id] = 1;
    distinct++;
  }
  return { records, distinct, failed, skipped };
}

/** The bytes of a file's first lines, with their newlines. */
export function lengthOfLines(path: string, count: number): number {
  let [bytes, lines] = [0, 0];
  for (const line of linesOf(path)) {
    if (lines++ === count) break;
    bytes += line.length + 1;
  }
  return bytes;
}

/** Lines as bytes (latin1), without their newlines. */
function* linesOf(path: string): Generator<string> {
  const fd = openSync(path, 'r');
  const buffer = Buffer.allocUnsafe(1 << 20);
  let rest = '';
  for (let bytes = readSync(fd, buffer); bytes > 0; bytes = readSync(fd, buffer)) {
    const lines = (rest + buffer.toString('latin1', 0, bytes)).split('\n');
    rest = lines.pop() as string;
    yield* lines;
  }
  closeSync(fd);
  if (rest !== '') throw new Error(`${path} ends within a line`);
}
