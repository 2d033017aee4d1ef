/**
 * Runs of the built command within jobs of a bed's Slurm: as alice, in her home. Several may be in one bed at a time, each
 * with a prefix of its own.
 */

import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StatusRecord } from '../../src/task/status-record.ts';
import { BedRun, waitFor, type BedRunOptions } from './bed-run.ts';
import { lockTasks } from './bed-locks.ts';
import type { Bed } from './bed.ts';
import { allDone as clusterDone, type RunOutcome } from './cluster-run.ts';
import { jobEnded, nodesIdle, submit } from './slurm.ts';

/** Each task has one record that says it went well, none ran in two places at a time, and nothing is left. */
export const allDone: RunOutcome = clusterDone;

/**
 * Lines of so many tasks that end when all of them run, so that each of as many slots has one. Each says where it was: node,
 * slot, SLURM_PROCID, SLURM_LOCALID, cores, and what `more` adds.
 */
export function together(name: string, count: number, more = ''): string[] {
  const all = `[ "$(ls there.${name}.* | wc -l)" = ${count} ]`;
  const place = '$(hostname) $DISBATCH_CYLINDER_RANK $SLURM_PROCID $SLURM_LOCALID $DISBATCH_CORES_PER_TASK';
  return Array.from(
    { length: count },
    (_, i) => `touch there.${name}.${i}; ${waitFor(all)}; echo ${place} ${more} >>places-${name}`,
  );
}

/** For the helper that looks for what is left: each engine leaves the name of its run. */
const mark = '#DISBATCH PERENGINE START echo $DISBATCH_RUN_ID >>run-ids';

export class SlurmRun extends BedRun {
  /** The job that was submitted for it; none with salloc. */
  readonly job: string | undefined;
  /** How many tasks it has. */
  readonly tasks: number;

  private constructor(
    bed: Bed,
    words: readonly string[] | undefined,
    job: string | undefined,
    tasks: number,
    options: BedRunOptions,
  ) {
    super(bed, words, options);
    this.job = job;
    this.tasks = tasks;
  }

  /** Submits the command itself: `sbatch JOB… disbatch WORDS… NAME.tasks`. */
  static async submit(
    bed: Bed,
    job: readonly string[],
    words: readonly string[],
    tasks: readonly string[],
    options: BedRunOptions & { readonly command?: string } = {},
  ): Promise<SlurmRun> {
    const { name = 'run', command = join(bed.program, 'disbatch') } = options;
    const file = writeTasks(bed, name, tasks);
    return SlurmRun.enqueue(bed, [...job, command, '-p', name, ...words, file], tasks, options);
  }

  /** Submits a batch script; `DISBATCH` in it is the command with its prefix, `TASKS` the task file. */
  static async submitScript(
    bed: Bed,
    job: readonly string[],
    script: readonly string[],
    tasks: readonly string[],
    options: BedRunOptions = {},
  ): Promise<SlurmRun> {
    const { name = 'run' } = options;
    const file = writeTasks(bed, name, tasks);
    const text = ['#!/bin/bash', ...script, '']
      .join('\n')
      .replaceAll(/\bDISBATCH\b/g, `${join(bed.program, 'disbatch')} -p ${name}`)
      .replaceAll(/\bTASKS\b/g, file);
    return SlurmRun.enqueue(bed, [...job], tasks, { ...options, input: text });
  }

  private static async enqueue(
    bed: Bed,
    words: readonly string[],
    tasks: readonly string[],
    options: BedRunOptions,
  ): Promise<SlurmRun> {
    const id = await submit(bed, ['-o', `${options.name ?? 'run'}.out`, ...words], withTmp(bed, options));
    return new SlurmRun(bed, undefined, id, countOf(tasks), options);
  }

  /** Starts the command within an allocation: `salloc JOB… disbatch WORDS… NAME.tasks`. */
  static salloc(
    bed: Bed,
    job: readonly string[],
    words: readonly string[],
    tasks: readonly string[],
    options: BedRunOptions = {},
  ): SlurmRun {
    const file = writeTasks(bed, options.name ?? 'run', tasks);
    const all = { ...withTmp(bed, options), within: ['salloc', '-Q', '--immediate=30', ...job] };
    return new SlurmRun(bed, [...words, file], undefined, countOf(tasks), all);
  }

  /** Starts the command on the head, with no job around it. */
  static onHead(bed: Bed, words: readonly string[], tasks: readonly string[], options: BedRunOptions = {}): SlurmRun {
    const file = writeTasks(bed, options.name ?? 'run', tasks);
    return new SlurmRun(bed, [...words, file], undefined, countOf(tasks), withTmp(bed, options));
  }

