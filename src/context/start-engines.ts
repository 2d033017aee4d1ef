/**
 * Starts the engines of a context, each over the transport of its node, with the config that it is to have. Runs where the
 * context does.
 */

import { closeSync, openSync } from 'node:fs';
import type { Logger } from '../base/log.ts';
import { engineWrapLog } from '../contract/run-files.ts';
import type { EngineConfig, RunInfo } from '../contract/run-info.ts';
import type { ContextPlan, NodePlan, Transport } from './context.ts';
import { EngineStart } from './engine-start.ts';
import { sameHost } from './host-list.ts';
import type { StartEngine } from './context-life.ts';
import { onThisHost } from './on-this-host.ts';
import { StartQueue } from './start-queue.ts';

export interface StarterParts {
  readonly run: RunInfo;
  /** Where the program is installed. */
  readonly folder: string;
  readonly thisHost: string;
  readonly resources: readonly string[];
  readonly log: Logger;
}

/** @returns what starts the engine of a node of this plan */
export function startEngines(plan: ContextPlan, parts: StarterParts): StartEngine {
  const { run, folder, thisHost, resources, log } = parts;
  const queue = new StartQueue(Math.random);
  const here = onThisHost();
  return (node, engineRank, label, ended) => {
    const transport = plan.usesThisHostDirectly && sameHost(node.name, thisHost) ? here : plan.transport;
    const wrapFd = openSync(engineWrapLog(run.prefix, label, node.name), 'a');
    const { cwd, runId, launcher } = run;
    const start = new EngineStart(
      {
        ...{ node, transport, queue, wrapFd, log },
        command: { nodePath: process.execPath, folder, cwd, runId, engineRank, launcher, resources },
        config: JSON.stringify(configOf(run, node, engineRank, label, transport, resources)),
      },
      {
        up: () => {},
        ended: (how) => {
          closeSync(wrapFd);
          ended(how);
        },
      },
    );
    start.start();
    return start;
  };
}

function configOf(
  run: RunInfo,
  { name, slots, coresPerTask }: NodePlan,
  rank: number,
  label: string,
  { launcherPerSlot, slotsOwnResources }: Transport,
  resources: readonly string[],
): EngineConfig {
  return { run, rank, node: name, slots, coresPerTask, label, launcherPerSlot, slotsOwnResources, resources };
}
