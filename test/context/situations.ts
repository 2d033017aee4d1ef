/** What a context is planned from, for tests: nothing is there but what the test says. */

import type { ContextKind, ContextPlan, ContextSituation, NodePlan } from '../../src/context/context.ts';
import type { EngineCommand } from '../../src/context/engine-command.ts';
import { DisbatchError } from '../../src/base/errors.ts';

export const engineCommand: EngineCommand = {
  ...{ nodePath: '/opt/node', folder: '/opt/disbatch', cwd: '/data', runId: 'r', engineRank: 3 },
  ...{ launcher: undefined, resources: [] },
};

/** A situation; what is asked or read beyond it is an error. */
export function situation(changed: Partial<ContextSituation> = {}): ContextSituation {
  return {
    ...{ sshNodes: [], label: undefined, env: {}, thisHost: 'here.cluster', cores: 4, openFiles: undefined },
    slotOptions: { cpusPerTask: undefined, tasksPerNode: undefined, fill: false },
    onPath: () => false,
    ask: (command) => {
      throw new Error(`${command.join(' ')} is asked`);
    },
    read: (path) => {
      throw new Error(`${path} is not there`);
    },
    ...changed,
  };
}

/** The plan that a kind makes. */
export function planOf(kind: ContextKind, changed: Partial<ContextSituation>): ContextPlan {
  const plan = kind(situation(changed));
  if (plan === undefined) throw new Error('there is no plan');
  return plan;
}

/** The first node of a plan. */
export function nodeOf(plan: ContextPlan, index = 0): NodePlan {
  const node = plan.nodes[index];
  if (node === undefined) throw new Error(`there is no node ${index}`);
  return node;
}

/** Why there is no plan: the code and the sentence. */
export function refusalOf(kind: ContextKind, changed: Partial<ContextSituation>): [string, string] {
  try {
    kind(situation(changed));
  } catch (error) {
    if (error instanceof DisbatchError) return [error.code, error.message];
    throw error;
  }
  throw new Error('it was not refused');
}
