/**
 * Jobs on a bed with Grid Engine, for tests. Its commands take a quarter of a second each.
 */

import { untilAsked, type Bed, type CommandOptions } from './bed.ts';

/** What Grid Engine's commands have in their environment on a real cluster, where a login sets it. */
export const gridEngineEnv = { SGE_ROOT: '/var/lib/gridengine', SGE_CELL: 'default' } as const;

function withEnv(options: CommandOptions): CommandOptions {
  return { ...options, env: { ...gridEngineEnv, ...options.env } };
}

/** Submits a job; the script is a file or the input. Its folder is the one of the command. @returns its id */
export async function submitGridEngine(
  bed: Bed,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return (await bed.output(['qsub', '-terse', '-cwd', ...args], withEnv(options))).trim();
}

/** The state of a job, as in the manual of qstat: qw, r, t, dr …; none when it is not in the queue any more. */
export async function gridEngineJobState(bed: Bed, id: string): Promise<string | undefined> {
  const jobs = (await bed.output(['qstat', '-u', '*'], withEnv({})))
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  return jobs.find(([job]) => job === id)?.[4];
}

/** Waits until a job has a state. */
export async function gridEngineJobIs(bed: Bed, id: string, state: string): Promise<void> {
  await untilAsked(`job ${id} is ${state}`, async () => (await gridEngineJobState(bed, id)) === state);
}

/** Waits until a job is not in the queue any more. */
export async function gridEngineJobEnded(bed: Bed, id: string): Promise<void> {
  await untilAsked(`job ${id} has ended`, async () => (await gridEngineJobState(bed, id)) === undefined);
}

/** Ends a job, as its user. */
export async function deleteGridEngineJob(bed: Bed, id: string, options: CommandOptions = {}): Promise<void> {
  await bed.output(['qdel', id], withEnv(options));
}
