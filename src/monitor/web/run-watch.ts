/**
 * All that the web server knows of the run: its records, as the status file grows, and the driver's overview. In the process
 * of the web server.
 *
 *   status file ─► follower ─► table ─┬─► over time, lanes, lists of tasks
 *   driver ◄─────► link ─► overview ──┴─► answers
 *
 * Always true: it looks about once a second while somebody watches, and seldom otherwise; a look that takes long is followed
 * by a longer rest.
 */

import { DisbatchError } from '../../base/errors.ts';
import { runFiles } from '../../contract/run-files.ts';
import { RunLink, type LinkTimes } from '../../reach/run-link.ts';
import { RateMeter } from '../progress.ts';
import { Lanes, type Lane } from '../records/lanes.ts';
import { OverTime, type Stretches } from '../records/over-time.ts';
import { StatusFollower } from '../records/status-follower.ts';
import { inPieces } from './in-pieces.ts';
import { TaskLists } from './task-lists.ts';

export interface RunWatchOptions {
  /** Absolute: what the names of the run's files begin with. */
  readonly prefix: string;
  readonly version: string;
  readonly times?: Partial<WatchTimes>;
  /** Somebody watches, without asking. */
  readonly isWatched: () => boolean;
  /** Something is another than before. */
  readonly onChange: () => void;
}

/** Milliseconds. */
export interface WatchTimes {
  /** Between looks at the status file while somebody watches, and while nobody does. */
  readonly lookMs: number;
  readonly idleLookMs: number;
  /** For so long after a request somebody watches. */
  readonly watchedMs: number;
  readonly link: Partial<LinkTimes>;
}

const usualTimes: WatchTimes = { lookMs: 1000, idleLookMs: 15_000, watchedMs: 10_000, link: {} };

const rest = 10;

export class RunWatch {
  readonly follower: StatusFollower;
  readonly link: RunLink;
  readonly lists: TaskLists;
  /** Tasks a second, lately. */
  readonly meter = new RateMeter();
  /** Records that all answers know of: what is told before would not be asked for again. */
  records = 0;
  /** Why the status file cannot be read. */
  fileProblem: string | undefined;
  private readonly options: RunWatchOptions;
  private readonly times: WatchTimes;
  /** What was made of the file, as often replaced as then. */
  private made = { replacements: 0, overTime: new OverTime(), lanes: new Lanes() };
  private watchedUntil = 0;
  private lookedAt = -Infinity;
  private looking = false;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private notedAt = 0;

  constructor(options: RunWatchOptions) {
    this.options = options;
    this.times = { ...usualTimes, ...options.times };
    this.follower = new StatusFollower(runFiles(options.prefix).status);
    this.lists = new TaskLists(this.follower);
    this.link = new RunLink({
      ...{ prefix: options.prefix, version: options.version, times: this.times.link },
      onChange: () => this.heard(),
    });
    void this.lookOn();
  }

  /** Ends and failures over time. */
  get stretches(): Stretches {
    return this.ofFile().overTime.stretches;
  }

  /** Lanes by the number of their node. */
  get lanes(): readonly (readonly Lane[])[] {
    return this.ofFile().lanes.nodes;
  }

  /** Somebody watches. */
  watched(): void {
    this.watchedUntil = performance.now() + this.times.watchedMs;
    if (this.looking || this.closed || performance.now() - this.lookedAt < this.times.lookMs) return;
    clearTimeout(this.timer);
    void this.lookOn();
  }

  /** Takes in what is in the status file now. */
  async look(): Promise<void> {
    try {
      const changed = await this.follower.look();
      this.fileProblem = undefined;
      const { table } = this.follower;
      const records = table.length;
      const { overTime, lanes } = this.ofFile();
      overTime.catchUp(table);
      await inPieces(lanes.catchUp(table));
      this.records = records;
      if (changed) this.options.onChange();
    } catch (error) {
      if (!(error instanceof DisbatchError)) throw error;
      if (this.fileProblem !== error.message) this.options.onChange();
      this.fileProblem = error.message;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    this.link.close();
    await this.follower.close();
  }

  private async lookOn(): Promise<void> {
    this.looking = true;
    const begun = performance.now();
    await this.look();
    this.looking = false;
    this.lookedAt = performance.now();
    if (this.closed) {
      await this.follower.close();
      return;
    }
    const { lookMs, idleLookMs } = this.times;
    const isWatched = this.lookedAt < this.watchedUntil || this.options.isWatched();
    const pause = Math.max(isWatched ? lookMs : idleLookMs, (this.lookedAt - begun) * rest);
    this.timer = setTimeout(() => void this.lookOn(), pause);
  }

  private heard(): void {
    const { overview } = this.link;
    if (overview !== undefined && overview.now !== this.notedAt) {
      this.notedAt = overview.now;
      this.meter.note(overview.now, overview.tasks.finished);
    }
    this.options.onChange();
  }

  /** What was made of the file that is there now. */
  private ofFile(): { readonly overTime: OverTime; readonly lanes: Lanes } {
    const { replacements } = this.follower;
    if (this.made.replacements !== replacements)
      this.made = { replacements, overTime: new OverTime(), lanes: new Lanes() };
    return this.made;
  }
}
