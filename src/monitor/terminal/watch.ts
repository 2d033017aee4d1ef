/**
 * What is known of the run, kept up to date: the link to its driver, and the records of its status file. In the process of
 * the monitor.
 *
 *   link ─── overview, about once a second ──┐
 *   link ─── what runs, as far as it is shown ├─► sight ─► onChange
 *   file ─── records, once a second ─────────┘
 */

import { relative } from 'node:path';
import { DisbatchError } from '../../base/errors.ts';
import { runFiles } from '../../contract/run-files.ts';
import { RunLink } from '../../reach/run-link.ts';
import { RateMeter } from '../progress.ts';
import { OverTime } from '../records/over-time.ts';
import { StatusFollower } from '../records/status-follower.ts';
import { runFigures } from '../run-figures.ts';
import { FailedRecords } from './failed-tasks.ts';
import type { NodeTally, RunningSight, Sight } from './sight.ts';
import type { Stop } from './state.ts';

const lookMs = 1000;
/** Looks at the records of a run that is over: a file system that is shared may show the last ones late. */
const enoughLooks = 5;
/** A cursor that moves fast asks once. */
const asksSoonMs = 80;
/** What takes long is done more rarely: see RunLink. */
const rest = 10;

/** What is to be asked of the run for what is on the screen. */
export interface RunningWanted {
  /** undefined: all of them. */
  readonly engine: number | undefined;
  readonly limit: number;
}

export interface WatchOptions {
  /** Absolute. */
  readonly prefix: string;
  readonly version: string;
  readonly onChange: () => void;
}

export class TerminalWatch {
  private readonly options: WatchOptions;
  private readonly link: RunLink;
  private readonly follower: StatusFollower;
  /** As it can be written here: short where it lies below this folder. */
  private readonly statusFile: string;
  private readonly failed: FailedRecords;
  private readonly meter = new RateMeter();
  private overTime = new OverTime();
  /** By the number of the node in the table; of those on which this run has run tasks. */
  private readonly tallies = new Map<number, { node: string; finished: number; failed: number }>();
  private tallied = 0;
  private looksAfterEnd = 0;
  private replacements = 0;
  private isReading = true;
  private recordsProblem: string | undefined;
  private running: RunningSight | undefined;
  private wanted: RunningWanted | undefined;
  private asking = false;
  /** When what runs was asked for last, and when it may be again (performance.now()). */
  private askedAt = -Infinity;
  private notBefore = -Infinity;
  private onScreen: readonly number[] = [];
  private reading = false;
  private readonly timers = new Set<NodeJS.Timeout>();
  private closed = false;

  constructor(options: WatchOptions) {
    this.options = options;
    this.follower = new StatusFollower(runFiles(options.prefix).status);
    const here = relative(process.cwd(), this.follower.path);
    this.statusFile = here.startsWith('..') ? this.follower.path : here;
    this.failed = new FailedRecords(this.follower.table);
    const { prefix, version } = options;
    // It may say something before it is there.
    this.link = new RunLink({ prefix, version, onChange: () => queueMicrotask(() => this.onLink()) });
    void this.lookAtRecords();
  }

  get sight(): Sight {
    const { link, follower } = this;
    return {
      now: Date.now() / 1000,
      prefix: this.options.prefix,
      statusFile: this.statusFile,
      link: link.state,
      overview: link.overview,
      figures: runFigures(link.overview, follower.table.tallies, this.meter.rate()),
      overTime: this.overTime.stretches,
      running: link.state.kind === 'live' ? this.running : undefined,
      failed: this.failed,
      nodes: [...this.tallies.values()] satisfies readonly NodeTally[],
      isReading: this.isReading,
      recordsProblem: this.recordsProblem,
    };
  }

