/**
 * Whole runs of the built command, each in a folder of its own.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { parseStatusLine, statusHeader } from '../../src/task/status-line.ts';
import type { StatusRecord } from '../../src/task/status-record.ts';

/** The command as it is built. */
export const disbatch = resolve(import.meta.dirname, '../../dist/disbatch');

/** What a finished command said. */
export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  stderr(): string;
}

/** A folder that lives as long as the test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'disbatch-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Buffer;
  /** Instead of the built command. */
  readonly command?: string;
}

/** Starts the command; the test's end ends it. */
export function startDisbatch(args: readonly string[], options: RunOptions): Running {
  const child = spawn(options.command ?? disbatch, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin?.on('error', () => {});
  if (options.input !== undefined) child.stdin?.end(options.input);
  const finished = new Promise<Finished>((done, failed) => {
    child.on('error', failed);
    child.on('close', (status, signal) => done({ status, signal, stdout, stderr }));
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return { child, finished, stderr: () => stderr };
}

/** Runs the command to its end. */
export function runDisbatch(args: readonly string[], options: RunOptions): Promise<Finished> {
  return startDisbatch(args, options).finished;
}

/** Writes a task file. @returns its name */
export function writeTasks(folder: string, tasks: string | Buffer | readonly string[], name = 'Tasks'): string {
  writeFileSync(join(folder, name), Array.isArray(tasks) ? `${tasks.join('\n')}\n` : (tasks as string | Buffer));
  return name;
}

/** The one status file of a folder whose name begins so. */
export function statusFile(folder: string, begin = ''): string {
  const names = readdirSync(folder).filter((name) => name.startsWith(begin) && name.endsWith('_status.txt'));
  if (names.length !== 1)
    throw new Error(`${names.length} status files in ${folder}: ${readdirSync(folder).join(' ')}`);
  return join(folder, names[0] as string);
}

/** The records of a status file, in the order in which they stand there. A line that is none is an error. */
export function readRecords(path: string): StatusRecord[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .filter((line) => line !== statusHeader)
    .map((line) => {
      const record = parseStatusLine(line);
      if (record.kind === 'unreadable') throw new Error(`${path}: ${record.problem}: ${line}`);
      return record;
    });
}

/** Waits until a condition holds. */
export async function until(what: string, holds: () => boolean, seconds = 20): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether a process is there and no zombie. */
export function lives(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
