/**
 * What the environment of a Slurm job says: its nodes' cores and tasks, and the slots that come of them. Pure.
 *
 * Source of the rules: the original; of the variables: Slurm 22.05. What the command line says wins over a variable, and
 * a variable that does not count is not held against its form.
 */

import { DisbatchError } from '../base/errors.ts';
import { clipped, visible } from '../base/terminal-text.ts';
import type { NodePlan, SlotOptions } from './context.ts';
import { floorDivide } from './host-list.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The nodes of an allocation, and what there is to tell of them. */
export interface SlurmPlan {
  /** One for each host name, those without a slot too. */
  readonly nodes: NodePlan[];
  /** For the user's eyes, one sentence each. */
  readonly notices: string[];
}

/**
 * The slots of each node of the allocation.
 *
 * @param hostnames - the job's nodes, in Slurm's order
 * @throws DisbatchError where-to-run for a variable that is missing, malformed or tells of another number of nodes
 */
export function planSlurm(env: Env, hostnames: readonly string[], options: SlotOptions): SlurmPlan {
  const notices: string[] = [];
  const cores = countsOf(env, 'SLURM_JOB_CPUS_PER_NODE', hostnames.length);
  if (cores === undefined) {
    throw new DisbatchError(
      'where-to-run',
      'SLURM_JOB_CPUS_PER_NODE is not set, so the cores of this Slurm job are not known. ' +
        'Start disBatch in the environment that Slurm gave the job, or name hosts with -s HOST:CORES.',
    );
  }
  const components = Number(env['SLURM_HET_SIZE'] || env['SLURM_PACK_SIZE'] || 1);
  if (components > 1) {
    notices.push(
      `This is a heterogeneous job of ${components} components: only the nodes of the first are used (${nodesOf(hostnames.length)}).`,
    );
  }
  const cpusPerTask = chooseCpus(env, options, notices);
  const slots = chooseSlots(env, cores, cpusPerTask, options, notices);
  const nodes = hostnames.map((name, index): NodePlan => {
    const [has, count] = [cores[index] as number, slots[index] as number];
    const shared = count === 0 ? has : Math.floor(has / count);
    const coresPerTask = options.cpusPerTask === undefined ? shared : Math.max(1, Math.floor(options.cpusPerTask));
    return { name, cores: has, slots: count, coresPerTask };
  });
  return { nodes, notices };
}

/** Cores for each task: `-c`, else what the job was asked for with, else 1. */
function chooseCpus(env: Env, options: SlotOptions, notices: string[]): number {
  const given = options.cpusPerTask;
  if (given === undefined) return countOf(env, 'SLURM_CPUS_PER_TASK') ?? 1;
  tellConflict(env, 'SLURM_CPUS_PER_TASK', '-c', given, notices);
  return given;
}

function chooseSlots(env: Env, cores: number[], each: number, options: SlotOptions, notices: string[]): number[] {
  const given = options.tasksPerNode;
  const asked = given ?? countOf(env, 'SLURM_NTASKS_PER_NODE');
  if (asked !== undefined) {
    if (given !== undefined) tellConflict(env, 'SLURM_NTASKS_PER_NODE', '-t', given, notices);
    const source = given === undefined ? `SLURM_NTASKS_PER_NODE=${asked}` : `-t ${asked}`;
    if (options.fill) notices.push(`--fill has no effect: ${source} says how many slots a node has.`);
    const fewest = Math.min(...cores);
    if (asked > floorDivide(fewest, each)) {
      notices.push(
        `${source} is used, which with ${coresOf(each)} for each task takes more than the ${coresOf(fewest)} of a node.`,
      );
    }
    return cores.map(() => asked);
  }
  const fitting = cores.map((count) => floorDivide(count, each));
  if (options.fill) {
    const gpus = gpuVariable(env);
    if (gpus === undefined) return fitting;
    notices.push(`--fill is not followed, since the job has GPUs (${gpus}=${shown(env, gpus)}).`);
  }
  const tasks = countsOf(env, 'SLURM_TASKS_PER_NODE', cores.length);
  if (tasks !== undefined) return fitting.map((most, index) => Math.min(most, tasks[index] as number));
  // So it is after a job was made smaller and its environment was renewed with the script that scontrol wrote.
  const known = shown(env, 'SLURM_JOB_CPUS_PER_NODE');
  notices.push(
    `SLURM_TASKS_PER_NODE is not set: the slots are what SLURM_JOB_CPUS_PER_NODE=${known} gives with ${coresOf(each)} for each task.`,
  );
  return fitting;
}

function tellConflict(env: Env, variable: string, option: string, given: number, notices: string[]): void {
  const value = read(env, variable);
  if (value === undefined || Number(value) === given) return;
  notices.push(`${option} ${given} is used, though Slurm says ${variable}=${shown(env, variable)}.`);
}

/** The variable that tells of GPUs; undefined: none does. */
function gpuVariable(env: Env): string | undefined {
  const listing = ['CUDA_VISIBLE_DEVICES', 'GPU_DEVICE_ORDINAL', 'SLURM_JOB_GPUS'];
  const counting = ['ON_NODE', 'PER_NODE', 'PER_TASK', 'PER_SOCKET'].map((what) => `SLURM_GPUS_${what}`);
  const lists = listing.find((name) => !['', '-1', 'NoDevFiles'].includes(read(env, name) ?? ''));
  return lists ?? ['SLURM_GPUS', ...counting].find((name) => !['', '0'].includes(read(env, name) ?? ''));
}