  /** Submits a run of tasks of so many seconds that take locks, with a short lease. */
  static locked(
    bed: Bed,
    job: readonly string[],
    words: readonly string[],
    count: number,
    seconds: number,
    options: BedRunOptions = {},
  ): Promise<SlurmRun> {
    const tasks = lockTasks(bed.home('alice'), count, seconds);
    return SlurmRun.submit(bed, job, ['--heartbeat', '3', ...words], tasks, options);
  }

  /** What the command has said so far. */
  said(): string {
    return this.job === undefined ? this.command.stderr() : this.read(`${this.name}.out`);
  }

  /** Waits for the end of the job, or of salloc. @returns the exit status of the command */
  async ended(): Promise<number | null> {
    if (this.job === undefined) return (await this.finished()).status;
    await jobEnded(this.bed, this.job);
    const job = await this.bed.output(['scontrol', 'show', 'job', '-o', this.job], { user: 'root' });
    return Number(/\bExitCode=(\d+):/.exec(job)?.[1] ?? -1);
  }

  /** Waits until so many tasks have begun on a host. */
  async hasBegun(host: string, count: number): Promise<void> {
    await this.until(`${count} tasks on ${host}`, () => this.begunOn(host).length >= count);
  }

  begunOn(host: string): string[] {
    return this.lines('begun').filter((line) => line.endsWith(` ${host}`));
  }

  /** Final records of ordinary tasks, in the order of their ids. */
  finalRecords(): StatusRecord[] {
    const final = this.records().filter(({ kind }) => kind === 'task' || kind === 'skipped');
    return final.sort((a, b) => a.taskId - b.taskId);
  }

  /** How many of its tasks each node has done. */
  shares(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { node } of this.finalRecords()) counts[node] = (counts[node] ?? 0) + 1;
    return counts;
  }

  /**
   * What became of the run, when it has ended and nothing of it is left in Slurm or runs anywhere.
   *
   * @param gone - nodes that Slurm does not have any more
   * @param killed - nodes where all was killed at once, so that nobody could clear away
   */
  async outcome(gone: readonly number[] = [], killed: readonly number[] = gone): Promise<RunOutcome> {
    const status = await this.ended();
    await nodesIdle(this.bed, gone);
    await this.nothingRuns();
    const final = this.finalRecords();
    const ids = final.map(({ taskId }) => taskId);
    return {
      status,
      complaints: this.lines('complaints'),
      failed: final.filter(({ exitCode }) => exitCode !== 0),
      missing: Array.from({ length: this.tasks }, (_, i) => i).filter((id) => !ids.includes(id)),
      doubled: ids.filter((id, i) => ids.indexOf(id) !== i),
      left: [...this.left(), ...this.leftInTmp(killed)],
    };
  }

  /** Files of the run outside of its folder: sockets of engines, what scontrol wrote. */
  private leftInTmp(killed: readonly number[]): string[] {
    const runs = [...new Set(this.lines('run-ids'))];
    if (runs.length === 0 && this.taskRecords().length > 0) throw new Error('no engine has left the name of the run');
    // Engines are numbered over the nodes.
    const excused = runs.flatMap((id) => killed.map((node) => `disbatch-${id}-${node - 1}`));
    const shared = ['/tmp', '/dev/shm'].flatMap((folder) =>
      readdirSync(folder).filter((name) => runs.some((id) => name.includes(id)) && !excused.includes(name)),
    );
    // The disk of a bed's hosts is that of this machine.
    for (const name of excused) rmSync(join('/tmp', name), { recursive: true, force: true });
    const own = existsSync(tmpOf(this.bed)) ? readdirSync(tmpOf(this.bed)) : [];
    const resized = readdirSync(this.folder).filter((name) => /_resize\.c?sh$/.test(name));
    return [...shared, ...own, ...resized];
  }
}

/** Directives are none. */
function countOf(lines: readonly string[]): number {
  return lines.filter((line) => !line.startsWith('#')).length;
}

function tmpOf(bed: Bed): string {
  return join(bed.home('alice'), 'tmp');
}

/** Temporary files go where no other test has any. */
function withTmp(bed: Bed, options: BedRunOptions): BedRunOptions {
  mkdirSync(tmpOf(bed), { recursive: true });
  chmodSync(tmpOf(bed), 0o1777);
  return { ...options, env: { TMPDIR: tmpOf(bed), ...options.env } };
}

function writeTasks(bed: Bed, name: string, tasks: readonly string[]): string {
  const file = `${name}.tasks`;
  writeFileSync(join(bed.home('alice'), file), `${[mark, ...tasks].join('\n')}\n`);
  return file;
}
