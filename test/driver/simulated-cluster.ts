/**
 * A cluster for the driver's core, in virtual time: hosts with the real lease logic on connections that can be cut, and with
 * tasks that take time. Hosts crash, freeze and come back; engines, connections and contexts die, or are ended by a resource
 * manager; more contexts come.
 *
 * After every event it is checked that no task makes progress in two places, that the driver's state holds together, and
 * that the user is told whenever no engine is there.
 */

import { asBytes } from '../../src/base/byte-string.ts';
import { leaseTimes } from '../../src/contract/lease-times.ts';
import { nothingWritten, type FromEngine, type RunnableTask, type ToEngine } from '../../src/contract/messages.ts';
import type { Effects } from '../../src/driver/effects.ts';
import { checkInvariants } from '../../src/driver/invariants.ts';
import * as reactor from '../../src/driver/reactor.ts';
import { newState, type DriverState } from '../../src/driver/state.ts';
import { EngineLink } from '../../src/engine/engine-link.ts';
import type { StatusRecord } from '../../src/task/status-record.ts';
import { defaultOptions, terminatedCodes, type Traits } from './simulated-world.ts';

export const leaseSeconds = 30;
const times = leaseTimes(leaseSeconds);

export type Fault =
  | 'crash'
  | 'kill engine'
  | 'break connection'
  | 'cut'
  | 'heal'
  | 'freeze'
  | 'thaw'
  | 'proof of death'
  | 'stop context'
  | 'stop engine'
  | 'interrupt'
  | 'new context'
  | 'signal'
  | 'soft stop';

interface Running {
  readonly task: RunnableTask;
  /** Never given twice: it tells this start of the task from others. */
  readonly pid: number;
  /** Milliseconds of work left, and since when it works on them; undefined while it is frozen. */
  left: number;
  since: number | undefined;
}

/** One host: its engine, the tasks, and both directions of the connection. */
class Host {
  readonly rank: number;
  readonly context: number;
  readonly running = new Map<number, Running>();
  alive = true;
  frozen = false;
  cut = false;
  connected = true;
  link: EngineLink;
  readonly toDriver: FromEngine[] = [];
  readonly toEngine: ToEngine[] = [];
  ending: { readonly at: number } | undefined;
  /** When the engine is sent TERM. */
  interruptAt = Infinity;
  left = false;

  constructor(rank: number, context: number, link: (host: Host) => EngineLink) {
    this.rank = rank;
    this.context = context;
    this.link = link(this);
  }
}

/** What is not as in the plainest run. */
export interface ClusterOptions {
  readonly traits?: Traits;
  readonly awaitsContexts?: boolean;
  /** What a task ends with that nobody ends. */
  readonly exitCodeOf?: (taskId: number) => number;
}

export class SimulatedCluster {
  readonly state: DriverState;
  readonly records: StatusRecord[] = [];
  readonly notices: string[] = [];
  over = false;
  /** Milliseconds. */
  now = 1_000_000;
  starts = 0;
  /** How often the user was told that no engine is there. */
  awaited = 0;
  /** When the driver heard, in milliseconds: of tasks that were ended from outside, by PID, and of their engines, by rank. */
  private readonly endedFromOutside = new Map<number, { readonly engine: number; readonly at: number }>();
  private readonly endings = new Map<number, number>();
  private readonly options: ClusterOptions;
  private pids = 4711;
  private alone = { is: false, times: 0 };
  private readonly hosts: Host[] = [];
  private readonly effects: Effects;
  private readonly taskMs: (taskId: number) => number;

  /** A run of `tasks` tasks on hosts with so many slots each; a task takes so many milliseconds. */
  constructor(
    tasks: number,
    slots: readonly number[],
    taskMs: (taskId: number) => number,
    maxLost: number | undefined,
    options: ClusterOptions = {},
  ) {
    this.options = options;
    this.taskMs = taskMs;
    this.state = newState({
      ...defaultOptions,
      lease: leaseSeconds,
      leaseMargin: times.marginMs / 1000,
      patience: times.patienceMs / 1000,
      maxLost,
      awaitsContexts: options.awaitsContexts ?? false,
    });
    this.effects = {
      toEngine: (rank, message) => this.hosts[rank]?.toEngine.push(message),
      toContext: () => {},
      dropEngine: (rank) => this.disconnect(this.hosts[rank] as Host),
      pull: () => {},
      record: (record) => this.records.push(record),
      putBarrierKey: () => {},
      notice: (text) => this.notices.push(text),
      log: () => {},
      awaitEngines: () => this.awaited++,
      over: () => (this.over = true),
    };
    reactor.onStart(this.state, this.seconds(), this.effects);
    this.check();
    if (slots.length > 0) this.addContext(slots, options.traits);
    const items = Array.from({ length: tasks }, (_, taskId) => ({
      ...({ kind: 'task', taskId, lineNumber: taskId + 1, repeatIndex: -1 } as const),
      command: asBytes(`task ${taskId}`),
    }));
    reactor.onItems(this.state, items, this.seconds(), this.effects);
    reactor.onStreamEnd(this.state, this.seconds(), this.effects);
  }

