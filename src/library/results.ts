/**
 * What became of the tasks of a run, for the program that asks: kept by the status file, and in memory only on the way.
 *
 *   record() ─► in memory, who waits for it is told ─► written() ─► in the file; read back when it is asked for
 *
 * Always true: the first record of a task is its result, and no later one changes it. In memory are records that are not
 * in the file yet, who waits, and eight bytes a task. In the process of the program.
 */

import { Deque } from '../base/deque.ts';
import { DisbatchError } from '../base/errors.ts';
import type { StatusRecord } from '../task/status-record.ts';
import { OffsetIndex } from './offset-index.ts';
import type { RecordReader } from './record-reader.ts';

interface Asking {
  readonly promise: Promise<StatusRecord>;
  readonly resolve: (record: StatusRecord) => void;
  readonly reject: (error: DisbatchError) => void;
}

export class Results {
  /** Is told of each result, once. */
  onResult: (record: StatusRecord) => void = () => {};
  private readonly offsets = new OffsetIndex();
  private readonly unwritten = new Map<number, StatusRecord>();
  private readonly unwrittenOrder = new Deque<{ readonly taskId: number; readonly at: number }>();
  private readonly asking = new Map<number, Asking>();
  private upTo = 0;
  private whyOver: { readonly cause: unknown } | undefined;
  private moved: (() => void)[] = [];

  /** A record as it is made, and where its line begins. */
  record(record: StatusRecord, at: number): void {
    const { kind, taskId } = record;
    if ((kind !== 'task' && kind !== 'skipped') || this.isKnown(taskId)) return;
    this.offsets.note(taskId, at);
    this.unwritten.set(taskId, record);
    this.unwrittenOrder.push({ taskId, at });
    this.onResult(record);
    this.asking.get(taskId)?.resolve(record);
    this.asking.delete(taskId);
  }

  /** Everything before this place is in the file. */
  written(upTo: number): void {
    this.upTo = upTo;
    for (let first = this.unwrittenOrder.peek(); first !== undefined && first.at < upTo;) {
      this.unwrittenOrder.shift();
      this.unwritten.delete(first.taskId);
      first = this.unwrittenOrder.peek();
    }
    this.tellMoved();
  }

  noteBarriers(ids: readonly number[]): void {
    for (const id of ids) this.offsets.noteBarrier(id);
  }

  isBarrier(id: number): boolean {
    return this.offsets.isBarrier(id);
  }

  /** Whether the task has its result. */
  isKnown(taskId: number): boolean {
    return this.offsets.placeOf(taskId) !== undefined;
  }

  /**
   * The record of a task, when it has one.
   *
   * @throws (rejects with) DisbatchError not-run, when the run is over without it; status-unreadable
   */
  of(taskId: number, reader: RecordReader): Promise<StatusRecord> {
    const inMemory = this.unwritten.get(taskId);
    if (inMemory !== undefined) return Promise.resolve(inMemory);
    const at = this.offsets.placeOf(taskId);
    if (at !== undefined) return reader.record(at);
    if (this.whyOver !== undefined) return Promise.reject(notRun(taskId, this.whyOver.cause));
    const asked = this.asking.get(taskId);
    if (asked !== undefined) return asked.promise;
    let [resolve, reject]: [Asking['resolve'], Asking['reject']] = [() => {}, () => {}];
    const promise = new Promise<StatusRecord>((onRecord, onOver) => ([resolve, reject] = [onRecord, onOver]));
    this.asking.set(taskId, { promise, resolve, reject });
    return promise;
  }

  /** No record is to come. @param cause - what ended the run before its time, if anything did */
  over(cause: unknown): void {
    this.whyOver = { cause };
    for (const [taskId, { reject }] of this.asking) reject(notRun(taskId, cause));
    this.asking.clear();
    this.tellMoved();
  }

  /** Waits until there is more in the file than up to there. @returns up to where, or undefined when nothing more comes */
  async beyond(place: number): Promise<number | undefined> {
    while (this.upTo <= place) {
      if (this.whyOver !== undefined) return undefined;
      await new Promise<void>((resolve) => this.moved.push(resolve));
    }
    return this.upTo;
  }

  /** Whether what stands there in the file is the result of the task. */
  isResultAt(taskId: number, place: number): boolean {
    return this.offsets.placeOf(taskId) === place;
  }

  private tellMoved(): void {
    const waiting = this.moved;
    this.moved = [];
    for (const tell of waiting) tell();
  }
}

function notRun(taskId: number, cause: unknown): DisbatchError {
  const why = cause instanceof Error ? cause.message : 'the run ended before its turn came, or ended it';
  return new DisbatchError(
    'not-run',
    `Task ${taskId} has no result: ${why.replace(/\.$/, '')}. A run that resumes this one runs it.`,
    cause,
  );
}
