/**
 * A world for the driver's core without processes, files or time: engines that run tasks when they are told to, a feeder
 * that hands out items, and a list of everything that happened. After every step the invariants are checked.
 */

import { asBytes } from '../../src/base/byte-string.ts';
import {
  nothingWritten,
  type FromContext,
  type FromEngine,
  type Outcome,
  type RunnableTask,
  type ToContext,
  type ToEngine,
} from '../../src/contract/messages.ts';
import type { Effects } from '../../src/driver/effects.ts';
import * as reactor from '../../src/driver/reactor.ts';
import { checkInvariants } from '../../src/driver/invariants.ts';
import { isPresent, newState, type DriverOptions, type DriverState, type FeedItem } from '../../src/driver/state.ts';
import type { StatusRecord } from '../../src/task/status-record.ts';
import type { Barrier, PerEngineTask, Task } from '../../src/task/task.ts';

export type Happening =
  | { readonly what: 'start'; readonly task: RunnableTask; readonly engine: number; readonly slot: number }
  | { readonly what: 'record'; readonly record: StatusRecord };

/** What a context is like; where nothing is said: without a limit, nobody's, and kept to the end. */
export interface Traits {
  readonly taskLimit?: number;
  readonly revocable?: boolean;
  readonly retires?: boolean;
}

/** What tasks end with that are sent TERM: of the signal, of bash's trap, or as they please. */
export const terminatedCodes = [-15, 143, 1] as const;

/** Something that can happen next. */
interface Possible {
  readonly label: string;
  happen(): void;
}

export const defaultOptions: DriverOptions = {
  failFast: false,
  graceMs: 100,
  endBackground: false,
  lease: 30,
  leaseMargin: 5,
  patience: 300,
  maxLost: 2,
  awaitsContexts: false,
  node: 'head',
  pid: 1,
};

export class SimulatedWorld {
  readonly state: DriverState;
  readonly happened: Happening[] = [];
  readonly toContext: { readonly rank: number; readonly message: ToContext }[] = [];
  readonly keys: (readonly [string, number])[] = [];
  readonly notices: string[] = [];
  /** How often the user was told that no engine is there. */
  awaited = 0;
  over = false;
  private readonly items: FeedItem[];
  private readonly exitCodeOf: (task: RunnableTask) => number;
  private readonly queue: Possible[] = [];
  private readonly busy = new Map<string, { engine: number; slot: number; task: RunnableTask; doomed: boolean }>();
  private fed = 0;
  private asked = 0;
  private clock = 1000;
  /** Engines that are being ended from outside: they start nothing more. */
  private readonly interrupted = new Set<number>();
  private readonly effects: Effects;

  constructor(
    items: readonly FeedItem[],
    exitCodeOf: (task: RunnableTask) => number,
    options: Partial<DriverOptions> = {},
  ) {
    this.items = [...items];
    this.exitCodeOf = exitCodeOf;
    this.state = newState({ ...defaultOptions, ...options });
    this.effects = {
      toEngine: (rank, message) => this.toEngine(rank, message),
      pull: (count) => (this.asked += count),
      toContext: (rank, message) => this.toContext.push({ rank, message }),
      dropEngine: () => {},
      putBarrierKey: (key, taskId) => this.keys.push([key, taskId]),
      notice: (text) => this.notices.push(text),
      awaitEngines: () => this.awaited++,
      record: (record) => this.happened.push({ what: 'record', record }),
      log: () => {},
      over: () => {
        if (this.over) throw new Error('over twice');
        this.over = true;
      },
    };
    this.step(() => reactor.onStart(this.state, this.now(), this.effects));
  }

  /** A context comes with one engine, which is there at once. @returns its rank */
  join(slots: number, traits: Traits = {}): number {
    return this.joinAll([slots], traits)[0] as number;
  }

  /** A context comes with an engine for each number of slots, and they are there at once. @returns their ranks */
  joinAll(slots: readonly number[], traits: Traits = {}, notes: readonly string[] = []): number[] {
    const first = this.state.engines.size;
    this.bring(slots.length, slots[0], traits);
    for (const [index, count] of slots.entries()) {
      const engine = first + index;
      if (!this.state.engines.has(engine)) continue;
      const joined = { type: 'joined', node: `node${engine}`, pid: 100 + engine, slots: count, notes } as const;
      this.step(() => reactor.onEngine(this.state, engine, joined, this.now(), this.effects));
    }
    return slots.map((_, index) => first + index);
  }