  /** A context comes with hosts that have so many slots each. The last host keeps its engine to the end. */
  addContext(slots: readonly number[], { taskLimit = 0, revocable = false, retires = false }: Traits = {}): void {
    const first = this.state.engines.size;
    const context = this.state.contexts.size;
    const engines = slots.map((count, i) => ({
      ...{ node: `node${first + i}`, slots: count, leased: true, retires: retires && i < slots.length - 1 },
    }));
    const joined = { type: 'joined', label: undefined, host: 'head', pid: 1, taskLimit, revocable } as const;
    reactor.onContext(this.state, context, { ...joined, engines }, this.seconds(), this.effects);
    // It has come too late, and was sent away.
    if (this.state.engines.size === first) return;
    for (const [index, count] of slots.entries()) {
      const rank = first + index;
      const host = new Host(rank, context, (self) => this.newLink(self));
      this.hosts.push(host);
      host.toDriver.push({ type: 'joined', node: `node${rank}`, pid: 10 + rank, slots: count, notes: [] });
    }
    this.check();
  }

  /** Tasks that were ended from outside, and recorded as failed though their engine told of it within a second. */
  get wronglyFailed(): StatusRecord[] {
    return this.records.filter(({ kind, exitCode, pid }) => {
      const ended = this.endedFromOutside.get(pid);
      const told = ended === undefined ? undefined : this.endings.get(ended.engine);
      return kind === 'task' && exitCode !== 0 && ended !== undefined && told !== undefined && told - ended.at < 1000;
    });
  }

  get hostCount(): number {
    return this.hosts.length;
  }

  /** Lets time go by, in steps as small as the driver and the engines look at it. */
  pass(ms: number): void {
    for (const end = this.now + ms; this.now < end && !this.over;) {
      this.now += times.tickMs;
      for (const host of this.hosts) this.turn(host);
      if (this.over) return;
      reactor.onTick(this.state, this.seconds(), this.effects);
      this.check();
    }
  }

  strike(fault: Fault, which: number): void {
    if (this.over) return;
    if (fault === 'new context') {
      this.addContext([1 + (which % 2), 1], this.options.traits);
      return;
    }
    const host = this.hosts[which % this.hosts.length];
    if (host === undefined) return;
    switch (fault) {
      case 'signal':
        reactor.onSignal(this.state, 'SIGINT', this.seconds(), this.effects);
        break;
      case 'soft stop':
        reactor.onSoftStop(this.state, 'soft-stop', this.seconds(), this.effects);
        break;
      case 'stop context':
        reactor.onContext(
          this.state,
          host.context,
          { type: 'stop', how: which % 2 === 0 ? 'finish' : 'end' },
          this.seconds(),
          this.effects,
        );
        break;
      case 'stop engine':
        reactor.onStopEngine(this.state, host.rank, this.seconds(), this.effects);
        break;
      case 'interrupt':
        this.interrupt(host, which);
        break;
      case 'crash':
        // Power loss: nobody on the other side is told.
        host.alive = false;
        host.running.clear();
        break;
      case 'kill engine':
        if (!host.alive) return;
        // The launcher sees it and kills the tasks; the kernel closes the connection.
        host.alive = false;
        host.running.clear();
        if (!host.cut) this.disconnect(host);
        break;
      case 'break connection':
        if (host.connected && host.alive) this.disconnect(host);
        break;
      case 'cut':
        host.cut = true;
        break;
      case 'heal':
        host.cut = false;
        if (!host.alive && host.connected) this.disconnect(host);
        break;
      case 'freeze':
        this.freeze(host);
        break;
      case 'thaw':
        this.thaw(host);
        break;
      case 'proof of death':
        if (host.alive || host.left) return;
        reactor.onContext(
          this.state,
          host.context,
          { type: 'engine-ended', engine: host.rank, problem: 'killed', dead: true },
          this.seconds(),
          this.effects,
        );
        break;
    }
    this.check();
  }

  /** Everything that was broken works again, but for the dead. */
  mend(): void {
    for (const host of this.hosts) {
      this.strike('heal', host.rank);
      this.strike('thaw', host.rank);
    }
  }

  private turn(host: Host): void {
    this.work(host);
    if (!host.connected || host.cut) return;
    for (const message of host.toDriver.splice(0)) {
      this.hear(host, message);
      reactor.onEngine(this.state, host.rank, message, this.seconds(), this.effects);
      this.check();
      if (message.type === 'left') host.connected = false;
    }
    if (!host.alive || host.frozen) return;
    for (const message of host.toEngine.splice(0)) host.link.fromDriver(message, this.now);
    this.check();
  }

  private work(host: Host): void {
    if (!host.alive || host.frozen) return;
    if (this.now >= host.interruptAt) {
      host.interruptAt = Infinity;
      host.link.interrupt('SIGTERM ended the engine', this.now);
    }
    host.link.tick(this.now);
    for (const [slot, running] of [...host.running]) {
      const left = running.left - (this.now - (running.since ?? this.now));
      const killed = host.ending !== undefined && this.now >= host.ending.at;
      if (left > 0 && !killed) continue;
      const own = running.task.kind === 'task' ? (this.options.exitCodeOf?.(running.task.taskId) ?? 0) : 0;
      this.report(host, slot, killed && left > 0 ? -15 : own);
    }
    if (host.ending !== undefined && host.running.size === 0) {
      host.ending = undefined;
      host.link.fromEngine({ type: 'tasks-ended' }, this.now);
    }
  }

