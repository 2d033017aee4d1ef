/**
 * Tasks that a program gives through the store. In the driver's process.
 *
 *   sign-in: name, done value, result key, task key ─► values under the task key, a message each … ─► the done value
 *
 * A command that disBatch has started for it may fail instead, or end without a word: then the stream fails, or ends when
 * the values that it has left are taken. Source of the keys: the original.
 */

import { asBytes, lenientTextOfBytes, type ByteString } from '../base/byte-string.ts';
import { DisbatchError } from '../base/errors.ts';
import { duration } from '../base/terminal-text.ts';
import type { ProgramStore } from './program-store.ts';
import type { CommandEnd, TaskCommand } from './task-command.ts';

/** What a program says of itself. */
export interface SignIn {
  readonly name: ByteString;
  /** The value that says that no tasks are to come. */
  readonly done: ByteString;
  /** What the keys of results begin with. */
  readonly resultKey: ByteString;
  /** The key of its tasks. */
  readonly taskKey: ByteString;
}

export interface StoreTasksParts {
  readonly store: ProgramStore;
  /** The program, if disBatch has started it. */
  readonly command: TaskCommand | undefined;
  /** How long such a program may take to sign in, in milliseconds. */
  readonly signInMs: number;
  readonly onSignIn: (signIn: SignIn) => void;
  /** Ends the stream from outside. */
  readonly signal: AbortSignal;
}

/** When nothing has come for so long after the end of the command, nothing more is under way from it. */
const quietMs = 1000;

/** Why a wait was given up. */
class Quiet extends Error {}

/** The end of the command, for the one wait of the moment: ten million waits leave nothing behind. */
interface EndWatch {
  end: CommandEnd | undefined;
  told: ((end: CommandEnd) => void) | undefined;
}

/** @throws (rejects with) DisbatchError task-command-failed, or no-store */
export async function* storeTasks(parts: StoreTasksParts): AsyncGenerator<ByteString, void> {
  const { store, command, signal } = parts;
  const watch: EndWatch = { end: undefined, told: undefined };
  void command?.ended.then((end) => {
    watch.end = end;
    watch.told?.(end);
  });
  let signIn: SignIn | undefined;
  try {
    signIn = await signedIn(parts, watch);
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  parts.onSignIn(signIn);
  for (;;) {
    let value: ByteString;
    try {
      value = await waiting(parts, watch, (ends) => take(store, signIn.taskKey, ends));
    } catch (error) {
      if (signal.aborted || error instanceof Quiet) return;
      throw error;
    }
    if (value === signIn.done) return;
    if (command !== undefined && watch.end !== undefined && watch.end.status !== 0) {
      throw failed(command, watch.end.how, watch.end.status);
    }
    yield value;
  }
}

async function signedIn(parts: StoreTasksParts, watch: EndWatch): Promise<SignIn> {
  const { store, command, signInMs } = parts;
  const late = new AbortController();
  const timer = command === undefined ? undefined : setTimeout(() => late.abort(), signInMs);
  try {
    return await waiting({ ...parts, signal: AbortSignal.any([parts.signal, late.signal]) }, watch, async (ends) => {
      const ask = (what: string): Promise<ByteString> => take(store, asBytes(`task source ${what}`), ends);
      // One after the other: a program that ends in the midst of it has signed in for nothing.
      const name = await ask('name');
      const done = await ask('done task');
      const resultKey = await ask('result key');
      return { name, done, resultKey, taskKey: await ask('task key') };
    });
  } catch (error) {
    if (command !== undefined && error instanceof Quiet) {
      throw failed(command, 'ended without having signed in', 1);
    }
    if (command !== undefined && late.signal.aborted && !parts.signal.aborted) {
      throw failed(command, `has not signed in within ${duration(signInMs / 1000)}`, 1);
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function take(store: ProgramStore, key: ByteString, signal: AbortSignal): Promise<ByteString> {
  return asBytes((await store.get(key, signal)).toString('latin1'));
}

/**
 * Does what waits for the store, until the command has failed, or has been gone for a while without anything coming.
 *
 * @throws (rejects with) DisbatchError task-command-failed; Quiet; what `act` fails with
 */
async function waiting<T>(
  { command, signal }: Pick<StoreTasksParts, 'command' | 'signal'>,
  watch: EndWatch,
  act: (ends: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const outer = (): void => own.abort(signal.reason);
  if (signal.aborted) outer();
  signal.addEventListener('abort', outer);
  let timer: NodeJS.Timeout | undefined;
  watch.told = ({ status, how }) => {
    if (status !== 0) own.abort(failed(command as TaskCommand, how, status));
    else timer = setTimeout(() => own.abort(new Quiet()), quietMs);
  };
  if (watch.end !== undefined) watch.told(watch.end);
  try {
    return await act(own.signal);
  } finally {
    watch.told = undefined;
    clearTimeout(timer);
    signal.removeEventListener('abort', outer);
  }
}

function failed(command: TaskCommand, how: string, status: number): DisbatchError {
  return new DisbatchError(
    'task-command-failed',
    `The command that gives the tasks (${command.shown}) ${how}. ${command.lastWords()}`,
    undefined,
    status,
  );
}

/** For people: who gives the tasks. */
export function shownName({ name }: SignIn): string {
  return lenientTextOfBytes(name);
}
