/** What a bed is to have, and how bed.sh hears of it: files in the bed's folder, written before it comes up. */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { shellQuoted } from '../../src/base/terminal-text.ts';

/** Besides root. */
export const users = ['alice', 'bob'];

/** What a bed can have, each a file of services/. */
export type Service = 'sshd' | 'slurm' | 'grid-engine';

/** How Slurm is set up. Its processors and GPUs need not be there. */
export interface SlurmOptions {
  /** Of each host; 4. */
  readonly cpus?: number;
  /** Of some hosts, by their numbers, instead of `cpus`. */
  readonly unevenCpus?: Readonly<Record<number, number>>;
  /** Of each host that has any; 0. */
  readonly gpus?: number;
  /** How many of the first hosts have GPUs; all. */
  readonly gpuNodes?: number;
  /** What binds tasks to processors, which then have to be there; none. */
  readonly taskPlugin?: 'none' | 'affinity';
  /** Lines of slurm.conf, each instead of the bed's own line of that name. */
  readonly extra?: readonly string[];
}

export interface GridEngineOptions {
  /** Of each host; 2. */
  readonly slots?: number;
}

export interface BedOptions {
  /** node1 … nodeN. */
  readonly nodes: number;
  /** sshd alone, unless given. */
  readonly services?: readonly Service[];
  readonly slurm?: SlurmOptions;
  readonly gridEngine?: GridEngineOptions;
  /** Hosts that are not booted. */
  readonly down?: readonly number[];
  /** Hosts without an sshd. */
  readonly withoutSshd?: readonly number[];
  /** Further lines of a host's sshd_config. */
  readonly sshd?: Readonly<Record<number, readonly string[]>>;
  /** Instead of dist/: the folder that becomes the program on all hosts. */
  readonly program?: string;
}

/** Makes the folder of a bed ready for bed.sh. */
export function prepareBed(folder: string, options: BedOptions): void {
  writeFileSync(
    join(folder, 'settings'),
    [
      `NODES=${options.nodes}`,
      `USERS='${users.join(' ')}'`,
      `SERVICES='${(options.services ?? ['sshd']).join(' ')}'`,
      `DOWN='${(options.down ?? []).join(' ')}'`,
      `NODE=${shellQuoted(process.execPath)}`,
      ...slurmSettings(options),
      `SLOTS=${options.gridEngine?.slots ?? 2}`,
      '',
    ].join('\n'),
  );
  mkdirSync(join(folder, 'slurm'));
  writeFileSync(join(folder, 'slurm/extra.conf'), (options.slurm?.extra ?? []).map((line) => `${line}\n`).join(''));
  mkdirSync(join(folder, 'sshd'));
  for (const node of options.withoutSshd ?? []) writeFileSync(join(folder, `sshd/node${node}.off`), '');
  for (const [node, lines] of Object.entries(options.sshd ?? {})) {
    writeFileSync(join(folder, `sshd/node${node}.options`), `${lines.join('\n')}\n`);
  }
  // A copy, since the users may not be able to enter the checkout.
  const program = join(folder, 'program');
  cpSync(options.program ?? resolve(import.meta.dirname, '../../dist'), program, {
    recursive: true,
    filter: (source) => !/\/\.new-[^/]*$/.test(source),
  });
  execFileSync('chmod', ['-R', 'a+rX', program]);
}

/** The settings that services/slurm.sh reads. */
function slurmSettings({ nodes, slurm = {} }: BedOptions): string[] {
  const { cpus = 4, unevenCpus = {}, gpus = 0, gpuNodes = nodes, taskPlugin = 'none' } = slurm;
  const each = (value: (node: number) => number): string =>
    Array.from({ length: nodes }, (_, i) => value(i + 1)).join(' ');
  return [
    `CPUS=(${each((node) => unevenCpus[node] ?? cpus)})`,
    `GPUS=(${each((node) => (node <= gpuNodes ? gpus : 0))})`,
    `TASK_PLUGIN=${taskPlugin}`,
  ];
}