  /** The resource manager takes a host back: some of its tasks end at once, and its engine is told at the next tick. */
  private interrupt(host: Host, which: number): void {
    if (!host.alive || host.frozen || host.left) return;
    for (const [index, [slot, { pid }]] of [...host.running].entries()) {
      if ((which >> index) % 2 === 1) continue;
      this.endedFromOutside.set(pid, { engine: host.rank, at: Infinity });
      this.report(host, slot, terminatedCodes[(which + index) % terminatedCodes.length] as number);
    }
    host.interruptAt = Math.min(host.interruptAt, this.now + times.tickMs);
  }

  private hear(host: Host, message: FromEngine): void {
    if (message.type === 'ending') this.endings.set(host.rank, this.now);
    if (message.type !== 'ended') return;
    const { pid } = message.outcome;
    if (this.endedFromOutside.has(pid)) this.endedFromOutside.set(pid, { engine: host.rank, at: this.now });
  }

  private report(host: Host, slot: number, exitCode: number): void {
    const at = this.seconds();
    const pid = host.running.get(slot)?.pid ?? 0;
    host.running.delete(slot);
    const outcome = { pid, exitCode, start: at, finish: at, output: nothingWritten, error: nothingWritten };
    host.link.fromEngine({ type: 'ended', slot, outcome: { ...outcome, usage: undefined } }, this.now);
  }

  private newLink(host: Host): EngineLink {
    return new EngineLink(times, this.now, {
      toDriver: (message) => {
        if (host.connected) host.toDriver.push(message);
      },
      toEngine: (message) => this.toEngine(host, message),
      prolong: () => {},
      over: () => {
        host.left = true;
      },
    });
  }

  /** What the engine does with what its link lets through. */
  private toEngine(host: Host, message: ToEngine): void {
    switch (message.type) {
      case 'run':
        if (host.running.has(message.slot)) throw new Error(`slot ${message.slot} of host ${host.rank} is busy`);
        if (message.task.kind === 'task') this.starts++;
        host.running.set(message.slot, {
          ...{ task: message.task, pid: this.pids++, left: this.taskMs(message.task.taskId), since: this.now },
        });
        return;
      case 'end-tasks':
        host.ending = { at: this.now + message.graceMs };
        return;
      case 'leave':
        if (host.running.size > 0) throw new Error(`host ${host.rank} is told to leave while it runs tasks`);
        host.link.fromEngine({ type: 'left', problem: undefined }, this.now);
        return;
      default:
        throw new Error(`${message.type} is for the link`);
    }
  }

  private disconnect(host: Host): void {
    if (!host.connected) return;
    host.connected = false;
    // What has arrived is read before the end of the stream; what is under way is lost.
    host.toEngine.length = 0;
    if (host.alive && !host.frozen) host.link.broken('the connection broke');
    reactor.onEngineBroken(this.state, host.rank, 'the connection broke', this.seconds(), this.effects);
    host.toDriver.length = 0;
  }

  private freeze(host: Host): void {
    if (host.frozen || !host.alive) return;
    host.frozen = true;
    for (const running of host.running.values()) {
      running.left -= this.now - (running.since ?? this.now);
      running.since = undefined;
    }
  }

  private thaw(host: Host): void {
    if (!host.frozen || !host.alive) return;
    host.frozen = false;
    for (const running of host.running.values()) running.since = this.now;
    if (!host.connected) host.link.broken('the connection broke');
    // The engine looks at the time before anything else; what it kills then is killed at once.
    host.link.tick(this.now);
    if (host.ending !== undefined) {
      host.ending = { at: this.now };
      this.work(host);
    }
  }

  private check(): void {
    checkInvariants(this.state);
    this.checkAlone();
    const at = new Map<number, number>();
    for (const host of this.hosts) {
      if (!host.alive || host.frozen) continue;
      for (const { task } of host.running.values()) {
        if (task.kind !== 'task') continue;
        const other = at.get(task.taskId);
        if (other !== undefined) throw new Error(`task ${task.taskId} runs on hosts ${other} and ${host.rank}`);
        at.set(task.taskId, host.rank);
      }
    }
  }

  private checkAlone(): void {
    const { state, alone } = this;
    const mayComeBack = [...state.engines.values()].some(({ stage, linked }) => stage === 'lost' && linked);
    const is = state.options.awaitsContexts && state.phase === 'running' && state.present === 0 && !mayComeBack;
    if (is && !alone.is) alone.times++;
    alone.is = is;
    if (this.awaited !== alone.times) throw new Error(`told ${this.awaited} times of being alone, not ${alone.times}`);
  }

  private seconds(): number {
    return this.now / 1000;
  }
}
