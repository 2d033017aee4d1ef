/**
 * The program of an engine on another host, or of one whose context is not the driver's process: reads its config from
 * standard input, connects to the driver, runs tasks.
 *
 *   config on stdin ─► connection ─► hello ─► Engine ◄─► EngineLink ◄─► driver ─► exit 0 when no task of it runs any more
 *
 * Started by engine.sh, which also starts `--sweep RUNID RANK` after it died: that kills what is left of its tasks, and
 * ends with 0 when nothing is. Of standard input only the first line matters, and before the driver is reached its end.
 */

import { rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { elapsedMs } from '../base/elapsed.ts';
import { DisbatchError } from '../base/errors.ts';
import { Log, type Logger } from '../base/log.ts';
import { launcherArguments, takeStartedWith } from '../base/started-with.ts';
import { connectChannel, type Address } from '../channel/connect.ts';
import type { Connection } from '../channel/connection.ts';
import { leaseTimes } from '../contract/lease-times.ts';
import { decodeEngineConfig, type EngineConfig } from '../contract/run-info.ts';
import { engineLog, jobId } from '../contract/run-files.ts';
import { decodeToEngine, encodeMessage, type Message } from '../contract/wire.ts';
import { Engine, usualHelloMs } from './engine.ts';
import { EngineLink } from './engine-link.ts';
import { findLaunchers } from './find-launchers.ts';
import { LauncherListener, launcherSocketPaths } from './launcher-listener.ts';
import { StoreRelay } from './store-relay.ts';
import { engineMark, killStrays } from './stray-processes.ts';

declare const DISBATCH_VERSION: string;
declare const __dirname: string;

/** How long the config, and the driver, may take. */
const configMs = 60_000;
const connectMs = 40_000;
/** How long the last message to the driver may take. */
const closeMs = 2000;
/** How long killed processes may take to end. */
const sweepMs = 5000;

/** Says to the context why there is no engine. */
class Problem extends Error {}

async function main(): Promise<number> {
  const [word, runId, rank] = process.argv.slice(2);
  if (word === '--sweep' && runId !== undefined && rank !== undefined) {
    // First, so that a launcher that comes too late finds nobody.
    for (const path of launcherSocketPaths(socketFolders(), runId, Number(rank))) {
      rmSync(dirname(path), { recursive: true, force: true });
    }
    return (await killStrays([engineMark(runId, Number(rank))], sweepMs)).length === 0 ? 0 : 1;
  }
  const started = takeStartedWith(process.env);
  keepStartupFilesFromTasks(process.env);
  const config = await readConfig();
  const log = openEngineLog(config);
  const { run } = config;
  if (run.version !== DISBATCH_VERSION) {
    throw new Problem(`there is disBatch ${DISBATCH_VERSION} there, and the run is one of ${run.version}`);
  }
  const key = Buffer.from(run.key, 'hex');
  const addresses = addressesFrom(config);
  let connection: Connection;
  try {
    connection = await connectChannel(addresses, key, connectMs);
  } catch (error) {
    throw new Problem(
      `the driver cannot be reached from there. ${(error as Error).message} --use-address names another`,
    );
  }
  log('INFO', `disBatch ${DISBATCH_VERSION} on ${hostname()} (PID ${process.pid}), connected to ${connection.remote}`);
  const relay = run.openStore === undefined ? await openRelay(addresses, key, log) : undefined;
  let engine: Engine | undefined;
  const listener = config.launcherPerSlot
    ? await LauncherListener.open(socketFolders(), run.runId, config.rank, (socket) => engine?.receiveLauncher(socket))
    : undefined;
  const storeAddress = run.openStore ?? relay?.address;
  await takeTasks(config, connection, log, storeAddress, launcherArguments(started), (made) => (engine = made));
  listener?.close();
  relay?.close();
  return 0;
}

/** Runs tasks until the driver needs them no more, or cannot be heard. */
function takeTasks(
  config: EngineConfig,
  connection: Connection,
  log: Logger,
  storeAddress: string | undefined,
  launcherArgs: readonly string[],
  onEngine: (engine: Engine) => void,
): Promise<void> {
  const { run, rank } = config;
  const times = leaseTimes(run.heartbeat);
  const say = (message: Message): void => connection.send(Buffer.from(encodeMessage(message)));
  let isClosed = false;
  return new Promise((resolve) => {
    const engine = new Engine(
      {
        node: hostname(),
        slots: config.slots,
        facts: {
          ...{ jobId: jobId(run.prefix), taskName: run.taskName, coresPerTask: config.coresPerTask },
          ...{ engineRank: rank, runId: run.runId, storeAddress },
        },
        env: process.env,
        launchers: findLaunchers(__dirname, run.launcher, launcherArgs),
        ...{ launcherPerSlot: config.launcherPerSlot, resources: config.resources },
        slotsOwnResources: config.slotsOwnResources,
        ...{ results: run.results, followMemory: run.details },
        // Its words go where this process's go: to the context.
        errorFd: 2,
        helloMs: usualHelloMs,
        log,
      },
      (message) => link.fromEngine(message, elapsedMs()),
    );
    const link = new EngineLink(times, elapsedMs(), {
      toDriver: say,
      toEngine: (message) => engine.receive(message),
      prolong: (ms) => engine.prolongLease(ms),
      over: (problem) => {
        clearInterval(ticks);
        log('INFO', problem ?? 'the engine leaves');
        // Its last word must arrive; a driver that does not answer must not keep this process.
        connection.end();
        setTimeout(resolve, isClosed ? 0 : closeMs);
      },
    });
    const ticks = setInterval(() => link.tick(elapsedMs()), times.tickMs);
    say({ type: 'engine', version: DISBATCH_VERSION, rank });
    connection.listen({
      message: (payload) => {
        try {
          const message = decodeToEngine(payload.toString());
          if (message.type === 'refused') link.broken(`the driver refuses this engine: ${message.why}`);
          else link.fromDriver(message, elapsedMs());
        } catch (error) {
          link.broken(`the driver sent what is no message: ${(error as Error).message}`);
        }
      },
      close: (problem) => {
        isClosed = true;
        link.broken(`the connection to the driver is gone: ${problem ?? 'it hung up'}`);
        if (link.isOver) resolve();
      },
    });
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => link.interrupt(`${signal} ended the engine`, elapsedMs()));
    }
    // A resource manager may send these to all that runs in a job; they are for the tasks. Node would open its debugger.
    for (const signal of ['SIGUSR1', 'SIGUSR2'] as const)
      process.on(signal, () => log('INFO', `${signal} is ignored here`));
    onEngine(engine);
    engine.start();
  });
}

