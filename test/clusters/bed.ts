/**
 * Real hosts for a test, on this machine: test/clusters/bed.sh has how they are made. As root.
 *
 * Each bed is by itself, so several may be up at a time. The test's end ends everything in it; so does the death of the
 * test's process, since a bed lives no longer than its standard input. Its folder has the same path inside and outside.
 */

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { lives, until, type Finished } from '../support/run-disbatch.ts';
import { prepareBed, users, type BedOptions } from './bed-settings.ts';

export type { BedOptions };

export interface CommandOptions {
  /** alice, bob or root; alice. */
  readonly user?: string;
  /** The user's home, unless given. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** A command that runs on the head of a bed. */
export interface BedCommand {
  /** The process outside that waits for it. */
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  stdout(): string;
  stderr(): string;
  /** Sends a signal to the command itself. */
  kill(signal: NodeJS.Signals): void;
}

export interface BedProcess {
  readonly pid: number;
  readonly command: string;
}

const script = resolve(import.meta.dirname, 'bed.sh');

export class Bed {
  /** The bed's folder, at this path here and on all its hosts. */
  readonly folder: string;
  /** The program under test, readable by everybody. */
  readonly program: string;
  /** Node, at this path on all its hosts. */
  readonly node: string;
  /** Process 1 of the bed, by its number outside. */
  private readonly init: number;
  /** What holds it all. */
  private readonly outer: ChildProcess;

  constructor(folder: string, outer: ChildProcess, init: number) {
    this.folder = folder;
    this.outer = outer;
    this.program = join(folder, 'program');
    this.node = join(folder, 'bin/node');
    this.init = init;
  }

  home(user: string): string {
    return join(this.folder, 'home', user);
  }

  /** Starts a command on the head. The test's end ends it. */
  start(args: readonly string[], options: CommandOptions = {}): BedCommand {
    const [file, ...rest] = [...this.enter(true), ...asUser(this, options), ...args] as [string, ...string[]];
    const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    const finished = new Promise<Finished>((done, failed) => {
      child.on('error', failed);
      child.on('close', (status, signal) => done({ status, signal, stdout, stderr }));
    });
    return {
      child,
      finished,
      stdout: () => stdout,
      stderr: () => stderr,
      // nsenter has forked, to be in the bed's process numbers; the command is its only child.
      kill: (signal) => childrenOf(child.pid as number).forEach((pid) => process.kill(pid, signal)),
    };
  }

  /** Runs a command on the head to its end. */
  run(args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
    return this.start(args, options).finished;
  }

  /** Runs a command on the head that has to end well. @returns what it printed */
  async output(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.run(args, options);
    if (status !== 0) throw new Error(`${args.join(' ')}: status ${status}: ${stderr}`);
    return stdout;
  }

  /** The first words of a command on the head, for what starts its own processes from outside: ssh, for example. */
  prefix(options: CommandOptions = {}): string[] {
    return [...this.enter(false), ...asUser(this, options)];
  }

  /** The command lines of a user's processes on all hosts, one a line. */
  commandsOf(user: string): string {
    const uid = String(20_001 + users.indexOf(user));
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          const owner = /^Uid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
          const home = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(this.folder);
          return owner === uid && home ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') : '';
        } catch {
          return '';
        }
      })
      .filter((command) => command !== '')
      .join('\n');
  }

  /** All processes of the bed, its services included, by their numbers outside. */
  processes(): BedProcess[] {
    const found = [this.init];
    // It grows while it is gone through.
    for (const pid of found) found.push(...childrenOf(pid));
    return found.map((pid) => ({ pid, command: commandLine(pid) }));
  }

  /** Takes the bed down, which the test's end does otherwise. Then none of its processes is left. */
  async end(): Promise<void> {
    await takeDown(this.outer, this.folder);
  }

  /** Runs a command on a host, as root. @returns what it printed */
  async on(node: number, args: readonly string[]): Promise<string> {
    return this.act('on', node, args);
  }

  /** Power failure: the network first, then every process. */
  async crash(node: number): Promise<void> {
    await this.act('crash', node);
  }

  async boot(node: number): Promise<void> {
    await this.act('boot', node);
  }

  /** Nothing goes in or out, and nobody is told. */
  async cut(node: number): Promise<void> {
    await this.act('cut', node);
  }

  async heal(node: number): Promise<void> {
    await this.act('heal', node);
  }

  /** Every process stops; the kernel still answers. */
  async freeze(node: number): Promise<void> {
    await this.act('freeze', node);
  }

  async thaw(node: number): Promise<void> {
    await this.act('thaw', node);
  }

  private async act(name: string, node: number, args: readonly string[] = []): Promise<string> {
    const command = [...this.enter(true), 'bash', script, name, this.folder, String(node), ...args];
    const [file, ...rest] = command as [string, ...string[]];
    const { stdout } = await promisify(execFile)(file, rest, { cwd: '/', encoding: 'utf8' });
    return stdout;
  }

  /** @param processes - whether also the process numbers are those of the bed, for which nsenter forks */
  private enter(processes: boolean): string[] {
    const spaces = ['--mount', '--uts', '--ipc', '--net', ...(processes ? ['--pid'] : [])];
    return ['nsenter', '-t', String(this.init), ...spaces];
  }
}

/** Brings up a bed; the test's end takes it down. */
export async function startBed(options: BedOptions): Promise<Bed> {
  // Not in TMPDIR, which may be a folder that the users cannot enter.
  const folder = mkdtempSync('/tmp/disbatch-bed-');
  chmodSync(folder, 0o755);
  prepareBed(folder, options);
  const child = spawn('bash', [script, 'up', folder], { stdio: ['pipe', 'pipe', 'pipe'] });
  onTestFinished(() => takeDown(child, folder));
  await ready(child);
  const [init] = childrenOf(child.pid as number);
  if (init === undefined) throw new Error('the bed has no process 1');
  return new Bed(folder, child, init);
}

/** Ends a bed, however far it has come, once or again. */
async function takeDown(outer: ChildProcess, folder: string): Promise<void> {
  const runs = outer.exitCode === null && outer.signalCode === null;
  const [init] = runs ? childrenOf(outer.pid as number) : [];
  outer.kill('SIGKILL');
  // It is dead when all others of the bed are: only then does nobody write to the folder any more.
  if (init !== undefined) await until('the bed is gone', () => !lives(init));
  rmSync(folder, { recursive: true, force: true });
}

/** Waits until a condition holds that takes a command to look at, a minute on a machine that is not idle. */
export async function untilAsked(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited a minute in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Waits for the word `ready`. */
function ready(child: ChildProcess): Promise<void> {
  return new Promise((done, failed) => {
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (/^ready$/m.test(stdout)) done();
    });
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('close', () => failed(new Error(`the bed did not come up: ${stderr}`)));
  });
}

/** The words that make a command a user's, in the user's home and with the environment of a login. */
function asUser(bed: Bed, options: CommandOptions): string[] {
  const user = options.user ?? 'alice';
  const home = user === 'root' ? '/root' : bed.home(user);
  const env = {
    HOME: home,
    USER: user,
    LOGNAME: user,
    SHELL: '/bin/bash',
    PATH: `${dirname(bed.node)}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
  };
  const variables = Object.entries({ ...env, ...options.env }).map(([name, value]) => `${name}=${value}`);
  const identity = user === 'root' ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups'];
  return [...identity, 'env', '-i', '-C', options.cwd ?? home, ...variables];
}

/** The processes whose parent this is; none when it is gone. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
