/**
 * All cores of this machine, when nothing else is said; but not on a login node, which belongs to everybody. Source: ours;
 * the original ends with an error.
 */

import { DisbatchError } from '../base/errors.ts';
import type { ContextKind } from './context.ts';
import { planNode } from './host-list.ts';
import { onThisHost } from './on-this-host.ts';

export const thisMachine: ContextKind = ({ cores, thisHost, slotOptions, onPath }) => {
  if (cores === undefined) return undefined;
  const scheduler = ['sbatch', 'qsub'].find(onPath);
  if (scheduler !== undefined) {
    throw new DisbatchError(
      'where-to-run',
      `There is ${scheduler} on this machine, so it may be a login node that others need too. ` +
        'If the tasks are to run right here, say on how many cores: -s localhost:CORES.',
    );
  }
  const node = planNode({ name: thisHost, cores }, slotOptions);
  const all = node.cores === 1 ? '1 core' : `${node.cores} cores`;
  return {
    label: undefined,
    nodes: [node],
    notices: [`No -s given: using all ${all} of this machine, ${node.slots} tasks at a time.`],
    ...{ knowsFill: false, transport: onThisHost(), usesThisHostDirectly: true, allocation: undefined },
  };
};
