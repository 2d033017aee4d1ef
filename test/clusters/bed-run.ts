/**
 * Runs of the built command on a bed: as alice on its head, in her home unless another folder is given. Several may be in
 * one bed at a time, each with a prefix of its own.
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StatusRecord } from '../../src/task/status-record.ts';
import { readRecords, until, type Finished } from '../support/run-disbatch.ts';
import type { Bed, BedCommand, CommandOptions } from './bed.ts';

/** How long to wait for what takes some seconds on an idle machine. */
const patienceSeconds = 60;

/** Names of a run's files that must go with it. */
const passing = /_key\.json|_kvsinfo|\.new$/;

export interface BedRunOptions extends CommandOptions {
  /** The last part of the prefix; `run`. */
  readonly name?: string;
  /** Words before the command, such as those of salloc. */
  readonly within?: readonly string[];
}

/** Words of bash that wait until a condition holds. */
export function waitFor(condition: string): string {
  return `until ${condition}; do sleep 0.2; done`;
}

export class BedRun {
  readonly bed: Bed;
  readonly folder: string;
  private readonly started: BedCommand | undefined;
  /** The last part of the prefix. */
  protected readonly name: string;

  /** Starts `disbatch -p NAME WORDS`; without words something else starts it, such as a job. */
  constructor(bed: Bed, words: readonly string[] | undefined, options: BedRunOptions = {}) {
    this.bed = bed;
    this.folder = options.cwd ?? bed.home('alice');
    this.name = options.name ?? 'run';
    const command = words && [...(options.within ?? []), join(bed.program, 'disbatch'), '-p', this.name, ...words];
    this.started = command && bed.start(command, { ...options, cwd: this.folder });
  }

  /** The command, when it was started here. */
  get command(): BedCommand {
    if (this.started === undefined) throw new Error('the run was not started by this');
    return this.started;
  }

  /** Starts a run of these tasks, whose file is called `NAME.tasks`. */
  static of(bed: Bed, words: readonly string[], tasks: readonly string[], options: BedRunOptions = {}): BedRun {
    const file = `${options.name ?? 'run'}.tasks`;
    writeFileSync(join(options.cwd ?? bed.home('alice'), file), `${tasks.join('\n')}\n`);
    return new BedRun(bed, [...words, file], options);
  }

  /** The path of a file of the run's, by the end of its name. */
  path(end: string): string {
    return join(this.folder, this.name + end);
  }

  /** What is in a file of the run's folder; nothing when there is none. */
  read(name: string): string {
    const path = join(this.folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  lines(name: string): string[] {
    return this.read(name).split('\n').slice(0, -1);
  }

  /** Makes a file in the run's folder, for which tasks wait. */
  touch(name: string): void {
    writeFileSync(join(this.folder, name), '');
  }

  /** The run's files, by the ends of their names. */
  files(): string[] {
    const names = readdirSync(this.folder).filter((name) => name.startsWith(`${this.name}_`));
    return names.map((name) => name.slice(this.name.length)).sort();
  }

  /** Files that should have gone with the run. */
  left(): string[] {
    return readdirSync(this.folder).filter((name) => passing.test(name));
  }

  records(): StatusRecord[] {
    // A record may be half written at this moment.
    const whole = this.read(`${this.name}_status.txt`).replace(/[^\n]+$/, '');
    const copy = join(this.folder, `.${this.name}.records`);
    writeFileSync(copy, whole);
    return readRecords(copy);
  }

  /** Records of ordinary tasks that ran, in the order of their ids. */
  taskRecords(): StatusRecord[] {
    const records = this.records().filter(({ kind }) => kind === 'task');
    return records.sort((a, b) => a.taskId - b.taskId);
  }

  driverLog(): string {
    return this.read(`${this.name}_driver.log`);
  }

  finished(): Promise<Finished> {
    return this.command.finished;
  }

  /** Waits until so many records are there. */
  async hasRecords(count: number): Promise<void> {
    await this.until(`${count} records`, () => this.records().length >= count);
  }

  /** Waits until files that tasks make are there. */
  async has(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.until(`${name} is there`, () => existsSync(join(this.folder, name)));
  }

  /** Waits for a condition; tells what the run had to say when it waits in vain. */
  async until(what: string, holds: () => boolean): Promise<void> {
    try {
      await until(what, holds, patienceSeconds);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.started?.stderr() ?? ''}\n${this.driverLog()}`);
    }
  }

  /** Waits until no process of the run is left on any host. */
  async nothingRuns(): Promise<void> {
    await this.until('no process of the run is left', () => this.bed.commandsOf('alice') === '');
  }
}
