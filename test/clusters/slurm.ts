/**
 * Jobs on a bed with Slurm, for tests. Whoever waits asks the controller again and again, since `sbatch -W` and its like
 * look only every few seconds.
 */

import { untilAsked, type Bed, type CommandOptions } from './bed.ts';

/** Submits a job; the script is a file or the input. @returns its id */
export async function submit(bed: Bed, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const stdout = await bed.output(['sbatch', '--parsable', ...args], options);
  return stdout.trim().split(';')[0] as string;
}

/**
 * The state of a job, as in the manual of squeue: PENDING, RUNNING, COMPLETING, COMPLETED, NODE_FAIL … Of an array, that of
 * each of its jobs, with spaces between.
 */
export async function jobState(bed: Bed, id: string): Promise<string> {
  const jobs = await bed.output(['scontrol', 'show', 'job', '-o', id], { user: 'root' });
  return [...jobs.matchAll(/\bJobState=(\S+)/g)].map(([, state]) => state).join(' ');
}

/** Waits until a job, an array as a whole, has a state. */
export async function jobIs(bed: Bed, id: string, state: string): Promise<void> {
  await untilAsked(`job ${id} is ${state}`, async () => {
    const states = (await jobState(bed, id)).split(' ');
    return states.every((each) => each === state);
  });
}

/** Waits until nothing of a job, an array as a whole, is left in the queue: also its nodes are free. */
export async function jobEnded(bed: Bed, id: string): Promise<void> {
  await untilAsked(`job ${id} has ended`, async () => {
    const { status, stdout, stderr } = await bed.run(['squeue', '-h', '-j', id], { user: 'root' });
    // A controller that does not answer has not said that it ended.
    return status === 0 ? stdout === '' : stderr.includes('Invalid job id');
  });
}

/** The names of the nodes that a job has, or had at its end. */
export async function jobNodes(bed: Bed, id: string): Promise<string[]> {
  const job = await bed.output(['scontrol', 'show', 'job', '-o', id], { user: 'root' });
  const list = /\sNodeList=(\S+)/.exec(job)?.[1] ?? '(null)';
  if (list === '(null)') return [];
  return (await bed.output(['scontrol', 'show', 'hostnames', list])).trim().split('\n');
}

/** The states of all nodes, as in the manual of sinfo: idle, mixed, down, down* … */
export async function nodeStates(bed: Bed): Promise<Record<string, string>> {
  const lines = (await bed.output(['sinfo', '-h', '-N', '-p', 'all', '-o', '%N %T'])).trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(' ') as [string, string]));
}

/** Waits until all nodes but some are idle, and no step is left in the queue, nor a process of one on any node. */
export async function nodesIdle(bed: Bed, except: readonly number[] = []): Promise<void> {
  await untilAsked('all nodes are idle', async () => {
    const states = Object.entries(await nodeStates(bed));
    const busy = states.filter(([name, state]) => !except.includes(Number(name.slice(4))) && state !== 'idle');
    const steps = await bed.output(['squeue', '-h', '-s']);
    return busy.length === 0 && steps === '' && stepProcesses(bed).length === 0;
  });
}

/** The processes with which Slurm watches over steps, one a step and node. */
export function stepProcesses(bed: Bed): string[] {
  const commands = bed.processes().map(({ command }) => command);
  return commands.filter((command) => command.startsWith('slurmstepd'));
}

/** Takes a node away from Slurm at once: what runs there is lost to its job. */
export async function setNodeDown(bed: Bed, node: number): Promise<void> {
  await bed.output(['scontrol', 'update', `nodename=node${node}`, 'state=down', 'reason=test'], { user: 'root' });
}
