/**
 * An engine: runs the tasks it is given in its slots, through launchers, and reports what became of them.
 *
 *   start() ─► launchers say hello ─► joined ─► run … started … ended ─► end-tasks ─► tasks-ended ─► leave ─► left
 *
 * One launcher serves all slots, or each slot has its own. Always true: each `run` is answered by exactly one `ended`, also
 * when the task could not be started or the launcher died. When a launcher dies, what it ran is killed, reported as lost,
 * and another takes over the same slots.
 */

import type { Socket } from 'node:net';
import { lenientTextOfBytes } from '../base/byte-string.ts';
import { elapsedMs } from '../base/elapsed.ts';
import type { Logger } from '../base/log.ts';
import type { FromEngine, RunnableTask, ToEngine } from '../contract/messages.ts';
import { outputFiles } from '../contract/result-files.ts';
import type { LauncherLink } from './launcher-link.ts';
import { orphanGraceMs, type FromLauncher } from './launcher-protocol.ts';
import { LauncherStation, receiveLauncher, type Hello } from './launcher-station.ts';
import { RunningTasks } from './running-tasks.ts';
import { shareOut, type SharedOut } from './slot-resources.ts';
import type { LauncherCommand } from './spawned-launcher.ts';
import { engineVariables, laneOfSlot, slotOfLane, taskVariables, type EngineFacts, type Variable } from './task-env.ts';

/** What an engine needs to know. */
export interface EngineOptions {
  readonly node: string;
  readonly slots: number;
  readonly facts: EngineFacts;
  /** The environment that tasks inherit. */
  readonly env: NodeJS.ProcessEnv;
  /** Launchers in the order of preference: the next is tried when one does not start. */
  readonly launchers: readonly LauncherCommand[];
  /** Each slot but the first has a launcher of its own, which comes by itself to `receiveLauncher`. */
  readonly launcherPerSlot: boolean;
  /** Variables with comma lists that are shared out over the slots; and whether the slots have their own already. */
  readonly resources: readonly string[];
  readonly slotsOwnResources: boolean;
  /** The folder for the files of what tasks write, absolute; undefined: there are to be none. */
  readonly results: string | undefined;
  /** Whether the launchers find out what tasks use, memory and processor time. */
  readonly followMemory: boolean;
  /** Open file for what the launcher prints. */
  readonly errorFd: number;
  readonly log: Logger;
  /** How long a launcher may take to its hello: on a busy machine with a slow disk, long. */
  readonly helloMs: number;
}

/** How long a launcher usually gets to its hello. */
export const usualHelloMs = 60_000;

/**
 * How often a launcher may die in a row without one task ended between, before the engine gives up. More than a task that
 * kills its launcher is run, a few times over: the tasks after it may be well.
 */
const maxDeathsInARow = 10;

export class Engine {
  private readonly options: EngineOptions;
  private readonly send: (message: FromEngine) => void;
  private readonly tasks: RunningTasks;
  private readonly stations: readonly LauncherStation[];
  /** What the launchers that came by themselves have in their environments, by slot. */
  private readonly found = new Map<number, ReadonlyMap<string, string>>();
  private shared: SharedOut = { slots: 0, variables: () => [], notes: [] };
  /** Of tasks whose launcher was not started with them. */
  private readonly ownVariables: readonly Variable[];
  private joined = false;
  private deathsInARow = 0;
  private stage: 'up' | 'ending' | 'leaving' | 'left' = 'up';
  /** Launchers that are to say when no task of theirs runs any more; and whether they have been asked. */
  private readonly endings = new Map<LauncherStation, 'to be asked' | 'asked'>();
  private readonly gone = new Set<LauncherStation>();

