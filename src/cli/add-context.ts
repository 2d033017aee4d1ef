/**
 * Adds hosts to a run that is going on: what `PREFIX_dbUtil.sh` does, in a process of its own on any host that shares the
 * folder of the run's files.
 *
 *   key file ─► connection to the driver ─► hello ─► context ◄─► driver … until it says that nothing is left to do
 *
 * Ctrl-C lets the tasks on its hosts finish, a second one ends them (they run again elsewhere), a third does not wait.
 */

import { appendFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { DisbatchError, systemReason } from '../base/errors.ts';
import { Log, type Logger } from '../base/log.ts';
import { visible } from '../base/terminal-text.ts';
import type { Connection } from '../channel/connection.ts';
import { ContextLife } from '../context/context-life.ts';
import type { ContextPlan } from '../context/context.ts';
import { chooseContext } from '../context/registry.ts';
import { startEngines } from '../context/start-engines.ts';
import { contextLaunchLog, contextLog } from '../contract/run-files.ts';
import type { RunInfo } from '../contract/run-info.ts';
import { decodeToContext, encodeMessage, type Message } from '../contract/wire.ts';
import { parseContextArguments, type ContextArguments } from './options/arguments.ts';
import { retirementOf, watchAllocation } from '../run/context-parts.ts';
import type { Printer } from './printer.ts';
import { mon } from './mon.ts';
import type { Program } from './program.ts';
import { findRun, reachRun } from '../reach/find-run.ts';
import { situation, wanted } from '../run/situation.ts';

/** The first word of the command line that means this: for scripts that disBatch writes, not for people. */
export const contextWord = '--context';

const settleMs = 10_000;

/**
 * @param words - the run's prefix, then the options of the context
 * @returns the exit status
 * @throws DisbatchError for whatever keeps it from taking part
 */
export async function addContext(words: readonly string[], program: Program, printer: Printer): Promise<number> {
  const [prefix = '', ...options] = words;
  if (options[0] === '--mon') return mon([prefix, ...options.slice(1)], program);
  const given = parseContextArguments(options, printer.width);
  if ('help' in given) {
    await printer.print(given.help);
    return 0;
  }
  const info = findRun(prefix, program.version);
  if (info === undefined) {
    process.stderr.write('disbatch: The run is over; there is nothing left to do for hosts.\n');
    return 0;
  }
  const say = speaker(info.prefix);
  const plan = planOf(given, info, program.started.nofile);
  for (const notice of plan.notices) say(notice);
  const connection = await reachRun(info);
  return takePart(given, info, plan, connection, program, say);
}

function takePart(
  given: ContextArguments,
  info: RunInfo,
  plan: ContextPlan,
  connection: Connection,
  { folder, version }: Program,
  say: (text: string) => void,
): Promise<number> {
  const send = (message: Message): void => connection.send(Buffer.from(encodeMessage(message)));
  const { log, open: openLog } = laterLog();
  const resources = given.resources ?? info.resources;
  const start = startEngines(plan, { run: info, folder, thisHost: hostname(), resources, log });
  const around = { env: process.env, log, say };
  return new Promise((resolve) => {
    let over = false;
    const end = async (status: number): Promise<void> => {
      if (over) return;
      over = true;
      endWatch();
      await context.settle(settleMs);
      send({ type: 'left', problem: undefined });
      connection.end();
      resolve(status);
    };
    const context = new ContextLife({
      plan,
      host: hostname(),
      taskLimit: given.taskLimit,
      retirement: retirementOf(plan, given.retire, around),
      isLeased: () => true,
      start: (node, rank, label, ended) =>
        start(node, rank, label, (how) => {
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
    const endWatch = watchAllocation(plan, given.stopBefore, around, (left) => {
      say(`This allocation ends in ${left} s: its running tasks may finish, it gets no new ones (--stop-before).`);
      send({ type: 'stop', how: 'finish' });
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
        // A resource manager's TERM is followed by its KILL, and has ended the tasks already.
        const isFinal = signal === 'SIGTERM' && (plan.allocation?.signalsTasks ?? false);
        if (interrupts === 1 && isFinal) {
          interrupts = 2;
          say(`${signal}: the tasks here are ended; they run again elsewhere.`);
          send({ type: 'stop', how: 'end' });
        } else if (interrupts === 1) {
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
    for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) {
      process.on(signal, () => {
        say(`${signal}: no new tasks here; those that run may finish.`);
        send({ type: 'stop', how: 'finish' });
      });
    }
    send({ type: 'context', version });
    context.begin();
  });
}

function planOf(given: ContextArguments, info: RunInfo, openFiles: number | undefined): ContextPlan {
  const plan = chooseContext(
    situation(
      wanted({
        ...given,
        cpusPerTask: given.cpusPerTask ?? info.cpusPerTask,
        tasksPerNode: given.tasksPerNode ?? info.tasksPerNode,
      }),
      process.env,
      undefined,
      openFiles,
    ),
  );
  if (plan !== undefined) return plan;
  throw new DisbatchError(
    'usage',
    'Which hosts are to be added? Name them with -s HOST:CORES, or submit this script as a job: sbatch -n TASKS PREFIX_dbUtil.sh',
  );
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
