/**
 * The kinds of contexts, and which one a run starts with. Source of the order: the original, but for the last two.
 */

import { DisbatchError } from '../base/errors.ts';
import type { ContextKind, ContextPlan, ContextSituation, NodePlan } from './context.ts';
import { gridEngine } from './grid-engine.ts';
import { slurm } from './slurm.ts';
import { givenHosts, listedHosts } from './ssh.ts';
import { thisMachine } from './this-machine.ts';

/** The first that makes a plan is taken. */
const kinds: readonly ContextKind[] = [givenHosts, slurm, listedHosts, gridEngine, thisMachine];

/**
 * @returns undefined when nothing says where to run
 * @throws DisbatchError where-to-run, usage or no-slots
 */
export function chooseContext(situation: ContextSituation): ContextPlan | undefined {
  for (const kind of kinds) {
    const plan = kind(situation);
    if (plan !== undefined) return usable(plan, situation);
  }
  return undefined;
}

/** The plan without nodes that have no slot, and with the label that was asked for. */
function usable(plan: ContextPlan, { label, slotOptions }: ContextSituation): ContextPlan {
  const nodes = plan.nodes.filter((node) => node.slots > 0);
  if (nodes.length === 0) {
    const [first] = plan.nodes as [NodePlan];
    const cores = first.cores === 1 ? '1 core' : `${first.cores} cores`;
    throw new DisbatchError(
      'no-slots',
      `No slot can be made: ${first.name} has ${cores} for this run, and a task needs ${slotOptions.cpusPerTask ?? 'more'} (-c). ` +
        `Give more cores ${plan.allocation === undefined ? 'with -s ' : ''}or fewer with -c.`,
    );
  }
  const { fill } = slotOptions;
  const unfilled =
    fill && !plan.knowsFill ? ['--fill has no effect here: all cores that there are to use are used.'] : [];
  const dropped = plan.nodes
    .filter((node) => node.slots === 0)
    .map((node) => `${node.name} has no slot and is left out.`);
  return { ...plan, label: label ?? plan.label, nodes, notices: [...plan.notices, ...unfilled, ...dropped] };
}