  constructor(options: EngineOptions, send: (message: FromEngine) => void) {
    this.options = options;
    this.send = send;
    const variables = engineVariables(options.facts);
    this.ownVariables = Object.entries(variables);
    const { facts, launchers, errorFd, log, helloMs, slots, launcherPerSlot } = options;
    this.tasks = new RunningTasks({
      ...{ facts, log },
      start: (slot, task) => this.stationOf(slot).do((link) => this.startTask(link, slot, task)),
      ended: (slot, outcome) => send({ type: 'ended', slot, outcome }),
    });
    const common = { env: { ...options.env, ...variables }, errorFd, log, helloMs };
    const station = (name: string, commands: readonly LauncherCommand[] | undefined): LauncherStation => {
      const made: LauncherStation = new LauncherStation(
        { ...common, name, commands },
        {
          up: (hello) => this.onHello(hello),
          message: (message) => this.onLauncher(made, message),
          died: (problem) => this.onDeath(made, problem),
          left: () => this.onLeft(made),
          failed: (problem) => void this.giveUp(problem),
        },
      );
      return made;
    };
    const others = launcherPerSlot ? Array.from({ length: slots - 1 }, (_, i) => `the launcher of slot ${i + 1}`) : [];
    this.stations = [station('the launcher', launchers), ...others.map((name) => station(name, undefined))];
  }

  start(): void {
    for (const station of this.stations) station.start();
  }

  receive(message: ToEngine): void {
    if (this.stage === 'left') return;
    switch (message.type) {
      case 'run': {
        const { slot, task } = message;
        this.stationOf(slot).do(() => this.tasks.begin(slot, task));
        break;
      }
      case 'end-tasks':
        // It leaves only when it has no tasks; a signal may come meanwhile all the same.
        if (this.stage === 'leaving') return;
        this.stage = 'ending';
        this.tasks.endRefused();
        for (const station of this.stations) {
          this.endings.set(station, 'to be asked');
          station.do((link) => {
            if (!this.endings.has(station)) return;
            this.endings.set(station, 'asked');
            link.send({ type: 'end', graceMs: message.graceMs });
          });
        }
        break;
      case 'heard':
      case 'work-again':
        throw new Error(`${message.type} is for an engine with a lease`);
      case 'leave':
        this.stage = 'leaving';
        // A launcher that is still ending things must not be told to leave: it leaves at its `done`.
        for (const station of this.stations) {
          station.leave((link) =>
            link.send(message.endBackground ? { type: 'end', graceMs: orphanGraceMs } : { type: 'leave' }),
          );
        }
        break;
    }
  }

  /** A launcher that the engine has not started connects. */
  receiveLauncher(socket: Socket): void {
    receiveLauncher(
      socket,
      (slot) => (slot > 0 && this.stage !== 'left' ? this.stations[slot] : undefined),
      this.options.helloMs,
    );
  }

  /**
   * Unless this is called again within so many milliseconds, the launchers end all tasks, whatever this process does or
   * cannot do. undefined: there is no such bound.
   */
  prolongLease(ms: number | undefined): void {
    const until = ms === undefined ? undefined : elapsedMs() + ms;
    for (const station of this.stations) station.prolong(until);
  }

  /** Kills everything at once, without a word to the driver. */
  kill(): void {
    this.stage = 'left';
    for (const station of this.stations) station.kill();
    this.tasks.killGroups();
  }

  /** When nothing is left here of what was killed. */
  async closed(): Promise<void> {
    await Promise.all(this.stations.map((station) => station.closed()));
  }

  /** The launcher of a slot. That of the first slot runs the per-engine tasks too. */
  private stationOf(slot: number): LauncherStation {
    const index = this.options.launcherPerSlot ? Math.max(0, slot) : 0;
    return this.stations[index] as LauncherStation;
  }

  private startTask(link: LauncherLink, slot: number, task: RunnableTask): void {
    const own = this.stationOf(slot).isOpen ? this.ownVariables : [];
    const env = [...own, ...taskVariables(task, slot), ...this.shared.variables(slot)];
    const { results, followMemory, facts } = this.options;
    const files = results === undefined ? undefined : outputFiles(results, task, facts.engineRank);
    const { command } = task;
    link.send({ type: 'start', lane: laneOfSlot(slot), command, followMemory, files, env });
  }

