/**
 * The feeder: turns the bytes of a task source into items for the core, as many as are asked for. Runs in the driver's
 * process. Always true: memory is bounded by one chunk of the source and one batch of items.
 */

import type { ByteString } from '../base/byte-string.ts';
import { DisbatchError } from '../base/errors.ts';
import { decideResume, type ResumeOptions } from '../task/resume.ts';
import { linesOfMessage, LineSplitter, type StreamLine } from '../task/line-splitter.ts';
import { shownLine, TaskFileMistake, taskFileError, type Mistake } from '../task/task-file-mistake.ts';
import { TaskStream } from '../task/task-stream.ts';
import type { StreamItem, Task } from '../task/task.ts';
import type { ResumeIndex } from './resume-index.ts';
import type { FeedItem } from './state.ts';
import type { TaskSource } from './task-source.ts';

export interface FeederOptions {
  readonly source: TaskSource;
  readonly unknownDirectives: 'error' | 'warn';
  readonly onWarning: (mistake: Mistake) => void;
  /** What to skip, when the run resumes others. */
  readonly resume: { readonly index: ResumeIndex; readonly options: ResumeOptions } | undefined;
  /** Whether the records of skipped tasks are in the status file already. */
  readonly skipsWritten: boolean;
}

export class Feeder {
  private readonly options: FeederOptions;
  private readonly splitter = new LineSplitter();
  private readonly stream: TaskStream;
  private readonly chunks: Iterator<ByteString> | AsyncIterator<ByteString>;
  private items: Iterator<StreamItem> = [][Symbol.iterator]();
  private sourceEnded = false;
  /** How many messages have come, from a source of messages. */
  private messages = 0;
  /** What ended the stream before its end. */
  private failure: Error | undefined;

  constructor(options: FeederOptions) {
    this.options = options;
    this.chunks = options.source.chunks();
    const mistakes = options.unknownDirectives === 'warn' ? 'warn' : 'refuse';
    this.stream = new TaskStream({ mistakes, onWarning: options.onWarning });
  }

  /**
   * The next items: at least one, at most `count`; undefined at the end of the stream. Waits only while it has none.
   *
   * @throws DisbatchError task-file-mistake, task-file-unreadable, task-file-changed, resume-mismatch, status-unreadable
   */
  async next(count: number): Promise<FeedItem[] | undefined> {
    const batch: FeedItem[] = [];
    for (;;) {
      this.take(batch, count);
      if (batch.length > 0) return batch;
      if (this.failure !== undefined) throw this.failure;
      if (this.sourceEnded) return undefined;
      const step = this.chunks.next();
      const chunk = step instanceof Promise ? await step : step;
      this.begin(chunk);
    }
  }

  /** All items, one batch after another: for looking through a source whose bytes are at hand. */
  *all(): Generator<FeedItem> {
    for (;;) {
      const batch: FeedItem[] = [];
      this.take(batch, 1024);
      yield* batch;
      if (batch.length > 0) continue;
      if (this.failure !== undefined) throw this.failure;
      if (this.sourceEnded) return;
      const chunk = this.chunks.next();
      if (chunk instanceof Promise) throw new Error('only a repeatable source can be looked through');
      this.begin(chunk);
    }
  }

  /** Goes on to the next chunk of the source, or to its end. */
  private begin(chunk: IteratorResult<ByteString>): void {
    this.sourceEnded = chunk.done === true;
    this.items = this.stream.items(this.lines(chunk.done === true ? undefined : chunk.value));
  }

  private *lines(chunk: ByteString | undefined): Generator<StreamLine> {
    if (chunk !== undefined && this.options.source.ofMessages) yield* linesOfMessage(chunk, ++this.messages);
    else yield* chunk === undefined ? this.splitter.end() : this.splitter.push(chunk);
  }

  private take(batch: FeedItem[], count: number): void {
    try {
      while (batch.length < count) {
        const step = this.items.next();
        if (step.done === true) return;
        batch.push(step.value.kind === 'task' ? this.decided(step.value) : step.value);
      }
    } catch (error) {
      // What came before it is handed on first: how far a stream was run must not depend on its pieces.
      this.failure =
        error instanceof TaskFileMistake ? taskFileError(this.options.source.shownName, error) : (error as Error);
    }
  }

  private decided(task: Task): FeedItem {
    const { resume, skipsWritten, source } = this.options;
    if (resume === undefined) return task;
    const decision = decideResume(task, resume.index.get(task.taskId), resume.options);
    switch (decision.action) {
      case 'run':
        return task;
      case 'skip':
        return { kind: 'skip', record: decision.record, written: skipsWritten };
      case 'mismatch': {
        const { earlier, what } = decision;
        throw new DisbatchError(
          'resume-mismatch',
          `${source.shownName}:${task.lineNumber}: task ${task.taskId} is not the one that the status file tells of: ` +
            `its ${what} differs. Now (line ${task.lineNumber}, repeat index ${task.repeatIndex}): ${shownLine(task.command)}; ` +
            `then (line ${earlier.lineNumber}, repeat index ${earlier.repeatIndex}): ${shownLine(earlier.command)}. ` +
            'Resume with the task file as it was, or take its records for these tasks all the same with --force-resume.',
        );
      }
    }
  }
}
