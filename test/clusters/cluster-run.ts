/**
 * Runs of the built command over the hosts of a bed, with tasks that would notice if two engines ran them at a time.
 */

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StatusRecord } from '../../src/task/status-record.ts';
import { readRecords, until, type Finished } from '../support/run-disbatch.ts';
import type { Bed, BedCommand } from './bed.ts';

/** How long to wait for what takes some seconds on an idle machine. */
const patienceSeconds = 60;

/**
 * A task takes the lock of its number, works, and leaves a mark; it complains when the lock is taken. A process that is
 * killed or whose machine is dead holds no lock.
 */
const lockTask = `#!/bin/bash
exec 9>"locks/$1"
[ "$3" = unlocked ] || flock -n 9 || { echo "task $1 on $(hostname): it runs elsewhere" >>complaints; exit 99; }
echo "$1 $(hostname)" >>begun
sleep "$2"
echo "$1 $(hostname)" >>done
`;

/** What became of a run. */
export interface RunOutcome {
  readonly status: number | null;
  /** Of tasks that ran in two places at a time. */
  readonly complaints: readonly string[];
  /** Final records of tasks that did not go well. */
  readonly failed: readonly StatusRecord[];
  /** Ids of tasks without a final record, and of those with several. */
  readonly missing: readonly number[];
  readonly doubled: readonly number[];
  /** Files that should have gone with the run. */
  readonly left: readonly string[];
}

/** Each task has one record that says it went well, none ran in two places at a time, and nothing is left. */
export const allDone: RunOutcome = { status: 0, complaints: [], failed: [], missing: [], doubled: [], left: [] };

export class ClusterRun {
  readonly bed: Bed;
  readonly folder: string;
  readonly command: BedCommand;
  readonly tasks: number;

  private constructor(bed: Bed, folder: string, command: BedCommand, tasks: number) {
    this.bed = bed;
    this.folder = folder;
    this.command = command;
    this.tasks = tasks;
  }

  /**
   * Starts a run of `tasks` tasks of so many seconds, as alice in her home. Those with `unlocked` take no lock: a process
   * that is frozen holds the one it has.
   */
  static start(
    bed: Bed,
    hosts: string,
    tasks: number,
    seconds: number,
    lock: 'locked' | 'unlocked' = 'locked',
  ): ClusterRun {
    const folder = bed.home('alice');
    mkdirSync(join(folder, 'locks'));
    // The umask must not take anything from the users of the bed.
    chmodSync(join(folder, 'locks'), 0o777);
    writeFileSync(join(folder, 'lock-task'), lockTask, { mode: 0o755 });
    const lines = Array.from({ length: tasks }, (_, i) => `./lock-task ${i} ${seconds} ${lock}\n`);
    writeFileSync(join(folder, 'Tasks'), lines.join(''));
    const words = ['-s', hosts, '-p', 'run', '--heartbeat', '3', 'Tasks'];
    return new ClusterRun(bed, folder, bed.start([join(bed.program, 'disbatch'), ...words], { cwd: folder }), tasks);
  }

  /** Waits until so many records are there. */
  async hasRecords(count: number): Promise<void> {
    await this.until(`${count} records`, () => this.records().length >= count);
  }

  /** Waits until so many tasks have begun on a host. */
  async hasBegun(host: string, count: number): Promise<void> {
    await this.until(`${count} tasks on ${host}`, () => this.begunOn(host).length >= count);
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    try {
      await until(what, holds, patienceSeconds);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.command.stderr()}\n${this.driverLog()}`);
    }
  }

  begunOn(host: string): string[] {
    return this.lines('begun').filter((line) => line.endsWith(` ${host}`));
  }

  lines(name: string): string[] {
    const path = join(this.folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  }

  records(): StatusRecord[] {
    const path = join(this.folder, 'run_status.txt');
    if (!existsSync(path)) return [];
    // A record may be half written at this moment.
    const whole = readFileSync(path, 'utf8').replace(/[^\n]+$/, '');
    const copy = join(this.folder, '.records');
    writeFileSync(copy, whole);
    return readRecords(copy);
  }

  driverLog(): string {
    const path = join(this.folder, 'run_driver.log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** The PID that the engine on a host gives itself there. */
  enginePid(host: string): number {
    return Number(new RegExp(`engine \\d+ on ${host} \\(PID (\\d+)\\) joined`).exec(this.driverLog())?.[1]);
  }

  finished(): Promise<Finished> {
    return this.command.finished;
  }

  /** What became of the run, when it has ended and nothing of it runs any more. */
  async outcome(): Promise<RunOutcome> {
    const { status } = await this.finished();
    const final = this.records().filter(({ kind }) => kind === 'task' || kind === 'skipped');
    const ids = final.map(({ taskId }) => taskId);
    await this.nothingRuns();
    return {
      status,
      complaints: this.lines('complaints'),
      failed: final.filter(({ exitCode }) => exitCode !== 0),
      missing: Array.from({ length: this.tasks }, (_, i) => i).filter((id) => !ids.includes(id)),
      doubled: ids.filter((id, i) => ids.indexOf(id) !== i),
      left: readdirSync(this.folder).filter((name) => /_key\.json|_kvsinfo|\.new$/.test(name)),
    };
  }

  /** Waits until no process of the run is left on any host. */
  async nothingRuns(): Promise<void> {
    await this.until('no process of the run is left', () => this.bed.commandsOf('alice') === '');
  }

  /** Starts the run that goes on where this one ended. */
  resume(hosts: string): ClusterRun {
    const words = ['-s', hosts, '-p', 'run', '--heartbeat', '3', '-r', 'run_status.txt', 'Tasks'];
    const command = this.bed.start([join(this.bed.program, 'disbatch'), ...words], { cwd: this.folder });
    return new ClusterRun(this.bed, this.folder, command, this.tasks);
  }
}
