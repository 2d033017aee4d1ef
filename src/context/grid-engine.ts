/**
 * Grid Engine (and its kin): the hosts that a parallel environment gave this job, with one qrsh for each other host. Runs
 * where the context does.
 *
 *   PE_HOSTFILE ─► hosts and slots        qrsh -inherit HOST ─► engine.sh ─► the engine
 *
 * Grid Engine counts slots but binds nothing to them, so one launcher serves all slots of a host, and the engine of the
 * host that the job's script runs on needs no qrsh.
 */

import { DisbatchError } from '../base/errors.ts';
import { shellQuoted, visible } from '../base/terminal-text.ts';
import type { ContextKind, Transport } from './context.ts';
import { engineWords } from './engine-command.ts';
import { planNode, type Host } from './host-list.ts';
import { remoteCommand } from './ssh-command.ts';

/** How long a start may take, in milliseconds: an execution host looks for work every few seconds. */
const startMs = 120_000;

export const gridEngine: ContextKind = ({ env, slotOptions, read }) => {
  const path = env['PE_HOSTFILE'] ?? '';
  const job = env['JOB_ID'];
  if (path === '' || job === undefined) return undefined;
  const task = env['SGE_TASK_ID'];
  return {
    label: task === undefined || task === 'undefined' ? `J${job}` : `J${job}.${task}`,
    nodes: parseHostFile(readHostFile(path, read), path).map((host) => planNode(host, slotOptions)),
    notices: [],
    knowsFill: false,
    transport: overQrsh(),
    usesThisHostDirectly: true,
    allocation: {
      retireCommand: undefined,
      retireEnv: {},
      ownNode: undefined,
      signalsTasks: false,
      secondsLeft: undefined,
    },
  };
};

/**
 * Reads a PE_HOSTFILE: `HOST SLOTS QUEUE PROCESSORS` on each line. A host with several queues has several lines.
 *
 * @throws DisbatchError where-to-run for a line that is none
 */
export function parseHostFile(text: string, path: string): Host[] {
  const cores = new Map<string, number>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const [name = '', slots = ''] = line.trim().split(/\s+/);
    if (!/^\d+$/.test(slots)) {
      throw new DisbatchError(
        'where-to-run',
        `PE_HOSTFILE (${path}), line ${index + 1}: "${visible(line)}" is not HOST SLOTS. Name the hosts yourself: -s HOST:CORES.`,
      );
    }
    cores.set(name, (cores.get(name) ?? 0) + Number(slots));
  }
  if (cores.size === 0) {
    throw new DisbatchError(
      'where-to-run',
      `PE_HOSTFILE (${path}) names no host. Name the hosts yourself: -s HOST:CORES.`,
    );
  }
  return [...cores].map(([name, count]) => ({ name, cores: count }));
}

function readHostFile(path: string, read: (path: string) => string): string {
  try {
    return read(path);
  } catch (error) {
    throw new DisbatchError(
      'where-to-run',
      `PE_HOSTFILE is ${path}, which cannot be read (${(error as Error).message}). Name the hosts yourself: -s HOST:CORES.`,
      error,
    );
  }
}

function overQrsh(): Transport {
  return {
    name: 'qrsh',
    launcherPerSlot: false,
    slotsOwnResources: false,
    // -V: tasks there have the environment of the job's script, as those here. The user's shell there reads the words anew.
    command: async (node, engine) => ({
      words: ['qrsh', '-inherit', '-V', node.name, remoteCommand(engineWords(engine).map(shellQuoted).join(' '))],
      env: {},
      limitMs: startMs,
    }),
    readFailure: ({ how, errors }) => ({
      failure: 'final',
      reason: lastWords(errors) ?? `qrsh ended with ${how} before the engine was up, and gave no reason`,
    }),
    lastWords,
  };
}

function lastWords(errors: string): string | undefined {
  const last = errors
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .at(-1);
  return last === undefined
    ? undefined
    : visible(last.replace(/^error: /, ''))
        .replace(/\.$/, '')
        .slice(0, 300);
}