  private onHello({ slot, variables }: Hello): void {
    if (slot > 0) {
      this.found.set(slot, new Map(variables.map(([name, value]) => [name, lenientTextOfBytes(value)])));
    }
    if (this.joined || this.stage === 'left' || this.found.size < this.stations.length - 1) return;
    // The first launcher may be the last to come.
    this.stations[0]?.do(() => this.join());
  }

  private join(): void {
    if (this.joined) return;
    this.joined = true;
    const { resources, slots, slotsOwnResources, env, node } = this.options;
    const lookUp = (of: number, name: string): string | undefined =>
      of > 0 && this.found.size > 0 ? this.found.get(of)?.get(name) : env[name];
    this.shared = shareOut(resources, slots, lookUp, slotsOwnResources);
    this.send({ type: 'joined', node, pid: process.pid, slots: this.shared.slots, notes: this.shared.notes });
  }

  private onLauncher(station: LauncherStation, message: Exclude<FromLauncher, { type: 'hello' }>): void {
    if (this.stage === 'left') return;
    switch (message.type) {
      case 'started': {
        const slot = slotOfLane(message.lane);
        const { pid, start } = message;
        if (this.tasks.started(slot, pid, start)) this.send({ type: 'started', slot, pid, start });
        return;
      }
      case 'ended': {
        const { type: _, lane, ...outcome } = message;
        if (this.tasks.end(slotOfLane(lane), outcome)) this.deathsInARow = 0;
        return;
      }
      case 'failed':
        if (this.tasks.refuse(slotOfLane(message.lane), message, this.stage === 'up')) this.deathsInARow = 0;
        return;
      case 'done':
        if (message.swept > 0) this.options.log('INFO', `ended ${message.swept} processes that tasks had left behind`);
        if (this.stage === 'leaving') station.do((link) => link.send({ type: 'leave' }));
        this.onTasksEnded(station);
        return;
    }
  }

  /** A launcher that was asked to end its tasks has, or is dead. */
  private onTasksEnded(station: LauncherStation): void {
    if (this.endings.get(station) !== 'asked') return;
    this.endings.delete(station);
    if (this.endings.size > 0 || this.stage !== 'ending') return;
    this.stage = 'up';
    this.send({ type: 'tasks-ended' });
  }

  private async onDeath(station: LauncherStation, problem: string): Promise<'go on' | 'stop'> {
    this.deathsInARow++;
    await this.tasks.kill((slot) => this.stationOf(slot) === station);
    if (this.wasKilled()) return 'stop';
    if (this.deathsInARow >= maxDeathsInARow) {
      // The driver takes what ran here for lost; to report it first would only bring the next tasks.
      await this.giveUp(`the launcher died ${this.deathsInARow} times in a row (${problem})`);
      return 'stop';
    }
    this.tasks.lose((slot) => this.stationOf(slot) === station);
    this.onTasksEnded(station);
    return 'go on';
  }

  private onLeft(station: LauncherStation): void {
    this.gone.add(station);
    if (this.stage === 'leaving' && this.gone.size === this.stations.length) this.leave(undefined);
  }

  /** Without its launchers the engine can do nothing: it ends what still runs, and leaves. */
  private async giveUp(problem: string): Promise<void> {
    if (this.wasKilled()) return;
    for (const station of this.stations) station.kill();
    await this.tasks.kill(() => true);
    if (!this.wasKilled()) this.leave(problem);
  }

  /** Asked again after a wait: kill() may have come in between. */
  private wasKilled(): boolean {
    return this.stage === 'left';
  }

  private leave(problem: string | undefined): void {
    this.stage = 'left';
    this.send({ type: 'left', problem });
  }
}
