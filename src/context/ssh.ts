/**
 * Lists of hosts (`-s`, DISBATCH_SSH_NODELIST), with engines over the system's ssh. Runs where the context does.
 */

import type { ContextKind, ContextPlan, SessionEnd, StartCommand, StartTrouble, Transport } from './context.ts';
import { parseHostList, planNode } from './host-list.ts';
import { startArguments, type SshSettings } from './ssh-command.ts';
import { readSshSettings } from './ssh-settings.ts';
import { lastWords, readFailure } from './ssh-words.ts';

/** How long a start may take at least, in milliseconds: a login may wait for a file server. */
const startMs = 60_000;

/** The hosts that `-s` names. */
export const givenHosts: ContextKind = ({ sshNodes, thisHost, slotOptions }) =>
  sshNodes.length === 0 ? undefined : hostPlan(sshNodes, thisHost, '-s ', slotOptions);

/** The hosts that DISBATCH_SSH_NODELIST names. Set to nothing, it is meant to be unset. */
export const listedHosts: ContextKind = ({ env, thisHost, slotOptions }) => {
  const listed = env['DISBATCH_SSH_NODELIST'] ?? '';
  return listed === '' ? undefined : hostPlan([listed], thisHost, 'DISBATCH_SSH_NODELIST=', slotOptions);
};

function hostPlan(
  lists: readonly string[],
  thisHost: string,
  origin: string,
  options: Parameters<typeof planNode>[1],
): ContextPlan {
  const nodes = parseHostList(lists, thisHost, origin).map((host) => planNode(host, options));
  const way = { knowsFill: false, transport: overSsh(), usesThisHostDirectly: true, allocation: undefined };
  return { label: undefined, nodes, notices: [], ...way };
}

/** @param ssh - the command and its first arguments */
export function overSsh(ssh: readonly string[] = ['ssh']): Transport {
  const settingsOf = new Map<string, Promise<SshSettings>>();
  return {
    name: 'ssh',
    launcherPerSlot: false,
    slotsOwnResources: false,
    command: async ({ name }, engine): Promise<StartCommand> => {
      const known = settingsOf.get(name) ?? readSshSettings(ssh, name);
      settingsOf.set(name, known);
      const settings = await known;
      const words = [...ssh, ...startArguments(name, engine, settings)];
      return { words, env: {}, limitMs: Math.max(startMs, (settings.connectTimeout + 30) * 1000) };
    },
    readFailure: troubleOf,
    lastWords,
  };
}

function troubleOf(end: SessionEnd): StartTrouble {
  if (end.status === 255) {
    const { failure, reason } = readFailure(end.errors);
    return { failure, reason: reason ?? 'ssh ended with exit status 255 and gave no reason' };
  }
  const words = lastWords(end.errors) ?? lastWords(end.output);
  const why = words === undefined ? '' : `: ${words}`;
  return { failure: 'final', reason: `the login there ended with ${end.how} before anything was started${why}` };
}
