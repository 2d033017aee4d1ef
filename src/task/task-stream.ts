/**
 * Turns the lines of a task file into tasks, barriers and per-engine tasks.
 *
 * Pure; in the driver for the run, and in whatever looks at a task file before it. Lazy: a REPEAT of any size takes no
 * memory. Task ids run from 0 without a gap, barriers included; per-engine ids do so for each moment on its own.
 * State: the prefix and suffix in force, the next ids, and whether per-engine tasks may still come.
 */

import { joinBytes, noBytes, type ByteString } from '../base/byte-string.ts';
import type { PlainLine } from './directives.ts';
import type { StreamLine } from './line-splitter.ts';
import { parseLine, type TaskLine } from './parse-line.ts';
import { TaskFileMistake, type Mistake } from './task-file-mistake.ts';
import { noRepeat, type PerEngineMoment, type StreamItem, type Task } from './task.ts';

/** What happens at a mistake: it is thrown, or warned of and taken as the original disBatch takes the line. */
export interface TaskStreamOptions {
  readonly mistakes: 'refuse' | 'warn';
  /** Called at each mistake that does not end the stream. */
  readonly onWarning: (mistake: Mistake) => void;
}

/** The tasks of one REPEAT: the first, and how the others follow. Each is one task id further. */
export interface Repetition {
  readonly kind: 'repetition';
  readonly first: Task;
  /** 1 or more. */
  readonly count: number;
  /** From one repeat index to the next. */
  readonly step: number;
}

/** The lines after which no per-engine task may come. */
type LaterLine = Exclude<PlainLine, { readonly kind: 'blank' | 'prefix' | 'suffix' | 'per-engine' }>;

export class TaskStream {
  private readonly options: TaskStreamOptions;
  private prefix: ByteString = noBytes;
  private suffix: ByteString = noBytes;
  private nextTaskId = 0;
  private readonly nextPerEngineId: Record<PerEngineMoment, number> = { start: 0, stop: 0 };
  private perEngineAllowed = true;

  constructor(options: TaskStreamOptions) {
    this.options = options;
  }

  /** A stream of its own that goes on from where this one is: for lines that may come to be refused as a whole. */
  fork(): TaskStream {
    const other = new TaskStream(this.options);
    other.prefix = this.prefix;
    other.suffix = this.suffix;
    other.nextTaskId = this.nextTaskId;
    Object.assign(other.nextPerEngineId, this.nextPerEngineId);
    other.perEngineAllowed = this.perEngineAllowed;
    return other;
  }

  /**
   * What the next lines add to the stream, one by one.
   *
   * @throws TaskFileMistake at a mistake that is refused; the line has then changed nothing
   */
  *items(lines: Iterable<StreamLine>): Generator<StreamItem, void> {
    for (const line of lines) {
      const item = this.read(line);
      if (item === undefined) continue;
      if (item.kind === 'repetition') yield* expand(item);
      else yield item;
    }
  }

  /**
   * What the next line adds to the stream, a REPEAT as one; undefined when that is nothing.
   *
   * @throws TaskFileMistake as items does
   */
  read(line: StreamLine): StreamItem | Repetition | undefined {
    const plain = this.settle(line, parseLine(line.text));
    switch (plain.kind) {
      case 'blank':
        return undefined;
      case 'prefix':
        this.prefix = plain.text;
        return undefined;
      case 'suffix':
        this.suffix = plain.text;
        return undefined;
      case 'per-engine':
        return this.perEngine(line, plain.moment, plain.command);
      default:
        this.perEngineAllowed = false;
        return this.afterPerEngine(line, plain);
    }
  }

  /** What a line adds that ends the place for per-engine tasks. */
  private afterPerEngine(line: StreamLine, plain: LaterLine): StreamItem | Repetition | undefined {
    switch (plain.kind) {
      case 'command':
        return this.task(line, noRepeat, this.dressed(plain.text));
      case 'repeat': {
        if (plain.count === 0) return undefined;
        const first = this.task(line, plain.start, this.dressed(plain.command));
        this.nextTaskId += plain.count - 1;
        return { kind: 'repetition', first, count: plain.count, step: plain.step };
      }
      case 'barrier':
        return { ...plain, taskId: this.nextTaskId++, lineNumber: line.lineNumber };
      case 'unknown':
        return undefined;
    }
  }

  /** The line as it counts once mistakes are dealt with. */
  private settle(line: StreamLine, parsed: TaskLine): PlainLine {
    if (parsed.kind !== 'mistake') return parsed;
    const { problem, suggestion, asOriginal } = parsed;
    this.tell({ ...line, problem, suggestion, canGoOn: asOriginal !== undefined });
    return asOriginal ?? { kind: 'unknown' };
  }

  private tell(mistake: Mistake): void {
    if (this.options.mistakes === 'refuse' || !mistake.canGoOn) throw new TaskFileMistake([mistake]);
    this.options.onWarning(mistake);
  }

  /**
   * The original drops the rest of the file at a per-engine line that comes too late, and says that all went well. That
   * is never what a user wants: with a warning, this line alone is left out here.
   */
  private perEngine(line: StreamLine, moment: PerEngineMoment, command: ByteString): StreamItem | undefined {
    const { lineNumber } = line;
    if (this.perEngineAllowed) {
      return {
        kind: 'per-engine',
        moment,
        taskId: this.nextPerEngineId[moment]++,
        lineNumber,
        command: this.dressed(command),
      };
    }
    const problem = 'comes too late, after the first task, REPEAT or barrier';
    const suggestion = 'PERENGINE lines come before all tasks, REPEATs and barriers';
    this.tell({ ...line, problem, suggestion, canGoOn: true });
    return undefined;
  }

  private task(line: StreamLine, repeatIndex: number, command: ByteString): Task {
    return { kind: 'task', taskId: this.nextTaskId++, lineNumber: line.lineNumber, repeatIndex, command };
  }

  private dressed(command: ByteString): ByteString {
    return joinBytes(this.prefix, command, this.suffix);
  }
}

/** The tasks of a REPEAT, one by one. */
export function* expand(repetition: Repetition): Generator<Task, void> {
  const { first, count, step } = repetition;
  for (let i = 0; i < count; i++) {
    yield { ...first, taskId: first.taskId + i, repeatIndex: first.repeatIndex + i * step };
  }
}
