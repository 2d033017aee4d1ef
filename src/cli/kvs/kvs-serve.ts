/**
 * `disbatch kvs serve`: a store without a run, until it is asked to end, or a command of the user's ends that runs beside
 * it. A process of its own.
 *
 *   port ─► who is it? ─► store          down, INT, TERM or HUP, or the end of the command ─► closed
 *
 * Who is let in is decided as at the port of a run. Its key is known to nobody: there are no engines here.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { constants, hostname, tmpdir } from 'node:os';
import { writeWhole } from '../../base/write-whole.ts';
import { DisbatchError, systemReason } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { Releasers } from '../../base/releasers.ts';
import { addressText, parseHostPort } from '../../base/host-port.ts';
import type { StartedWith } from '../../base/started-with.ts';
import { Port } from '../../channel/port.ts';
import { reasonOf } from '../../channel/reasons.ts';
import { StoreServer } from '../../kvs/server.ts';
import type { Printer } from '../printer.ts';
import type { ServeWords } from './kvs-arguments.ts';
import { tell } from './kvs-output.ts';
import { watchSignals } from '../signals.ts';

/** What the command finds itself in. */
export interface KvsSurroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly started: StartedWith;
}

/** What asks a command to end, or tells it something: it is passed on. */
const passedOn = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** What a terminal sends to every process that runs in it. */
const ofTerminal: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/** @throws (rejects with) DisbatchError usage, port-unusable or launcher-unusable */
export async function serve(wanted: ServeWords, around: KvsSurroundings, printer: Printer): Promise<number> {
  const releasers = new Releasers();
  let onDown = (): void => {};
  const isDown = new Promise<void>((resolve) => (onDown = resolve));
  try {
    // Before anybody knows of the store: who does may end it at once.
    const stopped = wanted.exec === undefined ? signalled(around, releasers) : undefined;
    const { host, port } = await open(wanted, releasers, onDown);
    const named = `${host}:${port}`;
    if (wanted.open)
      tell(
        `The store is open: whoever reaches ${named} can read and take what is in it, and put what your programs then read. Without --open only programs of your user on this host are let in.`,
      );
    if (wanted.addressFile !== undefined) leaveAddress(wanted.addressFile, named, releasers);
    if (wanted.exec !== undefined) {
      const env = { ...around.env, KVSSTCP_HOST: host, KVSSTCP_PORT: String(port), DISBATCH_KVSSTCP_HOST: named };
      return await execute(wanted.exec, env, around);
    }
    await printer.print(`${named}\n`);
    return await Promise.race([isDown.then(() => 0), ...(stopped === undefined ? [] : [stopped])]);
  } finally {
    releasers.release();
  }
}

async function open(
  wanted: ServeWords,
  releasers: Releasers,
  onDown: () => void,
): Promise<{ host: string; port: number }> {
  const address = parseHostPort(wanted.address ?? (wanted.open ? `${anyAddress}:0` : '127.0.0.1:0'));
  if (address === undefined)
    throw new DisbatchError(
      'usage',
      `--address: "${wanted.address}" is not HOST:PORT. Write, for example, localhost:0 (0: any port that is free).`,
    );
  const log: Logger = (level, text) => {
    if (level === 'WARNING' || level === 'ERROR' || level === 'CRITICAL') tell(`${text}.`);
  };
  const store = new StoreServer({
    folder: tmpdir(),
    log,
    onDown: () => {
      // Before the client sees its connection closed, so that it can tell that the store has gone.
      port?.close();
      onDown();
    },
  });
  releasers.add(() => void store.close());
  let port: Port | undefined;
  try {
    port = await Port.listen({
      ...{ host: address.host, port: address.port, key: randomBytes(32), openStore: wanted.open, log },
      onChannel: (connection) => connection.end(),
      onStore: (stream) => store.serve(stream),
    });
  } catch (error) {
    throw new DisbatchError(
      'port-unusable',
      `disBatch cannot listen on ${addressText(address)} (${reasonOf(error)}). Name another with --address HOST:PORT; port 0 is any that is free.`,
      error,
    );
  }
  const opened = port;
  releasers.add(() => opened.close());
  const isAny = address.host === anyAddress || address.host === '::';
  return { host: isAny ? hostname() : address.host, port: opened.port };
}

const anyAddress = '0.0.0.0';

/** Writes a file that is never seen half written, and goes with the store. */
function leaveAddress(path: string, named: string, releasers: Releasers): void {
  try {
    writeWhole(path, named, 0o666);
  } catch (error) {
    throw new DisbatchError('usage', `--address-file: ${path} cannot be written (${systemReason(error)}).`, error);
  }
  releasers.add(() => {
    // Another store may have left its own there since.
    if (existsSync(path) && readFileSync(path, 'utf8') === named) rmSync(path);
  });
}

function signalled({ started }: KvsSurroundings, releasers: Releasers): Promise<number> {
  return new Promise((resolve) => {
    const end = (signal: NodeJS.Signals): void => resolve(128 + constants.signals[signal]);
    releasers.add(watchSignals(started, { end, endAtOnce: end, softStop: () => {} }));
  });
}

/** Runs the command beside the store. @returns the exit status that bash would give for it */
async function execute(command: string, env: NodeJS.ProcessEnv, { started }: KvsSurroundings): Promise<number> {
  // Node has changed these at its start, and the command is to find them as they were.
  const restored = [
    ...(started.nofile === undefined ? [] : [`ulimit -Sn ${started.nofile}`]),
    ...started.ignored.map((signal) => `trap '' ${signal}`),
    'exec /bin/bash -c "$0"',
  ].join('; ');
  const child = spawn('/bin/bash', ['-c', restored, command], { env, stdio: 'inherit' });
  const handlers = passedOn.map((signal) => [signal, () => passOn(signal, child, started.ignored)] as const);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error) =>
        reject(
          new DisbatchError(
            'launcher-unusable',
            `The command of --exec cannot be started (${systemReason(error)}).`,
            error,
          ),
        ),
      );
      child.once('exit', (status, signal) => resolve(status ?? 128 + constants.signals[signal as NodeJS.Signals]));
    });
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }
}

function passOn(signal: NodeJS.Signals, child: ChildProcess, ignored: readonly number[]): void {
  if (ignored.includes(constants.signals[signal])) return;
  // From a terminal it has its own already, and a second one means "do not wait" to many programs.
  if (ofTerminal.includes(signal) && runsInForeground()) return;
  child.kill(signal);
}

/** Whether what is typed at a terminal concerns this process. */
function runsInForeground(): boolean {
  try {
    // proc(5): after the command's name come state, parent, process group, session, terminal, the terminal's group.
    const fields = readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[2] === fields[5];
  } catch {
    return process.stdin.isTTY;
  }
}
