/**
 * A driver as those who look at a run see it: a port with the run's key, the key file, and answers. It runs nothing.
 */

import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { Connection } from '../../src/channel/connection.ts';
import { Port } from '../../src/channel/port.ts';
import { decodeFromControl, decodeHello, encodeMessage } from '../../src/contract/wire.ts';
import type { FromControl, ToControl } from '../../src/contract/messages.ts';
import type { RunOverview } from '../../src/contract/overview.ts';
import { keyFile, runFiles } from '../../src/contract/run-files.ts';
import type { RunInfo } from '../../src/contract/run-info.ts';
import type { RunningTasks } from '../../src/contract/running.ts';

export const version = '4.0.0-test';

/** A run that has just begun, with one engine. */
export function overviewOf(
  given: Partial<Omit<RunOverview, 'tasks'>> & { tasks?: Partial<RunOverview['tasks']> } = {},
): RunOverview {
  return {
    ...{ prefix: '/run', taskName: 'Tasks', phase: 'running', end: undefined, start: 1000, now: 1010, slots: 2 },
    ...{ streamEnded: true, barriers: 0, barrier: undefined },
    contexts: [{ rank: 0, label: 'SSH0', host: 'head', pid: 7, assigned: 3, taskLimit: 0, left: false }],
    engines: [
      {
        ...{ rank: 0, context: 0, node: 'n1', hostname: 'n1', pid: 8, slots: 2, stage: 'working', running: 1 },
        ...{ assigned: 3, finished: 2, failed: 1, last: 1009 },
      },
    ],
    ...given,
    tasks: {
      ...{ total: 10, finished: 2, failed: 1, skipped: 0, skippedFailed: 0, perEngineFailed: 0, running: 1, lost: 0 },
      taskSeconds: 5,
      ...given.tasks,
    },
  };
}

export class FakeDriver {
  overview: RunOverview = overviewOf();
  running: RunningTasks = { now: 1000, total: 0, tasks: [] };
  /** Why what is to stop cannot; undefined: it can. */
  problem: string | undefined;
  /** It answers nothing. */
  isSilent = false;
  /** All that was asked. */
  readonly asked: FromControl[] = [];
  readonly connections = new Set<Connection>();
  readonly info: RunInfo;
  private readonly prefix: string;
  private port: Port;

  private constructor(prefix: string, info: RunInfo, port: Port) {
    this.prefix = prefix;
    this.info = info;
    this.port = port;
  }

  /** @param onStore - serves programs that speak with the store */
  static async start(
    prefix: string,
    onStore: (stream: Duplex) => void = (stream) => void stream.destroy(),
  ): Promise<FakeDriver> {
    const key = randomBytes(32);
    const port = await Port.listen({
      ...{ host: '127.0.0.1', port: 0, key, openStore: false, log: () => {}, onStore },
      onChannel: (connection) => driver.accept(connection),
    });
    const info: RunInfo = {
      ...{ version, runId: 'ab', key: key.toString('hex'), addresses: [{ host: '127.0.0.1', port: port.port }] },
      ...{ cwd: '/', prefix, taskName: 'Tasks', loglevel: 'INFO', heartbeat: 30, launcher: undefined },
      ...{ cpusPerTask: undefined, tasksPerNode: undefined, resources: [], results: undefined, details: false },
      openStore: undefined,
    };
    const driver = new FakeDriver(prefix, info, port);
    driver.leaveKey();
    writeFileSync(runFiles(prefix).status, '', { flag: 'a' });
    onTestFinished(() => driver.close());
    return driver;
  }

  leaveKey(given: Partial<RunInfo> = {}): void {
    writeFileSync(keyFile(this.prefix), JSON.stringify({ ...this.info, ...given }));
  }

  /** Cuts all connections, as a network may. */
  cut(): void {
    for (const connection of this.connections) connection.destroy();
  }

  /** The run is over: whoever waits is told, and the key goes. */
  end(exitStatus: number): void {
    for (const connection of this.connections)
      this.send(connection, { type: 'over', exitStatus, overview: { ...this.overview, phase: 'over' } });
    rmSync(keyFile(this.prefix), { force: true });
  }

  /** It is gone; its key stays, as of one that was killed. */
  close(): void {
    this.port.close();
    this.cut();
  }

  private accept(connection: Connection): void {
    this.connections.add(connection);
    let greeted = false;
    connection.listen({
      message: (payload) => {
        if (greeted) this.answer(connection, decodeFromControl(payload.toString()));
        else decodeHello(payload.toString());
        greeted = true;
      },
      close: () => this.connections.delete(connection),
    });
  }

  private answer(connection: Connection, message: FromControl): void {
    this.asked.push(message);
    if (this.isSilent) return;
    switch (message.type) {
      case 'status':
        this.send(connection, { type: 'overview', overview: this.overview });
        return;
      case 'running':
        this.send(connection, { type: 'running', running: this.running });
        return;
      case 'wait':
        return;
      case 'stop-engine':
      case 'stop-context':
      case 'stop-run':
        this.send(connection, { type: 'answer', problem: this.problem });
    }
  }

  private send(connection: Connection, message: ToControl): void {
    connection.send(Buffer.from(encodeMessage(message)));
  }
}