  /** A context comes, and its engines are still to come. */
  bring(engines: number, slots = 1, { taskLimit = 0, revocable = false, retires = false }: Traits = {}): void {
    const first = this.state.engines.size;
    const planned = Array.from({ length: engines }, (_, i) => ({
      ...{ node: `node${first + i}`, slots, leased: false, retires },
    }));
    const joined = { type: 'joined', label: undefined, host: 'head', pid: 1, taskLimit, revocable } as const;
    this.context(this.state.contexts.size, { ...joined, engines: planned });
  }

  /**
   * The resource manager ends an engine and its tasks: those in `first` end just before the engine says so, with these exit
   * codes; the others when they do.
   */
  interrupt(engine: number, first: readonly number[] = []): void {
    const state = this.state.engines.get(engine);
    if (state === undefined || !isPresent(state) || state.stage === 'launching' || this.interrupted.has(engine)) return;
    const running = [...this.busy].filter(([, { engine: owner }]) => owner === engine);
    for (const [index, exitCode] of first.entries()) {
      const [name, { slot = 0 } = {}] = running[index] ?? [];
      if (name === undefined || !this.busy.delete(name)) continue;
      this.end(engine, slot, exitCode);
    }
    // What is sent to it from now on finds nobody who starts it.
    this.interrupted.add(engine);
    for (const busy of this.busy.values()) if (busy.engine === engine) busy.doomed = true;
    this.queue.push({
      label: 'ending',
      happen: () => {
        this.engineSays(engine, { type: 'ending', why: 'SIGTERM ended the engine' });
        for (const [name, busy] of [...this.busy]) {
          if (busy.engine !== engine || !busy.doomed) continue;
          this.busy.delete(name);
          this.end(engine, busy.slot, -15);
        }
        for (const [name, busy] of [...this.busy]) if (busy.engine === engine) this.busy.delete(name);
        this.engineSays(engine, { type: 'left', problem: 'SIGTERM ended the engine' });
      },
    });
  }

  /** Seconds go by. */
  pass(seconds: number): void {
    this.clock += seconds;
    this.step(() => reactor.onTick(this.state, this.now(), this.effects));
  }

  stopEngine(engine: number): string | undefined {
    let why: string | undefined;
    this.step(() => (why = reactor.onStopEngine(this.state, engine, this.now(), this.effects)));
    return why;
  }

  stopContexts(label: string): string | undefined {
    let why: string | undefined;
    this.step(() => (why = reactor.onStopContexts(this.state, label, this.now(), this.effects)));
    return why;
  }

  /** A context says something. */
  context(rank: number, message: FromContext): void {
    this.step(() => reactor.onContext(this.state, rank, message, this.now(), this.effects));
  }

  /** An engine vanishes with all that it runs. */
  vanish(engine: number): void {
    if (this.state.engines.get(engine) === undefined || this.state.engines.get(engine)?.stage === 'gone') return;
    for (const [name, { engine: owner }] of this.busy) if (owner === engine) this.busy.delete(name);
    this.engineSays(engine, { type: 'left', problem: 'power failure' });
  }

  softStop(): void {
    this.step(() => reactor.onSoftStop(this.state, 'soft-stop', this.now(), this.effects));
  }

  signal(): void {
    this.step(() => reactor.onSignal(this.state, 'SIGINT', this.now(), this.effects));
  }

  trouble(error: Error): void {
    this.step(() => reactor.onTrouble(this.state, error, this.now(), this.effects));
  }

  /** Whatever can happen next: the choice is the test's. */
  possible(): Possible[] {
    const all: Possible[] = [...this.queue];
    if (this.asked > 0 && this.state.phase === 'running')
      all.push({ label: 'feed', happen: () => this.feed(1 + (this.asked % 3)) });
    for (const [name, { engine, slot, task, doomed }] of this.busy) {
      // It ends with the others.
      if (doomed) continue;
      all.push({
        label: `end ${name}`,
        happen: () => {
          this.busy.delete(name);
          this.end(engine, slot, this.exitCodeOf(task));
        },
      });
    }
    // Nobody waits for a failure that is in doubt, but for time; and signals of one cause are less than a second apart.
    const ending = this.queue.some(({ label }) => label === 'ending');
    if (this.state.doubted.size > 0 && !this.over && !ending) all.push({ label: 'pass', happen: () => this.pass(0.3) });
    return all;
  }

