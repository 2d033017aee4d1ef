/**
 * A run of disBatch as an object: the interface for programs. In the process of the program.
 *
 *   start(), join() ─► submit()… result(), finished(), syncTasks() … ─► done() | stop() + done() | end()
 *
 * Always true: each task whose id submit() has given comes to exactly one of two ends, a result or the error `not-run`;
 * which one never changes.
 */

import { DisbatchError } from '../base/errors.ts';
import { hasFailed, type StatusRecord } from '../task/status-record.ts';
import type { Course } from './course.ts';
import { finishedTasks } from './finished-tasks.ts';
import { joinRun } from './joined-run.ts';
import type { AbortSignalLike, DisBatcherOptions, JoinOptions } from './options.ts';
import { startOwnRun } from './own-run.ts';
import { resultOf } from './result-of-record.ts';
import type { RunSummary } from './run-summary.ts';
import { TaskCounter } from './task-counter.ts';
import type { TaskResult } from './task-result.ts';

declare global {
  // Named here for programs whose compiler does not know it; Node does.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

/**
 * A run that a program gives tasks to and gets results from.
 *
 * The program goes on as long as the run does: say `done()` or `end()`, or use `await using`.
 */
export class DisBatcher implements AsyncIterable<TaskResult> {
  private readonly course: Course;
  private readonly counter: TaskCounter;
  private readonly counts = { submitted: 0, finished: 0, failed: 0, skipped: 0, skippedFailed: 0 };
  /** Why nothing is taken any more. */
  private closed: string | undefined;
  private readonly letGo: () => void;

  private constructor(course: Course, mistakes: 'refuse' | 'warn', signal: AbortSignalLike | undefined) {
    this.course = course;
    this.counter = new TaskCounter(mistakes);
    course.results.onResult = (record) => this.count(record);
    const onAbort = (): void => void this.end();
    signal?.addEventListener('abort', onAbort);
    this.letGo = () => signal?.removeEventListener('abort', onAbort);
    void course.over.then(() => {
      this.close('it is over');
      this.letGo();
    });
  }

  /**
   * Starts a run. Its tasks run on this machine, on hosts, or within a job of a cluster: as the options say, and without
   * them as the command line does without options.
   *
   * @throws (rejects with) DisbatchError when the run cannot begin; the reason of the signal when it is aborted by then
   */
  static async start(options: DisBatcherOptions = {}): Promise<DisBatcher> {
    const { signal } = options;
    throwIfAborted(signal);
    const course = await startOwnRun(options);
    const run = new DisBatcher(course, options.unknownDirectives === 'warn' ? 'warn' : 'refuse', signal);
    return run.unlessAborted(signal);
  }

  /**
   * Joins a run that takes its tasks from a program: one of ours or of the original, with `--taskserver` or
   * `--taskcommand`. A program that `--taskcommand` has started finds the address in `KVSSTCP_HOST` and `KVSSTCP_PORT`.
   *
   * @param address - `HOST:PORT` of the run's store, as its `_kvsinfo.txt` has it
   * @throws (rejects with) DisbatchError no-store, usage; the reason of the signal when it is aborted by then
   */
  static async join(address: string, options: JoinOptions = {}): Promise<DisBatcher> {
    const { signal } = options;
    throwIfAborted(signal);
    const run = new DisBatcher(await joinRun(address, options), 'refuse', signal);
    return run.unlessAborted(signal);
  }

  /** The status file, in which all results are kept; undefined for a run that was joined. */
  get statusFile(): string | undefined {
    return this.course.statusFile;
  }

  /**
   * Adds tasks: lines of a task file, directives too. The lines of one call share a line number, that of the call.
   *
   * The ids are given in the order of the calls, from 0. A barrier takes a number too, which is not among those returned.
   *
   * @returns the ids of the tasks, as soon as there is room for more: a program that waits for each call is held back when
   *   the run cannot keep up, and so takes constant memory
   * @throws (rejects with) DisbatchError task-file-mistake when a line is not what it seems to be: then nothing of the call
   *   is taken, and no id is used up; not-run when the run takes no more tasks; usage for other than lines
   */
  async submit(lines: string | readonly string[]): Promise<number[]> {
    if (typeof lines !== 'string' && !(Array.isArray(lines) && lines.every((line) => typeof line === 'string'))) {
      throw new DisbatchError('usage', 'submit takes lines: a text, or an array of texts.');
    }
    if (this.closed !== undefined) {
      throw new DisbatchError('not-run', `The run takes no more tasks: ${this.closed}. Start another.`);
    }
    const { message, taskIds, barriers } = this.counter.take(lines);
    this.counts.submitted += taskIds.length;
    this.course.results.noteBarriers(barriers);
    await this.course.send(message, taskIds);
    return taskIds;
  }

  /**
   * What became of a task; waits until that is known. Results of tasks that ended long ago are there too.
   *
   * @throws (rejects with) DisbatchError not-run when the run ends without it, and at once for what is no id of a task;
   *   status-unreadable
   */
  async result(taskId: number): Promise<TaskResult> {
    this.checkId(taskId);
    return resultOf(await this.course.results.of(taskId, this.course.reader));
  }

  /**
   * What became of all these tasks, by their ids; waits until that is known.
   *
   * @throws (rejects with) DisbatchError as result() does, for the first of them that has none
   */
  async syncTasks(taskIds: Iterable<number>): Promise<Map<number, TaskResult>> {
    const ids = [...taskIds];
    for (const id of ids) this.checkId(id);
    const results = new Map<number, TaskResult>();
    // One after the other: who waits for a million tasks holds one promise.
    for (const id of ids) results.set(id, await this.result(id));
    return results;
  }

  /**
   * The finished tasks in the order of their ends, each once, from the first one on, until the run is over. Takes the same
   * memory whatever the speed of its consumer. Each call begins anew.
   *
   * @throws (rejects with) DisbatchError status-unreadable
   */
  async *finished(): AsyncGenerator<TaskResult, void, void> {
    const { results, reader, begin } = this.course;
    for await (const record of finishedTasks(results, reader, begin)) yield resultOf(record);
  }

  /** As finished(). */
  [Symbol.asyncIterator](): AsyncGenerator<TaskResult, void, void> {
    return this.finished();
  }

  /**
   * Says that no more tasks come, and waits for the end of the run.
   *
   * @throws (rejects with) DisbatchError when disBatch itself could not go on, or could not write what became of the tasks
   */
  async done(): Promise<RunSummary> {
    this.close('done() has been said');
    this.course.noMore();
    const { why, exitStatus, failure } = await this.course.over;
    if (failure !== undefined) throw failure as Error;
    const { submitted, finished, failed, skipped, skippedFailed } = this.counts;
    const notRun = submitted - finished - skipped;
    const { statusFile } = this.course;
    return { why, exitStatus, submitted, finished, failed, skipped, skippedFailed, notRun, statusFile };
  }

  /**
   * Starts no more tasks; those that run may finish. done() waits for that. Of a run that was joined, what has been
   * submitted is still run.
   */
  stop(): void {
    this.close('it was stopped');
    this.course.softStop();
    this.course.noMore();
  }

  /**
   * Ends the run, and the tasks that run: TERM, 5 s of grace, KILL. A run that was joined is left instead, and what it has
   * given is forgotten. Done when nothing of it is left: no process, connection or timer. Also of a run that is over; never
   * rejects.
   */
  async end(): Promise<void> {
    this.close('it was ended');
    this.course.end();
    this.course.noMore();
    await this.course.over;
    await this.course.forget();
  }

  /** end(), for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  private close(why: string): void {
    this.closed ??= why;
  }

  private checkId(id: number): void {
    const { counter, course } = this;
    if (Number.isSafeInteger(id) && id >= 0 && id < counter.nextId && !course.results.isBarrier(id)) return;
    const what = course.results.isBarrier(id) ? 'is a barrier' : 'has not been submitted';
    throw new DisbatchError('not-run', `Task ${String(id)} ${what}. The ids of tasks are those that submit() gives.`);
  }

  private count(record: StatusRecord): void {
    const skipped = record.kind === 'skipped';
    this.counts[skipped ? 'skipped' : 'finished']++;
    if (hasFailed(record)) this.counts[skipped ? 'skippedFailed' : 'failed']++;
  }

  /** It may have been aborted while the run began. */
  private async unlessAborted(signal: AbortSignalLike | undefined): Promise<this> {
    if (signal?.aborted !== true) return this;
    await this.end();
    throw signal.reason as Error;
  }
}

function throwIfAborted(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted === true) throw signal.reason as Error;
}
