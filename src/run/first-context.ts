/**
 * The context that a run starts with, in the driver's process: what it and the driver say to each other crosses in memory.
 */

import { hostname } from 'node:os';
import { DisbatchError } from '../base/errors.ts';
import { openLog } from '../base/open-log.ts';
import type { Releasers } from '../base/releasers.ts';
import type { ContextPlan, NodePlan } from '../context/context.ts';
import { ContextLife } from '../context/context-life.ts';
import { sameHost } from '../context/host-list.ts';
import { startEngines } from '../context/start-engines.ts';
import { contextLog } from '../contract/run-files.ts';
import type { RunInfo } from '../contract/run-info.ts';
import type { Driver } from '../driver/driver.ts';
import type { LauncherCommand } from '../engine/spawned-launcher.ts';
import { retirementOf, watchAllocation } from './context-parts.ts';
import { startOwnEngine } from './own-engine.ts';
import type { RunOptions } from './run-options.ts';
import type { Surroundings } from './surroundings.ts';

export interface FirstContextParts {
  readonly plan: ContextPlan;
  readonly run: RunInfo;
  readonly storeAddress: string;
  readonly launchers: readonly LauncherCommand[];
  readonly driver: Driver;
  readonly releasers: Releasers;
}

/** Links the context with the driver. It comes with `begin`. */
export function firstContext(given: RunOptions, around: Surroundings, parts: FirstContextParts): ContextLife {
  const { plan, run, driver, releasers } = parts;
  const { env, folder, tell } = around;
  const say = (text: string): void => tell.notice(text);
  const log = openLog(contextLog(run.prefix, plan.label ?? 'SSH0'), run.loglevel, releasers).named('Context');
  for (const notice of plan.notices) log('WARNING', notice);
  const isOwn = (node: NodePlan): boolean => plan.usesThisHostDirectly && sameHost(node.name, hostname());
  const elsewhere = startEngines(plan, { run, folder, thisHost: hostname(), resources: run.resources, log });
  const context = new ContextLife({
    plan,
    host: hostname(),
    taskLimit: given.taskLimit,
    retirement: retirementOf(plan, given.retire, { env, log, say }),
    isLeased: (node) => !isOwn(node),
    start: (node, rank, label, ended) =>
      isOwn(node) ? startOwnEngine({ ...parts, env }, node, rank, label) : elsewhere(node, rank, label, ended),
    send: (message) => driver.fromContext(rank, message),
    log,
    onLeave: () => {},
  });
  const rank = driver.addContext((message) => {
    // Later: the driver is answered never within its own call.
    queueMicrotask(() => {
      try {
        context.receive(message);
      } catch (error) {
        if (!(error instanceof DisbatchError)) throw error;
        driver.trouble(error);
      }
    });
  });
  releasers.add(
    watchAllocation(plan, given.stopBefore, { env, log, say }, (left) => {
      say(`The allocation ends in ${left} s: running tasks may finish, no new ones are started (--stop-before).`);
      driver.softStop('time-limit');
    }),
  );
  return context;
}
