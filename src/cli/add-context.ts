/**
 * Adds hosts to a run that is going on: what `PREFIX_dbUtil.sh` does, in a process of its own on any host that shares the
 * folder of the run's files.
 *
 *   key file ─► connection to the driver ─► hello ─► context ◄─► driver … until it says that nothing is left to do
 *
 * Ctrl-C lets the tasks on its hosts finish, a second one ends them (they run again elsewhere), a third does not wait.
 */

import { appendFileSync, readFileSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { resolve as resolvePath } from 'node:path';
import { DisbatchError, systemReason } from '../base/errors.ts';
import { Log, type Logger } from '../base/log.ts';
import { visible } from '../base/terminal-text.ts';
import { connectChannel } from '../channel/connect.ts';
import type { Connection } from '../channel/connection.ts';
import { onThisHost, overSsh } from '../context/engine-starters.ts';
import { sameHost } from '../context/host-list.ts';
import { HostsContext } from '../context/hosts-context.ts';
import { chooseContext } from '../context/registry.ts';
import { StartQueue } from '../context/start-queue.ts';
import { contextLaunchLog, contextLog, keyFile } from '../contract/run-files.ts';
import { decodeRunInfo, type RunInfo } from '../contract/run-info.ts';
import { decodeToContext, encodeMessage, type Message } from '../contract/wire.ts';
import { parseContextArguments, type ContextArguments } from './arguments.ts';
import type { Printer } from './dry-run.ts';

/** The first word of the command line that means this: for scripts that disBatch writes, not for people. */
export const contextWord = '--context';

const connectMs = 30_000;
const settleMs = 10_000;

export interface Program {
  /** Where it is installed. */
  readonly folder: string;
  readonly version: string;
}

/**
 * @param words - the run's prefix, then the options of the context
 * @returns the exit status
 * @throws DisbatchError for whatever keeps it from taking part
 */
export async function addContext(words: readonly string[], program: Program, printer: Printer): Promise<number> {
  const [prefix = '', ...options] = words;
  if (options[0] === '--mon') {
    throw new DisbatchError('not-here', '--mon (the monitor) is not part of this version. Look at the status file.');
  }
  const given = parseContextArguments(options);
  if ('help' in given) {
    await printer.print(given.help);
    return 0;
  }
  const info = readRunInfo(prefix, program.version);
  const say = speaker(info.prefix);
  const plan = planOf(given, info);
  for (const notice of plan.notices) say(notice);
  let connection: Connection;
  try {
    connection = await connectChannel(info.addresses, Buffer.from(info.key, 'hex'), connectMs);
  } catch (error) {
    throw new DisbatchError(
      'no-run',
      `The run cannot be reached from this host. ${(error as Error).message} If it has ended, there is nothing to add hosts to.`,
      error,
    );
  }
  return takePart(info, plan, connection, program, say);
}

function takePart(
  info: RunInfo,
  plan: ReturnType<typeof chooseContext>,
  connection: Connection,
  { folder, version }: Program,
  say: (text: string) => void,
): Promise<number> {
  const send = (message: Message): void => connection.send(Buffer.from(encodeMessage(message)));
  const { log, open: openLog } = laterLog();
  const parts = { run: info, folder, log };
  const [ssh, here] = [overSsh(parts, new StartQueue(Math.random)), onThisHost(parts)];
  return new Promise((resolve) => {
    let over = false;
    const end = async (status: number): Promise<void> => {
      if (over) return;
      over = true;
      await context.settle(settleMs);
      send({ type: 'left', problem: undefined });
      connection.end();
      resolve(status);
    };
    const context = new HostsContext({
      plan,
      host: hostname(),
      isLeased: () => true,
      start: (node, rank, label, ended) =>
        (sameHost(node.name, hostname()) ? here : ssh)(node, rank, label, (how) => {
          if (how.problem !== undefined) say(how.problem);
          ended(how);
        }),
      send,
      log,
      onLeave: (why) => {
        say(`Leaving: ${why}.`);
        void end(0);
      },
    });
    connection.listen({
      message: (payload) => {
        const message = decodeToContext(payload.toString());
        if (message.type === 'refused') {
          say(`The run does not let this context in: ${message.why}.`);
          void end(1);
          return;
        }
        if (message.type === 'welcome') {
          openLog(contextLog(info.prefix, message.label), info.loglevel, say);
          const slots = plan.nodes.reduce((sum, node) => sum + node.slots, 0);
          const hosts = plan.nodes.map(({ name }) => name).join(', ');
          say(`${message.label} is part of the run: ${hosts}, ${slots} ${slots === 1 ? 'slot' : 'slots'}.`);
        }
        context.receive(message);
      },
      close: (problem) => {
        if (over) return;
        say(`The connection to the run is gone (${problem ?? 'it hung up'}); the engines here end their tasks.`);
        void end(1);
      },
    });
    let interrupts = 0;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        interrupts++;
        if (interrupts === 1) {
          say(
            `${signal}: no new tasks here, those that run may finish; once more to end them, they run again elsewhere.`,
          );
          send({ type: 'stop', how: 'finish' });
        } else if (interrupts === 2) {
          say('Ending the tasks here; once more to end at once.');
          send({ type: 'stop', how: 'end' });
        } else {
          context.kill();
          void end(1);
        }
      });
    }
    send({ type: 'context', version });
    context.begin();
  });
}

