/**
 * Runs of the built command over the hosts of a bed, with tasks that would notice if two engines ran them at a time.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StatusRecord } from '../../src/task/status-record.ts';
import { lockTasks } from './bed-locks.ts';
import { BedRun } from './bed-run.ts';
import type { Bed } from './bed.ts';

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

export class ClusterRun extends BedRun {
  readonly tasks: number;

  private constructor(bed: Bed, words: readonly string[], tasks: number) {
    super(bed, words);
    this.tasks = tasks;
  }

  /** Starts a run of `tasks` tasks of so many seconds, as alice in her home. */
  static start(
    bed: Bed,
    hosts: string,
    tasks: number,
    seconds: number,
    lock: 'locked' | 'unlocked' = 'locked',
  ): ClusterRun {
    const folder = bed.home('alice');
    writeFileSync(join(folder, 'Tasks'), `${lockTasks(folder, tasks, seconds, lock).join('\n')}\n`);
    return new ClusterRun(bed, ['-s', hosts, '--heartbeat', '3', 'Tasks'], tasks);
  }

  /** Waits until so many tasks have begun on a host. */
  async hasBegun(host: string, count: number): Promise<void> {
    await this.until(`${count} tasks on ${host}`, () => this.begunOn(host).length >= count);
  }

  begunOn(host: string): string[] {
    return this.lines('begun').filter((line) => line.endsWith(` ${host}`));
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
      left: this.left(),
    };
  }

  /** Starts the run that goes on where this one ended. */
  resume(hosts: string): ClusterRun {
    const words = ['-s', hosts, '--heartbeat', '3', '-r', 'run_status.txt', 'Tasks'];
    return new ClusterRun(this.bed, words, this.tasks);
  }
}