  /** Lets things happen, chosen by `choose`, until nothing can or `until` holds. */
  run(choose: (count: number) => number, until: () => boolean = () => false): void {
    for (let steps = 0; !until(); steps++) {
      if (steps > 100_000) throw new Error('the world does not come to rest');
      const possible = this.possible();
      if (possible.length === 0) return;
      const next = possible[choose(possible.length) % possible.length] as Possible;
      const queued = this.queue.indexOf(next);
      if (queued >= 0) this.queue.splice(queued, 1);
      next.happen();
    }
  }

  get records(): StatusRecord[] {
    return this.happened.flatMap((each) => (each.what === 'record' ? [each.record] : []));
  }

  get starts(): RunnableTask[] {
    return this.happened.flatMap((each) => (each.what === 'start' ? [each.task] : []));
  }

  private feed(count: number): void {
    if (this.fed === this.items.length) {
      this.asked = 0;
      this.step(() => reactor.onStreamEnd(this.state, this.now(), this.effects));
      return;
    }
    const batch = this.items.slice(this.fed, this.fed + count);
    this.fed += batch.length;
    this.asked = Math.max(0, this.asked - batch.length);
    this.step(() => reactor.onItems(this.state, batch, this.now(), this.effects));
  }

  private toEngine(engine: number, message: ToEngine): void {
    switch (message.type) {
      case 'run': {
        const name = `${engine}/${message.slot}`;
        if (this.busy.has(name)) throw new Error(`slot ${name} is busy`);
        if (this.interrupted.has(engine)) return;
        this.busy.set(name, { engine, slot: message.slot, task: message.task, doomed: false });
        this.happened.push({ what: 'start', task: message.task, engine, slot: message.slot });
        return;
      }
      case 'end-tasks':
        if (this.interrupted.has(engine)) return;
        // As with a launcher: the ends come first, then the answer; here both in one happening.
        this.queue.push({
          label: 'end all',
          happen: () => {
            if (this.interrupted.has(engine)) return;
            for (const [name, { engine: owner, slot }] of [...this.busy]) {
              if (owner !== engine) continue;
              this.busy.delete(name);
              this.end(engine, slot, -15);
            }
            this.engineSays(engine, { type: 'tasks-ended' });
          },
        });
        return;
      case 'heard':
      case 'work-again':
        throw new Error('these engines have no lease');
      case 'leave':
        if (this.interrupted.has(engine)) return;
        this.queue.push({
          label: 'leave',
          happen: () => {
            if (!this.interrupted.has(engine)) this.engineSays(engine, { type: 'left', problem: undefined });
          },
        });
        return;
    }
  }

  private end(engine: number, slot: number, exitCode: number): void {
    const outcome: Outcome = {
      pid: 4711,
      exitCode,
      start: this.clock,
      finish: this.clock + 1,
      output: nothingWritten,
      error: nothingWritten,
      usage: undefined,
    };
    this.engineSays(engine, { type: 'ended', slot, outcome });
  }

  private engineSays(engine: number, message: FromEngine): void {
    this.step(() => reactor.onEngine(this.state, engine, message, this.now(), this.effects));
  }

  private step(action: () => void): void {
    action();
    checkInvariants(this.state);
  }

  /** Things follow each other closely. */
  private now(): number {
    return (this.clock += 0.001);
  }
}

/** Items from a short notation: `t` a task, `b` a barrier, `c` a check barrier, `s` START, `p` STOP. */
export function itemsOf(notation: string): FeedItem[] {
  let taskId = 0;
  const perEngine = { start: 0, stop: 0 };
  return [...notation].map((letter, i): Task | Barrier | PerEngineTask => {
    const lineNumber = i + 1;
    switch (letter) {
      case 't':
        return { kind: 'task', taskId: taskId++, lineNumber, repeatIndex: -1, command: asBytes(`task ${i}`) };
      case 'b':
      case 'c':
        return {
          kind: 'barrier',
          taskId: taskId++,
          lineNumber,
          check: letter === 'c',
          key: undefined,
          text: asBytes('#DISBATCH BARRIER'),
        };
      default: {
        const moment = letter === 's' ? 'start' : 'stop';
        return { kind: 'per-engine', moment, taskId: perEngine[moment]++, lineNumber, command: asBytes(moment) };
      }
    }
  });
}
