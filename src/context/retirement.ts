/**
 * Gives nodes back to the resource manager while the run goes on. Runs where the context does.
 *
 *   ended(node) ─► waits a little for others ─► one call for all that wait ─► rest ─► … ─► close()
 *
 * One call runs at a time, and between two there is a rest, since a resource manager has other users too. A call that fails
 * is a warning and no more: the node is given back with the next, or at the end of the job.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemReason } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { visible } from '../base/terminal-text.ts';

export interface RetirementParts {
  /** All nodes of the context. */
  readonly nodes: readonly string[];
  /** The one of them that this process runs on; the resource manager's own command never gives it back. */
  readonly ownNode: string | undefined;
  /** For /bin/sh -c: the resource manager's, or --retire-cmd. */
  readonly command: string;
  /** It is the resource manager's own: not run when it would change nothing, or leave no node. */
  readonly isDefault: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** Where the command runs; undefined: in a temporary folder, since it may leave files. */
  readonly cwd: string | undefined;
  readonly log: Logger;
  /** Tells the user, one sentence. */
  readonly warn: (text: string) => void;
  /** How long to wait for other engines that end too. */
  readonly collectMs?: number;
  /** From the end of one call to the next, at least. */
  readonly betweenMs?: number;
  /** How long a call may take before it is killed. */
  readonly patienceMs?: number;
  /** How long the end of the run waits for a call. */
  readonly closingMs?: number;
}

/** How a call ended. */
interface CallEnd {
  /** Undefined: it did what it was to do. */
  readonly problem: string | undefined;
  /** Lines of both outputs, as they can be shown; of a long output the last ones. */
  readonly said: readonly string[];
}

/** A call that runs. */
interface Call {
  readonly done: Promise<CallEnd>;
  readonly kill: () => void;
}

/** How long an output may stay open after the command's exit. */
const drainMs = 1000;
const keptLength = 8192;

export class Retirement {
  private readonly parts: RetirementParts;
  /** Nodes whose engine has ended, with its status, in the order of their ends. */
  private readonly statuses = new Map<string, number>();
  /** Those of them that no call has been made for. */
  private waiting: string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private running: Call | undefined;
  private notBefore = 0;
  private closed = false;

  constructor(parts: RetirementParts) {
    this.parts = parts;
  }

  /**
   * The engine of a node has ended, and the node is needed no more.
   *
   * @param status - exit status of what led to the engine, for RETCODES
   */
  ended(node: string, status: number): void {
    if (this.statuses.has(node) || !this.parts.nodes.includes(node)) return;
    this.statuses.set(node, status);
    this.waiting.push(node);
    this.schedule();
  }

  /** Makes no more calls, and waits for the one that runs, at most 5 s. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    const { running } = this;
    if (running === undefined) return;
    const patience = setTimeout(running.kill, this.parts.closingMs ?? 5000);
    await running.done;
    clearTimeout(patience);
  }

  private schedule(): void {
    if (this.closed || this.timer !== undefined || this.running !== undefined || this.waiting.length === 0) return;
    const wait = Math.max(this.parts.collectMs ?? 1000, this.notBefore - performance.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.call();
    }, wait).unref();
  }

  private call(): void {
    const nodes = this.waiting;
    this.waiting = [];
    const { ownNode, isDefault, log } = this.parts;
    const active = this.parts.nodes.filter((node) => !this.statuses.has(node));
    if (isDefault && nodes.every((node) => node === ownNode)) {
      log('INFO', `${nodes.join(', ')} is kept: the run itself is there`);
      return;
    }
    const ownHasEnded = ownNode !== undefined && this.statuses.has(ownNode);
    if (isDefault && active.length === 0 && !ownHasEnded) {
      log('INFO', `${nodes.join(', ')} are not given back: no other node would be left`);
      return;
    }
    const changes: Record<string, string> = {
      NODE: nodes.join(','),
      NODES: nodes.join(','),
      RETCODES: nodes.map((node) => this.statuses.get(node)).join(','),
      ACTIVE: active.join(','),
      RETIRED: [...this.statuses.keys()].join(','),
      ...(ownHasEnded ? { DRIVER_NODE: ownNode } : {}),
    };
    const told = Object.entries(changes).map(([name, value]) => `${name}=${value}`);
    log('INFO', `giving back ${nodes.join(', ')}: ${this.parts.command} (${told.join(' ')})`);
    // One of another run, around this one, would name a node that is not meant.
    const call = startCall(this.parts, { ...this.parts.env, DRIVER_NODE: undefined, ...changes });
    this.running = call;
    void call.done.then(({ problem, said }) => {
      for (const line of said) log('INFO', `the command that gives nodes back: ${line}`);
      if (problem !== undefined) {
        const words = said.at(-1);
        this.parts.warn(
          `${nodes.join(', ')} could not be given back (${problem})${words === undefined ? '.' : `: ${words.replace(/\.$/, '')}.`}`,
        );
      }
      this.running = undefined;
      this.notBefore = performance.now() + (this.parts.betweenMs ?? 10_000);
      this.schedule();
    });
  }
}

/** Runs the command in a session of its own: Ctrl-C is for the run, which ends the call in good order. */
function startCall(parts: RetirementParts, env: NodeJS.ProcessEnv): Call {
  const patienceMs = parts.patienceMs ?? 60_000;
  let folder: string | undefined;
  let child: ChildProcess;
  let output = '';
  try {
    if (parts.cwd === undefined) folder = mkdtempSync(join(tmpdir(), 'disbatch-retire-'));
    const cwd = parts.cwd ?? folder;
    child = spawn('/bin/sh', ['-c', parts.command], {
      ...{ detached: true, env, stdio: ['ignore', 'pipe', 'pipe'] },
      ...(cwd === undefined ? {} : { cwd }),
    });
  } catch (error) {
    removeFolder(folder, parts.log);
    return { done: Promise.resolve({ problem: systemReason(error), said: [] }), kill: () => {} };
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-keptLength)));
    stream?.on('error', () => {});
  }
  const kill = (): void => {
    try {
      if (child.pid !== undefined && !exited) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It ends at this moment.
    }
  };
  let [exited, tooLong] = [false, false];
  const patience = setTimeout(() => {
    tooLong = true;
    kill();
  }, patienceMs);
  const done = new Promise<string | undefined>((resolve) => {
    child.on('error', (error) => resolve(systemReason(error)));
    child.on('exit', (status, signal) => {
      exited = true;
      const how = tooLong ? `killed after ${patienceMs / 1000} s` : (signal ?? `exit status ${status}`);
      const end = (): void => resolve(status === 0 ? undefined : how);
      // What it left in the background may hold its outputs for ever.
      const drain = setTimeout(end, drainMs);
      child.on('close', () => {
        clearTimeout(drain);
        end();
      });
    });
  }).then((problem) => {
    clearTimeout(patience);
    for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    removeFolder(folder, parts.log);
    const said = output.split(/[\r\n]+/).map((line) => visible(line.trim()).slice(0, 300));
    return { problem, said: said.filter((line) => line !== '') };
  });
  return { done, kill };
}

function removeFolder(folder: string | undefined, log: Logger): void {
  if (folder === undefined) return;
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    log('WARNING', `${folder} could not be removed: ${systemReason(error)}`);
  }
}