function readRunInfo(prefix: string, version: string): RunInfo {
  const path = keyFile(resolvePath(prefix));
  let info: RunInfo;
  try {
    info = decodeRunInfo(readFileSync(path, 'utf8'));
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new DisbatchError(
      'no-run',
      gone
        ? `There is no run to add hosts to: ${path} is not there, so it has ended, or this host does not share its folder.`
        : `The file ${path}, which says how to reach the run, cannot be used (${systemReason(error)}).`,
      error,
    );
  }
  if (info.version !== version) {
    throw new DisbatchError(
      'no-run',
      `The run is one of disBatch ${info.version}, and this is ${version}. Use the same.`,
    );
  }
  return info;
}

function planOf(given: ContextArguments, info: RunInfo): ReturnType<typeof chooseContext> {
  if (given.sshNodes.length === 0 && (process.env['DISBATCH_SSH_NODELIST'] ?? '') === '') {
    throw new DisbatchError('usage', 'Which hosts are to be added? Name them with -s HOST:CORES.');
  }
  return chooseContext({
    sshNodes: given.sshNodes,
    slotOptions: {
      cpusPerTask: given.cpusPerTask ?? info.cpusPerTask,
      tasksPerNode: given.tasksPerNode ?? info.tasksPerNode,
    },
    label: given.label,
    env: process.env,
    thisHost: hostname(),
    cores: availableParallelism(),
    onPath: () => false,
  });
}

/** Says something on standard error, and writes it where the original keeps what a context printed. */
function speaker(prefix: string): (text: string) => void {
  const file = contextLaunchLog(prefix, process.pid);
  process.stderr.on('error', () => {});
  return (text) => {
    process.stderr.write(`disbatch: ${visible(text)}\n`);
    try {
      appendFileSync(file, `${text}\n`);
    } catch {
      // What cannot be kept has been said all the same.
    }
  };
}

/** A log whose name is known only when the driver has named the context: until then its lines wait. */
function laterLog(): {
  log: Logger;
  open: (path: string, level: RunInfo['loglevel'], say: (text: string) => void) => void;
} {
  let logger: Logger | undefined;
  const waiting: Parameters<Logger>[] = [];
  return {
    log: (level, text) => {
      if (logger === undefined) waiting.push([level, text]);
      else logger(level, text);
    },
    open: (path, level, say) => {
      try {
        const log = new Log(path, level);
        process.on('exit', () => log.close());
        logger = log.named('Context');
        for (const line of waiting.splice(0)) logger(...line);
      } catch (error) {
        say(`The log ${path} cannot be written (${systemReason(error)}).`);
      }
    },
  };
}
