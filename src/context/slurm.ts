/**
 * Slurm: the nodes of the job that this process is in, with one srun for each. Runs where the context does.
 *
 *   srun -n SLOTS ─► slot.sh in each of its tasks ─► the first: engine.sh and the engine; the others: a launcher each
 *
 * So each task of disBatch has the cores, memory and GPUs that Slurm gave its slot. What srun ends with is never a proof of
 * anything: it ends with 0 when its node is lost. Source of the rules: the original; of how Slurm fails: test/clusters.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DisbatchError } from '../base/errors.ts';
import type { ContextKind, NodePlan, StartCommand, Transport } from './context.ts';
import { slotWords, type EngineCommand } from './engine-command.ts';
import { sameHost } from './host-list.ts';
import {
  keepsOwnGpus,
  parseNodeGpus,
  parseSrunOptions,
  parseTimeLeft,
  planSlurm,
  slurmJobId,
  slurmNodeList,
} from './slurm-env.ts';
import { readSrunFailure } from './srun-words.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Gives nodes back. Source: the original. */
const retireCommand = 'scontrol update JobId="$SLURM_JOBID" NodeList="${DRIVER_NODE:+$DRIVER_NODE,}$ACTIVE"';

/** How long squeue may take, in milliseconds. */
const askMs = 20_000;

export const slurm: ContextKind = ({ env, slotOptions, thisHost, openFiles, ask, read }) => {
  const job = slurmJobId(env);
  if (job === undefined) return undefined;
  refuseCopies(env);
  const list = slurmNodeList(env);
  if (list === undefined) {
    throw new DisbatchError(
      'where-to-run',
      `This is inside the Slurm job ${job}, but SLURM_JOB_NODELIST does not say which nodes it has. ` +
        'Name the hosts yourself: -s HOST:CORES.',
    );
  }
  const names = hostnames(list, ask);
  const { nodes, notices } = planSlurm(env, names, slotOptions);
  const here = env['SLURMD_NODENAME'];
  return {
    ...{ label: `J${job}`, nodes, notices },
    knowsFill: true,
    transport: overSrun(env, srunOptions(env, read), gpusOf(env, job, ask), openFiles),
    usesThisHostDirectly: false,
    allocation: {
      retireCommand,
      // Not set in every job: not by salloc in one of several components.
      retireEnv: { SLURM_JOBID: job },
      ownNode: names.find((name) => (here === undefined ? sameHost(name, thisHost) : name === here)),
      signalsTasks: true,
      secondsLeft: () => secondsLeft(job, env),
    },
  };
};

/** @throws DisbatchError where-to-run when srun has started several of this command: each would run all tasks */
function refuseCopies(env: Environment): void {
  const copies = Number(env['SLURM_STEP_NUM_TASKS'] ?? 1);
  if (!(copies > 1)) return;
  throw new DisbatchError(
    'where-to-run',
    `This is one of the ${copies} tasks of an srun, and each of them would run all tasks of the file. ` +
      'Start disBatch without srun, once in the job; it uses srun itself.',
  );
}

function hostnames(list: string, ask: (command: readonly string[]) => string): string[] {
  try {
    return ask(['scontrol', 'show', 'hostnames', list]).split('\n').filter(Boolean);
  } catch (error) {
    throw new DisbatchError(
      'where-to-run',
      `The nodes of this Slurm job (${list}) cannot be told: scontrol show hostnames failed (${(error as Error).message}). ` +
        'Name the hosts yourself: -s HOST:CORES.',
      error,
    );
  }
}

/** What is set in srun's environment, unless a file of the user's says it all. Source: the original. */
function srunOptions(env: Environment, read: (path: string) => string): Record<string, string> {
  const path = env['DISBATCH_SLURM_SRUN_OPTIONS_FILE'] ?? '';
  if (path === '') return { SLURM_CPU_BIND: env['SLURM_CPU_BIND'] ?? 'cores', SLURM_MPI_TYPE: 'none' };
  try {
    return parseSrunOptions(read(path), path);
  } catch (error) {
    if (error instanceof DisbatchError) throw error;
    throw new DisbatchError(
      'usage',
      `DISBATCH_SLURM_SRUN_OPTIONS_FILE is ${path}, which cannot be read (${(error as Error).message}). Mend the name or unset it.`,
      error,
    );
  }
}