/** Whether srun gives each slot GPUs of its own, since the job was asked for with GPUs for each task. */
export function keepsOwnGpus(env: Env): boolean {
  const perTask = read(env, 'SLURM_GPUS_PER_TASK');
  if (perTask !== undefined && perTask !== '0') return true;
  return /(^|,)gres[/:]gpu\b/.test(read(env, 'SLURM_TRES_PER_TASK') ?? '');
}

/**
 * Reads what `scontrol -d show job` says of the GPUs of each node: lines with `Nodes=LIST … GRES=gpu:TYPE:COUNT(IDX:…)`.
 *
 * @returns lists of nodes in Slurm's compressed form, each with its GPUs in the form of SLURM_GPUS: `2`, `a100:2`, `0`
 */
export function parseNodeGpus(text: string): { readonly nodes: string; readonly gpus: string }[] {
  return [...text.matchAll(/^\s*Nodes=(\S+) .*GRES=(\S*)/gm)].map(([, nodes = '', gres = '']) => {
    const gpus = [...gres.matchAll(/gpu:((?:[^:,()]+:)?\d+)/g)].map(([, count]) => count);
    return { nodes, gpus: gpus.length === 0 ? '0' : gpus.join(',') };
  });
}

/** The number of the Slurm job; undefined outside of Slurm. */
export function slurmJobId(env: Env): string | undefined {
  return env['SLURM_JOB_ID'] || env['SLURM_JOBID'] || undefined;
}

/** The job's nodes in Slurm's compressed form, for `scontrol show hostnames`; undefined where the job has none. */
export function slurmNodeList(env: Env): string | undefined {
  return read(env, 'SLURM_JOB_NODELIST') ?? read(env, 'SLURM_NODELIST');
}

/** Reads Slurm's compressed form of numbers: `40,128(x3)` is 40, 128, 128, 128. Undefined: it is not of that form. */
export function expandCounts(text: string): number[] | undefined {
  const counts: number[] = [];
  for (const item of text.split(',')) {
    const match = /^(\d{1,9})(?:\(x([1-9]\d{0,4})\))?$/.exec(item);
    // Slurm has at most 65,533 nodes; a text that tells of more must not fill the memory.
    if (match === null || counts.length > 100_000) return undefined;
    const times = Number(match[2] ?? 1);
    for (let i = 0; i < times; i += 1) counts.push(Number(match[1]));
  }
  return counts;
}

/**
 * Reads the file that DISBATCH_SLURM_SRUN_OPTIONS_FILE names: a variable for srun on each line, NAME=VALUE, the value as
 * it stands.
 *
 * @param path - for the sentence of an error
 * @throws DisbatchError usage for a line that is neither blank nor of this form
 */
export function parseSrunOptions(text: string, path: string): Record<string, string> {
  const pairs: [string, string][] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const match = /^([A-Za-z_]\w*)=([^\0]*)$/.exec(line);
    if (match === null) {
      throw new DisbatchError(
        'usage',
        `${visible(path)}:${index + 1}: "${clipped(visible(line), 60)}" is not NAME=VALUE. ` +
          'The file that DISBATCH_SLURM_SRUN_OPTIONS_FILE names has a variable for srun on each line, as SLURM_CPU_BIND=none.',
      );
    }
    pairs.push([match[1] as string, match[2] as string]);
  }
  return Object.fromEntries(pairs);
}

/**
 * Reads what `squeue -h -o %L` prints, a line for each component of the job: [DAYS-]HH:MM:SS or MM:SS.
 *
 * @returns seconds until the first of them ends; undefined when no end is known (UNLIMITED, NOT_SET, INVALID)
 */
export function parseTimeLeft(text: string): number | undefined {
  const ends: number[] = [];
  for (const line of text.split('\n')) {
    const match = /^(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)$/.exec(line.trim());
    if (match === null) continue;
    const part = (index: number): number => Number(match[index] ?? 0);
    ends.push(((part(1) * 24 + part(2)) * 60 + part(3)) * 60 + part(4));
  }
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** A variable, as it is for the nodes that are used; one set to nothing is meant to be unset. */
function read(env: Env, name: string): string | undefined {
  if (env[name]) return env[name];
  // salloc of a heterogeneous job sets the variables with the number of the component at the end, and no others.
  if (env['SLURM_JOB_CPUS_PER_NODE']) return undefined;
  return env[`${name}_HET_GROUP_0`] || env[`${name}_PACK_GROUP_0`] || undefined;
}

/** One number for each node. */
function countsOf(env: Env, name: string, nodes: number): number[] | undefined {
  const value = read(env, name);
  if (value === undefined) return undefined;
  const counts = expandCounts(value);
  if (counts === undefined) throw unreadable(env, name, 'is not a list of numbers as in 40,128(x3)');
  if (counts.length === nodes) return counts;
  throw unreadable(env, name, `tells of ${nodesOf(counts.length)}, and the job has ${nodes}`);
}

/** One number for all nodes. 0 is what the original takes for not set. */
function countOf(env: Env, name: string): number | undefined {
  const value = read(env, name);
  if (value === undefined) return undefined;
  if (!/^\d{1,9}$/.test(value)) throw unreadable(env, name, 'is not a whole number');
  return Number(value) || undefined;
}

function unreadable(env: Env, name: string, what: string): DisbatchError {
  return new DisbatchError(
    'where-to-run',
    `${name}=${shown(env, name)} ${what}: unset what was set by hand and start again in the environment that Slurm gave, ` +
      'or name hosts with -s HOST:CORES.',
  );
}

function shown(env: Env, name: string): string {
  return clipped(visible(read(env, name) ?? ''), 60);
}

function coresOf(count: number): string {
  return count === 1 ? '1 core' : `${count} cores`;
}

function nodesOf(count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`;
}