  /** Says what is on the screen, so that what it needs is found out. */
  show(running: RunningWanted | undefined, records: readonly number[]): void {
    const before = this.wanted;
    this.wanted = running;
    this.onScreen = records;
    if (running !== undefined && (running.engine !== before?.engine || running.limit > (before?.limit ?? 0)))
      this.later(asksSoonMs, () => this.askRunning(true));
    void this.readRecords();
  }

  /** @returns why it cannot be stopped */
  async stop(what: Stop): Promise<string | undefined> {
    try {
      return await this.link.stop(what);
    } catch (error) {
      if (error instanceof DisbatchError) return error.message;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.link.close();
    await this.follower.close();
  }

  private onLink(): void {
    if (this.closed) return;
    const { overview, state } = this.link;
    if (overview !== undefined && state.kind === 'live') {
      this.meter.note(overview.now, overview.tasks.finished);
      this.askRunning(false);
    }
    this.options.onChange();
  }

  /** @param soon - what is on the screen is another */
  private askRunning(soon: boolean): void {
    const { wanted } = this;
    if (wanted === undefined || this.asking || this.closed || this.link.state.kind !== 'live') return;
    const now = performance.now();
    if (!soon && now < this.notBefore) return;
    this.asking = true;
    this.askedAt = now;
    const { engine, limit } = wanted;
    this.link
      .running(engine === undefined ? undefined : [engine], limit)
      .then(
        ({ total, tasks }) => {
          this.running = { engine, total, tasks };
          this.notBefore = performance.now() + (performance.now() - this.askedAt) * rest;
          this.options.onChange();
        },
        (error: unknown) => {
          if (!(error instanceof DisbatchError)) throw error;
        },
      )
      .finally(() => {
        this.asking = false;
        if (this.wanted !== undefined && this.wanted.engine !== engine) this.askRunning(true);
      });
  }

  private async lookAtRecords(): Promise<void> {
    const begun = performance.now();
    try {
      const any = await this.follower.look();
      if (this.closed) return;
      const hadProblem = this.recordsProblem !== undefined;
      this.recordsProblem = undefined;
      if (any || hadProblem) this.catchUp();
    } catch (error) {
      if (!(error instanceof DisbatchError)) throw error;
      this.recordsProblem = error.message;
    }
    this.isReading = false;
    if (this.closed) return;
    this.options.onChange();
    if (this.link.state.kind === 'over' && this.looksAfterEnd++ >= enoughLooks) return;
    this.later(Math.max(lookMs, (performance.now() - begun) * rest), () => void this.lookAtRecords());
  }

  private catchUp(): void {
    const { table, replacements } = this.follower;
    if (replacements !== this.replacements) {
      this.replacements = replacements;
      this.overTime = new OverTime();
      this.tallies.clear();
      this.tallied = 0;
      this.failed.forget();
    }
    this.overTime.catchUp(table);
    this.failed.catchUp();
    for (; this.tallied < table.length; this.tallied++) {
      if (!table.isOwnTask(this.tallied)) continue;
      const node = table.node(this.tallied);
      const tally = this.tallies.get(node) ?? { node: table.nodes[node] ?? '', finished: 0, failed: 0 };
      this.tallies.set(node, tally);
      tally.finished++;
      if (table.hasFailed(this.tallied)) tally.failed++;
    }
  }

  /** Reads what is on the screen, then looks further for what is searched. One at a time. */
  private async readRecords(): Promise<void> {
    if (this.reading || this.closed) return;
    this.reading = true;
    const read = (index: number) => this.follower.record(index);
    try {
      while (!this.closed) {
        const any = (await this.failed.load(this.onScreen, read)) || (await this.failed.lookFurther(read));
        if (!any) break;
        this.options.onChange();
      }
    } catch (error) {
      if (!(error instanceof DisbatchError)) throw error;
      this.recordsProblem = error.message;
    } finally {
      this.reading = false;
    }
  }

  private later(ms: number, what: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      what();
    }, ms);
    this.timers.add(timer);
  }
}