/**
 * A number of GPUs for the whole job (`--gpus`) is no good for the step of one node, which inherits it: srun would refuse
 * it. What each node has of them, by its name; empty when the job was asked for in another way, or it cannot be told.
 */
function gpusOf(env: Environment, job: string, ask: (command: readonly string[]) => string): Map<string, string> {
  if ((env['SLURM_GPUS'] ?? '') === '') return new Map();
  try {
    const lines = parseNodeGpus(ask(['scontrol', '-d', 'show', 'job', job]));
    return new Map(lines.flatMap(({ nodes, gpus }) => hostnames(nodes, ask).map((name) => [name, gpus] as const)));
  } catch {
    // What srun says then reaches the user.
    return new Map();
  }
}

function overSrun(
  env: Environment,
  options: Readonly<Record<string, string>>,
  gpus: ReadonlyMap<string, string>,
  openFiles: number | undefined,
): Transport {
  return {
    name: 'srun',
    launcherPerSlot: true,
    slotsOwnResources: keepsOwnGpus({ ...env, ...options }),
    command: async (node, engine) => {
      const own = gpus.get(node.name);
      const command = srunCommand(node, engine, env, own === undefined ? options : { ...options, SLURM_GPUS: own });
      return { ...command, words: withOpenFiles(openFiles, command.words) };
    },
    readFailure: ({ how, errors }) => {
      const { failure, reason } = readSrunFailure(errors);
      return { failure, reason: reason ?? `srun ended with ${how} before the engine was up, and gave no reason` };
    },
    lastWords: (errors) => readSrunFailure(errors).reason,
  };
}

function srunCommand(
  { name, slots, cores, coresPerTask }: NodePlan,
  engine: EngineCommand,
  env: Environment,
  options: Readonly<Record<string, string>>,
): StartCommand {
  const perTask = Math.max(1, coresPerTask);
  // Steps have the name of their command otherwise, and so have tasks in SLURM_JOB_NAME.
  const job = env['SLURM_JOB_NAME'];
  const named = job === undefined || job === '' ? [] : ['-J', job];
  const size = [...named, '-N', '1', '-n', String(slots), '-c', String(perTask), '-w', name];
  // Fractional cores, or more tasks than were asked for: Slurm refuses them unless it is told that they are meant.
  if (slots * perTask > cores) size.push('--overcommit');
  // By name of variable, since an srun before 20.11 does not know the option. Without it, cores of this step leak when nodes
  // are given back or lost, and a task's own srun would wait for ever for the cores that this step holds.
  const overlap = env['SLURM_OVERLAP'] === undefined && options['SLURM_OVERLAP'] === undefined;
  return {
    words: [
      ...['srun', '--input=0', ...size],
      // Tasks see the environment that an srun of their own would give them.
      ...(overlap ? ['/usr/bin/env', '-u', 'SLURM_OVERLAP'] : []),
      ...slotWords('SLURM_LOCALID', engine),
    ],
    env: { ...options, ...(overlap ? { SLURM_OVERLAP: '1' } : {}) },
    // A node may have to be booted for it, and prologs may take their time; the other nodes work meanwhile.
    limitMs: undefined,
  };
}

/** srun hands its limits on to the tasks; those of this process are not the user's, since Node has raised them. */
function withOpenFiles(limit: number | undefined, words: readonly string[]): readonly string[] {
  if (limit === undefined) return words;
  return ['/bin/sh', '-c', 'ulimit -Sn "$0"; exec "$@"', String(limit), ...words];
}

async function secondsLeft(job: string, env: Environment): Promise<number | undefined> {
  // Of a Slurm that has it: as it was when the job began.
  const end = Number(env['SLURM_JOB_END_TIME'] ?? 0);
  try {
    return await askLeft(job);
  } catch (error) {
    if (!(end > 0)) throw error;
    return Math.max(0, end - Date.now() / 1000);
  }
}

async function askLeft(job: string): Promise<number | undefined> {
  const { stdout } = await promisify(execFile)('squeue', ['-h', '-j', job, '-o', '%L'], { timeout: askMs });
  // The controller that has forgotten the job, or is not there, knows nothing of its end.
  if (stdout.trim() === '') throw new Error(`squeue does not know the job ${job}`);
  return parseTimeLeft(stdout);
}
