/**
 * Which context a run starts with: the host list that was given, else this machine. Source: the original, but for the last.
 *
 * Each kind of context is one function that makes a plan from the command line and the environment, or passes.
 */

import { DisbatchError } from '../base/errors.ts';
import type { ContextPlan, NodePlan, SlotOptions } from './context.ts';
import { parseHostList, planNode, type Host } from './host-list.ts';

/** What a context is chosen from. */
export interface ContextSituation {
  /** Values of `-s`, in order. */
  readonly sshNodes: readonly string[];
  readonly slotOptions: SlotOptions;
  /** `-l`: instead of the default label. */
  readonly label: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly thisHost: string;
  /** Cores that this process may use. */
  readonly cores: number;
  /** Whether a command is on PATH. */
  readonly onPath: (command: string) => boolean;
}

/** @throws DisbatchError where-to-run, usage or no-slots */
export function chooseContext(situation: ContextSituation): ContextPlan {
  const plan = fromHostList(situation) ?? fromThisMachine(situation);
  const nodes = plan.nodes.filter((node) => node.slots > 0);
  if (nodes.length === 0) {
    const [first] = plan.nodes as [NodePlan];
    const { cpusPerTask } = situation.slotOptions;
    throw new DisbatchError(
      'no-slots',
      `No slot can be made: ${first.name} has ${cores(first.cores)} for this run, and a task needs ${cpusPerTask} (-c). ` +
        `Give more cores with -s or fewer with -c.`,
    );
  }
  const dropped = plan.nodes
    .filter((node) => node.slots === 0)
    .map((node) => `${node.name} has no slot and is left out.`);
  return { label: situation.label, nodes, notices: [...plan.notices, ...dropped] };
}

/** `-s`, else DISBATCH_SSH_NODELIST outside of Slurm. */
function fromHostList(situation: ContextSituation): ContextPlan | undefined {
  const { sshNodes, env, thisHost, slotOptions } = situation;
  // A variable that is set to nothing is meant to be unset.
  const listed = env['DISBATCH_SSH_NODELIST'] || undefined;
  let hosts: Host[];
  if (sshNodes.length > 0) hosts = parseHostList(sshNodes, thisHost, '-s ');
  else if (listed !== undefined && !insideSlurm(env))
    hosts = parseHostList([listed], thisHost, 'DISBATCH_SSH_NODELIST=');
  else return undefined;
  return { label: undefined, nodes: hosts.map((host) => planNode(host, slotOptions)), notices: [] };
}

/** All cores of this machine; but not on a login node, which belongs to everybody. */
function fromThisMachine(situation: ContextSituation): ContextPlan {
  const { env, thisHost, slotOptions } = situation;
  if (insideSlurm(env)) {
    throw new DisbatchError(
      'where-to-run',
      'This is inside a Slurm job, and this version does not start tasks through Slurm. ' +
        'To use the cores of this node alone, say how many: -s localhost:CORES.',
    );
  }
  const scheduler = ['sbatch', 'qsub'].find(situation.onPath);
  if (scheduler !== undefined) {
    throw new DisbatchError(
      'where-to-run',
      `There is ${scheduler} on this machine, so it may be a login node that others need too. ` +
        'If the tasks are to run right here, say on how many cores: -s localhost:CORES.',
    );
  }
  const node = planNode({ name: thisHost, cores: situation.cores }, slotOptions);
  const notice = `No -s given: using all ${cores(node.cores)} of this machine, ${node.slots} tasks at a time.`;
  return { label: undefined, nodes: [node], notices: [notice] };
}

function insideSlurm(env: ContextSituation['env']): boolean {
  return env['SLURM_JOBID'] !== undefined || env['SLURM_JOB_ID'] !== undefined;
}

function cores(count: number): string {
  return count === 1 ? '1 core' : `${count} cores`;
}
