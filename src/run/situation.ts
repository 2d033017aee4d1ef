/**
 * What a context is planned from, as this process finds it: environment, host, commands and files of a resource manager.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ContextSituation } from '../context/context.ts';
import { isOnPath } from './on-path.ts';
import type { ContextOptions } from './run-options.ts';

/** How long a command of the resource manager may take, in milliseconds. */
const askMs = 20_000;

/** What was asked for of a context. */
export function wanted(
  given: Pick<ContextOptions, 'sshNodes' | 'cpusPerTask' | 'tasksPerNode' | 'fill' | 'label'>,
): Wanted {
  const { sshNodes, cpusPerTask, tasksPerNode, fill, label } = given;
  return { sshNodes, slotOptions: { cpusPerTask, tasksPerNode, fill }, label };
}

type Wanted = Pick<ContextSituation, 'sshNodes' | 'slotOptions' | 'label'>;

/**
 * @param cores - of this machine, when it may be used without being named
 * @param openFiles - the soft limit that this process was started with
 */
export function situation(
  given: Wanted,
  env: NodeJS.ProcessEnv,
  cores: number | undefined,
  openFiles: number | undefined,
): ContextSituation {
  return {
    ...given,
    ...{ env, cores, openFiles, thisHost: hostname() },
    onPath: (command) => isOnPath(command, env),
    ask: (command) => {
      const [file, ...args] = command as [string, ...string[]];
      try {
        return execFileSync(file, args, { encoding: 'utf8', timeout: askMs, stdio: ['ignore', 'pipe', 'pipe'] });
      } catch (error) {
        const { stderr, message } = error as Error & { stderr?: string };
        throw new Error(stderr?.trim().split('\n').at(-1) || message, { cause: error });
      }
    },
    read: (path) => readFileSync(path, 'utf8'),
  };
}
