/**
 * The life of a context: it brings an engine to each of its nodes, tells the driver what became of them, and goes when none
 * is needed any more. Runs in the driver's process, or in one of its own for hosts that are added later.
 *
 *   begin() ─► joined ─► welcome ─► engines are started ─► … ─► leave ─► nothing of it runs any more
 */

import type { Logger } from '../base/log.ts';
import type { FromContext, ToContext } from '../contract/messages.ts';
import type { ContextPlan, NodePlan } from './context.ts';
import type { EngineEnd } from './engine-start.ts';

/** Something that has been started for an engine. */
export interface StartedEngine {
  /** The context has nothing more to say to it. */
  close(): void;
  /** Ends what is here of it at once. */
  kill(): void;
  /** When nothing is left here of what was killed; of an engine in the driver's own process only. */
  closed?(): Promise<void>;
}

/** Starts the engine of a node. `ended` is called once; never for an engine in the driver's own process. */
export type StartEngine = (
  node: NodePlan,
  engineRank: number,
  label: string,
  ended: (how: EngineEnd) => void,
) => StartedEngine;

/** What gives nodes back to who lent them. */
export interface GivesBack {
  /** The engine of a node has ended with this status, and the run goes on. */
  ended(node: string, status: number): void;
  /** Nothing more is given back: the whole of it is, in a moment. Waits for what is under way. */
  close(): Promise<void>;
}

export interface ContextLifeParts {
  readonly plan: ContextPlan;
  readonly host: string;
  /** `-C`: it is stopped softly when it has been given so many tasks; 0: no limit. */
  readonly taskLimit: number;
  /** undefined: nodes are kept until the end. */
  readonly retirement: GivesBack | undefined;
  /** Whether the engine of a node is on a connection. */
  readonly isLeased: (node: NodePlan) => boolean;
  readonly start: StartEngine;
  readonly send: (message: FromContext) => void;
  readonly log: Logger;
  /** It was told to leave, and why. */
  readonly onLeave: (why: string) => void;
}

export class ContextLife {
  private readonly parts: ContextLifeParts;
  private readonly started = new Map<number, StartedEngine>();
  /** Those in this very process: they are waited for by the driver alone, and tell of no end here. */
  private readonly own: StartedEngine[] = [];
  private allOver: (() => void) | undefined;
  /** It is to leave: what was lent is given back as a whole. */
  private ending = false;

  constructor(parts: ContextLifeParts) {
    this.parts = parts;
  }

  /** Makes the context known to the driver. Its answer comes by `receive`. */
  begin(): void {
    const { plan, host, taskLimit, retirement, isLeased, send } = this.parts;
    const engines = plan.nodes.map((node) => ({
      ...{ node: node.name, slots: node.slots, leased: isLeased(node) },
      retires: retirement !== undefined && node.name !== plan.allocation?.ownNode,
    }));
    const revocable = plan.allocation?.signalsTasks ?? false;
    send({ type: 'joined', label: plan.label, host, pid: process.pid, taskLimit, revocable, engines });
  }

  receive(message: ToContext): void {
    switch (message.type) {
      case 'welcome':
        this.parts.log('INFO', `context ${message.label} has rank ${message.rank}`);
        for (const [index, node] of this.parts.plan.nodes.entries()) {
          this.startEngine(node, message.firstEngine + index, message.label);
        }
        return;
      case 'leave':
        this.parts.log('INFO', `the driver says: ${message.why}`);
        this.ending = true;
        for (const engine of this.started.values()) engine.close();
        this.parts.onLeave(message.why);
        return;
    }
  }

  /** Waits until nothing that was started runs here any more; what does after that time is killed. The run is over. */
  async settle(patienceMs: number): Promise<void> {
    this.ending = true;
    const retired = this.parts.retirement?.close();
    for (const engine of this.own) engine.kill();
    const othersOver = new Promise<void>((resolve) => {
      if (this.started.size === 0) resolve();
      else this.allOver = resolve;
    });
    const ownClosed = this.own.map((engine) => engine.closed?.());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, patienceMs).unref()));
    await Promise.race([Promise.all([othersOver, ...ownClosed]), late]);
    clearTimeout(timer);
    this.kill();
    await retired;
  }

  /** Ends at once what is here of the engines. */
  kill(): void {
    for (const engine of [...this.own, ...this.started.values()]) engine.kill();
  }

  private startEngine(node: NodePlan, rank: number, label: string): void {
    const { log, start, send, isLeased } = this.parts;
    log('INFO', `engine ${rank} on ${node.name}: ${node.slots} slots, ${node.cores} cores`);
    const engine = start(node, rank, label, ({ problem, dead, status }) => {
      this.started.delete(rank);
      send({ type: 'engine-ended', engine: rank, problem, dead });
      if (!this.ending) this.parts.retirement?.ended(node.name, status);
      if (this.started.size === 0) this.allOver?.();
    });
    if (isLeased(node)) this.started.set(rank, engine);
    else this.own.push(engine);
  }
}
