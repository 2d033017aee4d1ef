/**
 * What a context consists of besides its life, the same for the first context of a run and for one that is added: how its
 * nodes are given back, and the watch over the end of its allocation.
 */

import type { Logger } from '../base/log.ts';
import type { ContextPlan } from '../context/context.ts';
import { Retirement } from '../context/retirement.ts';
import { watchTimeLimit } from '../context/time-limit.ts';
import type { Retire } from './run-options.ts';

export interface ContextSurroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly log: Logger;
  /** Tells the user. */
  readonly say: (text: string) => void;
}

/** What gives the nodes of a plan back while the run goes on; undefined: they are kept. */
export function retirementOf(
  plan: ContextPlan,
  retire: Retire,
  { env, log, say }: ContextSurroundings,
): Retirement | undefined {
  const { allocation } = plan;
  if (retire === 'no') return undefined;
  const isDefault = retire === 'default';
  if (allocation === undefined) {
    if (!isDefault) say('--retire-cmd has no effect here: the hosts belong to no job whose nodes could be given back.');
    return undefined;
  }
  const command = isDefault ? allocation.retireCommand : retire.command;
  if (command === undefined) return undefined;
  return new Retirement({
    nodes: plan.nodes.map(({ name }) => name),
    ...{ ownNode: allocation.ownNode, command, isDefault, log, warn: say },
    env: { ...env, ...allocation.retireEnv },
    // The command of a user may name files of the folder that the run was started in.
    cwd: isDefault ? undefined : process.cwd(),
  });
}

/** Says when the allocation of a plan ends, and stops in time before it. @returns what ends the watch */
export function watchAllocation(
  plan: ContextPlan,
  stopBefore: number | undefined,
  { log, say }: ContextSurroundings,
  stop: (left: number) => void,
): () => void {
  const secondsLeft = plan.allocation?.secondsLeft;
  if (secondsLeft !== undefined) return watchTimeLimit({ secondsLeft, stopBefore, say, log, stop });
  if (stopBefore !== undefined) say('--stop-before has no effect here: no end of an allocation is known.');
  return () => {};
}