/**
 * bash reads ~/.bashrc, whatever it was told, when it takes itself for the first shell of an ssh login. The login's shell
 * has done that, and a task is no login: it must neither wait for it nor find other variables than its engine has.
 */
function keepStartupFilesFromTasks(env: NodeJS.ProcessEnv): void {
  if (!(Number(env['SHLVL']) >= 1)) env['SHLVL'] = '1';
}

/** Where the socket may be at which launchers of slots find the engine. slot.sh has the same folders. */
function socketFolders(): string[] {
  return [...new Set(['/tmp', process.env['TMPDIR'] ?? '/tmp', '/dev/shm'])];
}

/** The first line of standard input. Its end later says that the context is gone; the driver is who decides then. */
function readConfig(): Promise<EngineConfig> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Problem('no config came')), configMs);
    const lines = createInterface({ input: process.stdin });
    lines.once('line', (line) => {
      clearTimeout(late);
      try {
        resolve(decodeEngineConfig(line));
      } catch {
        // The line may hold the key, so it is not shown.
        reject(new Problem('the config that came is none'));
      }
    });
    lines.once('close', () => reject(new Problem('the context was gone before it had sent the config')));
  });
}

/** The engine's log beside the status file; where that folder cannot be written to, what this process prints. */
function openEngineLog(config: EngineConfig): Logger {
  const { run, label, node, rank } = config;
  const path = engineLog(run.prefix, label, node, rank);
  try {
    const log = new Log(path, run.loglevel);
    process.on('exit', () => log.close());
    return log.named('Engine');
  } catch (error) {
    process.stderr.write(`the log ${path} cannot be written (${(error as Error).message}); it goes here\n`);
    return (level, text) => {
      process.stderr.write(`${level} ${text}\n`);
    };
  }
}

/** Where the driver may be: as it says itself, and where ssh came from. */
function addressesFrom({ run }: EngineConfig): Address[] {
  const addresses = [...run.addresses];
  const client = process.env['SSH_CONNECTION']?.split(' ')[0];
  const port = run.addresses[0]?.port;
  if (client !== undefined && port !== undefined && !addresses.some(({ host }) => host === client)) {
    addresses.splice(1, 0, { host: client, port });
  }
  return addresses;
}

async function openRelay(addresses: readonly Address[], key: Buffer, log: Logger): Promise<StoreRelay | undefined> {
  try {
    return await StoreRelay.open(addresses, key, log);
  } catch (error) {
    log('WARNING', `tasks here cannot use the store: ${(error as Error).message}`);
    return undefined;
  }
}

// Who reads what is printed may be gone: that is no reason to end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    // No task has been taken, so there is nothing for engine.sh to sweep up; and an engine of the same rank that was
    // started after this one may live here.
    const expected = error instanceof Problem || error instanceof DisbatchError;
    const text = expected ? error.message : `a bug in disBatch: ${String(error)}`;
    process.stdout.write(`\ndisbatch-engine: problem ${text.replaceAll('\n', ' ')}\n`, () =>
      process.exit(expected ? 0 : 1),
    );
  },
);
