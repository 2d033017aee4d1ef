/**
 * The engine of this host in the driver's own process: what it and the driver say to each other crosses in memory.
 */

import { closeSync, openSync } from 'node:fs';
import { hostname } from 'node:os';
import { openLog } from '../base/open-log.ts';
import type { Releasers } from '../base/releasers.ts';
import type { NodePlan } from '../context/context.ts';
import type { StartedEngine } from '../context/context-life.ts';
import { engineLog, engineWrapLog, jobId } from '../contract/run-files.ts';
import type { RunInfo } from '../contract/run-info.ts';
import type { Driver } from '../driver/driver.ts';
import { Engine, usualHelloMs } from '../engine/engine.ts';
import type { LauncherCommand } from '../engine/spawned-launcher.ts';

export interface OwnEngineParts {
  readonly run: RunInfo;
  /** The environment that tasks inherit. */
  readonly env: NodeJS.ProcessEnv;
  readonly storeAddress: string;
  readonly launchers: readonly LauncherCommand[];
  readonly driver: Driver;
  readonly releasers: Releasers;
}

/** Starts it. Closing it does nothing: the driver tells it to leave. */
export function startOwnEngine(
  { run, env, storeAddress, launchers, driver, releasers }: OwnEngineParts,
  node: NodePlan,
  engineRank: number,
  label: string,
): StartedEngine {
  const errorFd = openSync(engineWrapLog(run.prefix, label, node.name), 'a');
  releasers.add(() => closeSync(errorFd));
  const log = openLog(engineLog(run.prefix, label, node.name, engineRank), run.loglevel, releasers);
  const engine = new Engine(
    {
      node: hostname(),
      slots: node.slots,
      facts: {
        ...{ jobId: jobId(run.prefix), taskName: run.taskName, coresPerTask: node.coresPerTask },
        ...{ engineRank, runId: run.runId, storeAddress },
      },
      env,
      launchers,
      ...{ results: run.results, followMemory: run.details },
      ...{ launcherPerSlot: false, resources: run.resources, slotsOwnResources: false },
      errorFd,
      helloMs: usualHelloMs,
      log: log.named('Engine'),
    },
    (message) => driver.fromEngine(engineRank, message),
  );
  driver.addEngine(engineRank, { send: (message) => engine.receive(message), drop: () => engine.kill() });
  engine.start();
  return { close: () => {}, kill: () => engine.kill(), closed: () => engine.closed() };
}
