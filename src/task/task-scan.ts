/**
 * Looks through a whole task file before anything runs: counts what is in it and finds its mistakes.
 *
 * Pure. It reads the lines with a task stream of its own, so what it finds is what the run would meet. Takes constant
 * memory; a REPEAT is counted, not unrolled.
 */

import type { StreamLine } from './line-splitter.ts';
import { maxMistakes, TaskFileMistake, type Mistake } from './task-file-mistake.ts';
import { TaskStream } from './task-stream.ts';

/** What a task file holds. The counts are those of the run only when there is no mistake, or they are warned of. */
export interface TaskFileContents {
  readonly tasks: number;
  readonly barriers: number;
  readonly perEngineStart: number;
  readonly perEngineStop: number;
}

export class TaskScan {
  private readonly stream: TaskStream;
  private readonly found: Mistake[] = [];
  private stoppedEarly = false;
  private tasks = 0;
  private barriers = 0;
  private readonly perEngine = { start: 0, stop: 0 };

  /** @param mistakes - as for the run: in 'warn' mode only a mistake that cannot be followed counts */
  constructor(mistakes: 'refuse' | 'warn') {
    this.stream = new TaskStream({ mistakes, onWarning: () => {} });
  }

  /** Looks at the next lines. False when enough mistakes were found and no further lines are wanted. */
  look(lines: Iterable<StreamLine>): boolean {
    try {
      for (const line of lines) {
        if (this.stoppedEarly) break;
        this.lookAt(line);
      }
    } catch (error) {
      // A line that is too long comes from the splitter: what follows cannot be told from it.
      if (!(error instanceof TaskFileMistake)) throw error;
      this.collect(error);
      this.stoppedEarly = true;
    }
    return !this.stoppedEarly;
  }

  /**
   * What the file holds, after its last line.
   *
   * @throws TaskFileMistake with all mistakes of the file, at most maxMistakes
   */
  finish(): TaskFileContents {
    if (this.found.length > 0) throw new TaskFileMistake(this.found, this.stoppedEarly);
    const { tasks, barriers, perEngine } = this;
    return { tasks, barriers, perEngineStart: perEngine.start, perEngineStop: perEngine.stop };
  }

  private lookAt(line: StreamLine): void {
    try {
      const item = this.stream.read(line);
      if (item?.kind === 'task') this.tasks++;
      else if (item?.kind === 'repetition') this.tasks += item.count;
      else if (item?.kind === 'barrier') this.barriers++;
      else if (item?.kind === 'per-engine') this.perEngine[item.moment]++;
    } catch (error) {
      if (!(error instanceof TaskFileMistake)) throw error;
      this.collect(error);
    }
  }

  private collect(failure: TaskFileMistake): void {
    this.found.push(...failure.mistakes);
    if (this.found.length >= maxMistakes) this.stoppedEarly = true;
  }
}
