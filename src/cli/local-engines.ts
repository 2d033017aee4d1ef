/**
 * Starts the engines of a plan in this process, and links them with the driver: what they say crosses in memory.
 */

import { closeSync, openSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Releasers } from '../base/releasers.ts';
import type { ContextPlan, NodePlan } from '../context/context.ts';
import { contextLog, engineLog, engineWrapLog, jobId, type RunFiles } from '../contract/run-files.ts';
import type { Driver } from '../driver/driver.ts';
import type { TaskSource } from '../driver/task-source.ts';
import { Engine, usualHelloMs } from '../engine/engine.ts';
import type { LauncherCommand } from '../engine/launcher-process.ts';
import type { RunArguments } from './arguments.ts';
import { openLog } from './run-log.ts';

export interface EngineParts {
  readonly plan: ContextPlan;
  readonly files: RunFiles;
  readonly given: RunArguments;
  /** The environment that tasks inherit. */
  readonly env: NodeJS.ProcessEnv;
  readonly source: TaskSource;
  readonly launchers: readonly LauncherCommand[];
  readonly driver: Driver;
  readonly releasers: Releasers;
}

/** One engine for each node of the plan, all of them this machine, in this process. */
export function startEngines(parts: EngineParts): Engine[] {
  const { plan, files, given, releasers } = parts;
  const log = openLog(contextLog(files.prefix, plan.label), given.loglevel, releasers).named('Context');
  log('INFO', `context ${plan.label} on ${hostname()} (PID ${process.pid})`);
  for (const notice of plan.notices) log('WARNING', notice);
  return plan.nodes.map((node, engineRank) => {
    log('INFO', `engine ${engineRank} on ${node.name}: ${node.slots} slots, ${node.cores} cores`);
    return startEngine(node, engineRank, parts);
  });
}

function startEngine(node: NodePlan, engineRank: number, parts: EngineParts): Engine {
  const { plan, files, given, env, source, launchers, driver, releasers } = parts;
  const errorFd = openSync(engineWrapLog(files.prefix, plan.label, node.name), 'a');
  releasers.add(() => closeSync(errorFd));
  const engine = new Engine(
    {
      node: node.name,
      slots: node.slots,
      facts: { jobId: jobId(files.prefix), taskName: source.taskName, coresPerTask: node.coresPerTask, engineRank },
      env,
      launchers,
      errorFd,
      helloMs: usualHelloMs,
      log: openLog(engineLog(files.prefix, plan.label, node.name, engineRank), given.loglevel, releasers).named(
        'Engine',
      ),
    },
    (message) => driver.fromEngine(engineRank, message),
  );
  driver.link(engineRank, (message) => engine.receive(message));
  engine.start();
  return engine;
}
