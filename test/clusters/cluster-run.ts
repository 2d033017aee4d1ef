/**
 * Runs of the built command over the hosts of a bed, with tasks that would notice if two engines ran them at a time.
 */

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StatusRecord } from '../../src/task/status-record.ts';
import { BedRun } from './bed-run.ts';
import type { Bed } from './bed.ts';

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

export class ClusterRun extends BedRun {
  readonly tasks: number;

  private constructor(bed: Bed, words: readonly string[], tasks: number) {
    super(bed, words);
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
