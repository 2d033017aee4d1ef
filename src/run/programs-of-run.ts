/**
 * What a run has for programs: the store that they meet it in, the tasks that one gives, the results it gets.
 */

import type { ByteString } from '../base/byte-string.ts';
import { DisbatchError, systemReason } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Releasers } from '../base/releasers.ts';
import { taskCommandLog, type RunFiles } from '../contract/run-files.ts';
import type { RunEnd } from '../contract/snapshot.ts';
import type { Effects } from '../driver/effects.ts';
import type { StoreServer } from '../kvs/server.ts';
import { openForeignStore } from '../programs/foreign-store.ts';
import { ownStore } from '../programs/own-store.ts';
import type { ProgramStore } from '../programs/program-store.ts';
import { resultsTaken } from '../programs/results-taken.ts';
import { shownName, storeTasks, type SignIn } from '../programs/store-tasks.ts';
import { TaskCommand } from '../programs/task-command.ts';
import { putResult } from '../programs/task-results.ts';
import type { Rendezvous } from './rendezvous.ts';
import type { RunOptions } from './run-options.ts';
import type { Surroundings } from './surroundings.ts';

/** How long the command that gives the tasks may take to its end when the run is over, and between TERM and KILL. */
const commandEndMs = 10_000;
const graceMs = 5000;

export interface ProgramsOfRun {
  readonly store: ProgramStore;
  /** The tasks of a program. To be called once, and only with `taskServer`. */
  tasks(): AsyncIterator<ByteString>;
  /** A program waits for what became of its tasks. */
  record: Effects['record'];
  putBarrierKey(key: ByteString, taskId: number): void;
  /** Waits until programs have had what is theirs, though not for long: till forced. */
  settle(end: RunEnd, forced: Promise<void>): Promise<void>;
}

export interface ProgramsParts {
  readonly options: RunOptions;
  readonly around: Surroundings;
  readonly rendezvous: Rendezvous;
  readonly files: RunFiles;
  readonly logs: Log;
  readonly releasers: Releasers;
  readonly onTrouble: (error: DisbatchError) => void;
}

/** @throws (rejects with) DisbatchError no-store, task-command-failed */
export async function openPrograms(parts: ProgramsParts): Promise<ProgramsOfRun> {
  const { options, around, rendezvous, logs, releasers } = parts;
  const { tell } = around;
  const log = logs.named('Programs');
  const { foreignStore, taskServer } = options;
  const store =
    foreignStore === undefined
      ? ownStore(rendezvous.store as StoreServer, rendezvous.storeAddress, log, (text) => tell.notice(text))
      : await openForeignStore(foreignStore, parts.onTrouble);
  const end = new AbortController();
  releasers.add(() => end.abort());
  let signIn: SignIn | undefined;
  let command: TaskCommand | undefined;
  return {
    store,
    tasks: () => {
      if (taskServer === undefined) throw new Error('no program gives the tasks');
      if (taskServer.command !== undefined) command = startCommand(taskServer.command, store, parts);
      else tell.notice(`Waiting for a program to give tasks through the store at ${store.address}.`);
      return storeTasks({
        ...{ store, command, signInMs: taskServer.signInSeconds * 1000, signal: end.signal },
        onSignIn: (signed) => {
          signIn = signed;
          log('INFO', `tasks come from ${shownName(signed)}`);
        },
      });
    },
    record: (record, facts) => {
      if (signIn === undefined) return;
      const { task, engine = 0 } = facts ?? {};
      const perEngine = task?.kind === 'per-engine' ? { engine, moment: task.moment } : undefined;
      putResult(store, signIn.resultKey, record, perEngine);
    },
    putBarrierKey: (key, taskId) => store.put(key, 'ASTR', Buffer.from(String(taskId))),
    settle: async ({ why }, forced) => {
      end.abort();
      if (command !== undefined) await endCommand(command, why === 'done', forced, tell);
      else if (signIn !== undefined && rendezvous.store !== undefined)
        await Promise.race([resultsTaken(rendezvous.store, signIn.resultKey), forced]);
      await store.close();
    },
  };
}

function startCommand(command: string, store: ProgramStore, { around, files, releasers }: ProgramsParts): TaskCommand {
  const logPath = taskCommandLog(files.prefix);
  try {
    const started = new TaskCommand({
      ...{ command, env: around.env, address: store.address, openFiles: around.started.nofile, logPath },
      say: (line) => around.tell.notice(line),
    });
    // Whatever ends the run before its time.
    releasers.add(() => void started.stop(graceMs));
    return started;
  } catch (error) {
    throw new DisbatchError(
      'prefix-unusable',
      `The file ${logPath} cannot be written (${systemReason(error)}). Choose a place that you may write to with -p.`,
      error,
    );
  }
}

/** It may still look at results; what has nothing more to come is not waited for. */
async function endCommand(
  command: TaskCommand,
  isDone: boolean,
  forced: Promise<void>,
  tell: Surroundings['tell'],
): Promise<void> {
  if (!isDone) {
    await Promise.race([command.stop(graceMs), forced.then(() => command.stop(0))]);
  } else if (!(await command.wait(commandEndMs))) {
    tell.notice('The command that gives the tasks still runs; it is left alone, and the store is gone.');
    command.letGo();
  } else {
    const { status, how } = await command.ended;
    if (status === 0) return;
    tell.notice(
      `The command that gives the tasks (${command.shown}) ${how} when all were given. ${command.lastWords()}`,
    );
  }
}
