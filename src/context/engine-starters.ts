/**
 * The two ways to start an engine as a process of its own: over ssh, and on this host. Runs where the context does.
 *
 * Both give engine.sh the same arguments and the same config, and hear the same words of it.
 */

import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../base/log.ts';
import { engineWrapLog } from '../contract/run-files.ts';
import type { EngineConfig, RunInfo } from '../contract/run-info.ts';
import type { NodePlan } from './context.ts';
import type { EngineEnd, StartEngine } from './hosts-context.ts';
import { SshHost } from './ssh-host.ts';
import { SshSession } from './ssh-session.ts';
import type { StartQueue } from './start-queue.ts';

export interface StarterParts {
  readonly run: RunInfo;
  /** Where the program is installed. */
  readonly folder: string;
  readonly log: Logger;
}

/** Starts engines on other hosts. */
export function overSsh(parts: StarterParts, queue: StartQueue): StartEngine {
  const { run, folder, log } = parts;
  return (node, engineRank, label, ended) => {
    const { wrapFd, config } = prepareEngine(run, node, engineRank, label);
    const host = new SshHost(
      {
        ...{ node: node.name, ssh: ['ssh'], nodePath: process.execPath, folder, cwd: run.cwd, runId: run.runId },
        ...{ engineRank, config, queue, wrapFd, log },
      },
      {
        up: () => {},
        ended: (how) => {
          closeSync(wrapFd);
          ended(how);
        },
      },
    );
    host.start();
    return host;
  };
}

/** Starts an engine on this host. */
export function onThisHost(parts: StarterParts): StartEngine {
  const { run, folder } = parts;
  return (node, engineRank, label, ended) => {
    const { wrapFd, config } = prepareEngine(run, node, engineRank, label);
    const script = join(folder, 'engine.sh');
    const command = ['/bin/sh', script, process.execPath, folder, run.cwd, run.runId, String(engineRank)];
    const end: { -readonly [K in keyof EngineEnd]: EngineEnd[K] } = { problem: undefined, dead: false };
    let killed = false;
    const session = new SshSession(command, wrapFd, {
      word: (word) => {
        if (word.type === 'problem') end.problem = `${node.name}: ${word.sentence}`;
        if (word.type === 'problem' || word.type === 'gone') end.dead = true;
      },
      ended: ({ how, started }) => {
        closeSync(wrapFd);
        if (!started) end.dead = true;
        if (!end.dead && !killed) end.problem ??= `${node.name}: the engine ended with ${how}.`;
        ended(end);
      },
    });
    session.write(`${config}\n`);
    return {
      close: () => session.endInput(),
      kill: () => {
        killed = true;
        session.kill();
      },
    };
  };
}

function prepareEngine(
  run: RunInfo,
  node: NodePlan,
  rank: number,
  label: string,
): { readonly wrapFd: number; readonly config: string } {
  const { name, slots, coresPerTask } = node;
  const config: EngineConfig = { run, rank, node: name, slots, coresPerTask, label };
  return { wrapFd: openSync(engineWrapLog(run.prefix, label, name), 'a'), config: JSON.stringify(config) };
}
