/**
 * Engines on the hosts of a bed, started over ssh as a user of the bed, with what they said.
 */

import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { EngineStart, type EngineEnd } from '../../src/context/engine-start.ts';
import { overSsh } from '../../src/context/ssh.ts';
import { StartQueue } from '../../src/context/start-queue.ts';
import { until } from '../support/run-disbatch.ts';
import type { Bed } from './bed.ts';

/** What the fake engine told of its start. */
export interface EngineTold {
  readonly config: Readonly<Record<string, unknown>>;
  readonly pid: number;
  readonly task: number;
  readonly host: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What is not as with others. */
export interface HostOptions {
  readonly engineRank?: number;
  readonly queue?: StartQueue;
  readonly ssh?: readonly string[];
  readonly cwd?: string;
  readonly folder?: string;
}

/** One engine on one host. */
export class HostUnderTest {
  readonly host: EngineStart;
  readonly ended: Promise<EngineEnd>;
  ups = 0;
  readonly log: string[] = [];
  /** What came to its end, when it has. */
  end: EngineEnd | undefined;
  private readonly bed: Bed;
  private readonly node: string;
  private readonly rank: number;
  private readonly wrapPath: string;

  constructor(bed: Bed, node: string, options: HostOptions = {}) {
    this.bed = bed;
    this.node = node;
    this.rank = options.engineRank ?? 0;
    this.wrapPath = join(bed.folder, 'log', `wrap-${this.rank}`);
    const wrapFd = openSync(this.wrapPath, 'w');
    let settle: (ended: EngineEnd) => void;
    this.ended = new Promise((resolve) => (settle = resolve));
    const runId = 'run-of-the-test';
    this.host = new EngineStart(
      {
        node: { name: node, cores: 1, slots: 1, coresPerTask: 1 },
        transport: overSsh(options.ssh ?? [...bed.prefix(), 'ssh']),
        command: {
          ...{ nodePath: bed.node, folder: options.folder ?? bed.program, cwd: options.cwd ?? bed.home('alice') },
          ...{ runId, engineRank: this.rank, launcher: undefined, resources: [] },
        },
        config: JSON.stringify({ runId, engineRank: this.rank, key: 'secret-of-the-test' }),
        queue: options.queue ?? new StartQueue(Math.random),
        wrapFd,
        log: (level, text) => this.log.push(`${level} ${text}`),
      },
      {
        up: () => (this.ups += 1),
        ended: (ended) => {
          if (this.end !== undefined) throw new Error(`${node} ended twice`);
          this.end = ended;
          closeSync(wrapFd);
          settle(ended);
        },
      },
    );
    onTestFinished(async () => {
      this.host.kill();
      await this.ended;
    });
    this.host.start();
  }

  /** Waits until the engine has told of its start. */
  async running(seconds = 20): Promise<EngineTold> {
    const file = join(this.bed.home('alice'), `engine-${this.rank}.json`);
    await until(
      `the engine on ${this.node} runs`,
      () => {
        if (this.end !== undefined) throw new Error(`${this.node} has ended: ${this.end.problem} ${this.wrap()}`);
        return existsSync(file);
      },
      seconds,
    );
    return JSON.parse(readFileSync(file, 'utf8')) as EngineTold;
  }

  /** What is in its wrap log. */
  wrap(): string {
    return readFileSync(this.wrapPath, 'utf8');
  }

  /** The process of its ssh, which is a child of this one. */
  sshPid(): number {
    const pids = readdirSync('/proc').filter((name) => {
      try {
        const [, parent] = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8')) ?? [];
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        return parent === String(process.pid) && words[0] === 'ssh' && words.includes(this.node);
      } catch {
        return false;
      }
    });
    if (pids.length !== 1) throw new Error(`${pids.length} ssh to ${this.node}`);
    return Number(pids[0]);
  }
}
