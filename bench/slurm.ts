/**
 * What does disBatch cost within Slurm? 1,000 times `true` in one allocation, beside an srun for each and a job array on
 * the same cluster; and how long it takes until all of 16 nodes work, beside a bare srun over them.
 *
 * The cluster is this machine: its nodes share the cores, so that the start of 16 engines at once is as slow as it can be.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { countRecords } from './support/program.ts';
import { inTurn, roundsWanted, speedRatios } from './support/rounds.ts';
import { SlurmBed } from './support/slurm-bed.ts';
import { median, say, sayLoad, sayRatio } from './support/verdicts.ts';

const rounds = roundsWanted(3);
const tasks = 1000;
/** What is slow is measured with fewer, and scaled. */
const few = 100;
const scale = tasks / few;

let runs = 0;

/** Runs a task file in an allocation of these nodes and slots. @returns seconds, and the path of the status file */
function allocated(bed: SlurmBed, nodes: number, slots: number, file: string): { seconds: number; status: string } {
  const name = `bench-${runs++}`;
  const { seconds } = bed.run(`salloc -Q -N ${nodes} -n ${slots} ${bed.disbatch} -q -p ${name} ${file}`);
  return { seconds, status: join(bed.home, `${name}_status.txt`) };
}

/** Seconds from the command to the first task of the node whose first task starts last. */
function untilAllWork(bed: SlurmBed): number {
  // Long enough that each slot gets one, and nothing that would take the processors from the starts.
  writeFileSync(join(bed.home, 'Wide'), 'sleep 12\n'.repeat(64));
  const begin = Date.now() / 1000;
  const { status } = allocated(bed, 16, 64, 'Wide');
  const first = new Map<string, number>();
  for (const line of readFileSync(status, 'utf8').split('\n').slice(0, -1)) {
    const [node = '', start] = [line.split('\t')[4], Number(line.split('\t')[8])];
    first.set(node, Math.min(first.get(node) ?? Infinity, start));
  }
  if (first.size !== 16) throw new Error(`only ${first.size} nodes worked`);
  return Math.max(...first.values()) - begin;
}

const needs = ['unshare --net --mount --pid --fork true', 'command -v slurmctld slurmd srun munged'];
if (needs.some((need) => spawnSync('/bin/sh', ['-c', need], { stdio: 'ignore' }).status !== 0)) {
  say('slurm: not measured, it takes root and Slurm (apt-get install slurmctld slurmd slurm-client munge)');
} else {
  sayLoad();
  const bed = await SlurmBed.up(4);
  try {
    writeFileSync(join(bed.home, 'Many'), 'true\n'.repeat(tasks));
    const many = inTurn(rounds, {
      disbatch: () => {
        const { seconds, status } = allocated(bed, 4, 16, 'Many');
        const { records, distinct, failed } = countRecords(status, tasks);
        if (records !== tasks || distinct !== tasks || failed > 0) throw new Error('not every task has its record');
        return seconds;
      },
      srun: () =>
        scale * bed.run(`salloc -Q -n 16 bash -c 'seq ${few} | xargs -P 16 -I{} srun --overlap -N1 -n1 true'`).seconds,
      array: () =>
        scale *
        bed.run(
          `id=$(sbatch --parsable -o /dev/null --array=1-${few} -n 1 --wrap true); while squeue -h -j $id 2>/dev/null | grep -q .; do sleep 0.1; done`,
        ).seconds,
    });
    sayRatio(`${tasks} x true, disBatch/srun for each`, speedRatios(many, 'disbatch', 'srun'));
    sayRatio(`${tasks} x true, disBatch/job array`, speedRatios(many, 'disbatch', 'array'));
    for (const name of ['disbatch', 'srun', 'array'] as const) {
      say(`  ${name}: ${median(many.map((round) => round[name])).toFixed(1)} s`);
    }
  } finally {
    await bed.down();
  }
  const wide = await SlurmBed.up(16);
  try {
    const starts = inTurn(rounds, {
      disbatch: () => untilAllWork(wide),
      srun: () => wide.run('salloc -Q -N16 -n16 srun -N16 true').seconds,
    });
    sayRatio('start of 16 nodes with 4 slots each, in bare `srun -N16 true`', speedRatios(starts, 'srun', 'disbatch'));
    for (const name of ['disbatch', 'srun'] as const) {
      say(`  ${name}: ${median(starts.map((round) => round[name])).toFixed(2)} s`);
    }
  } finally {
    await wide.down();
  }
  sayLoad();
}
