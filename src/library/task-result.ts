/**
 * What became of a task, as programs get it: a record of the status file, with what follows from it. Types only.
 */

/** What became of a task. docs/status-file.md has more on each field. */
export interface TaskResult {
  readonly taskId: number;
  /** The number of the submit() call that brought it, from 1: what is submitted together shares a line number. */
  readonly lineNumber: number;
  /** Its place within a REPEAT; -1 for a task that is not of one. */
  readonly repeatIndex: number;
  /** What it ran, with prefix and suffix; bytes that are not UTF-8 as the status file shows them. */
  readonly command: string;
  /** The host that ran it. */
  readonly node: string;
  /** The PID of its bash there; -1 when it was not started, or was lost. */
  readonly pid: number;
  /** bash's own; -N when signal N ended it; -100 when it was lost. */
  readonly exitCode: number;
  /** The signal that ended it: `SIGKILL`. */
  readonly signal: string | undefined;
  /** Its exit code is not 0, or what it wrote could not be kept as `results` asks for. */
  readonly failed: boolean;
  /** What ran it vanished, more often than `maxLost` allows: nobody knows how it went. */
  readonly lost: boolean;
  /** It was not run: an earlier run's status file (`resumeFrom`) has it, and this is what stands there. */
  readonly skipped: boolean;
  /** Seconds, to the millisecond; start and finish since 1970. */
  readonly elapsed: number;
  readonly start: number;
  readonly finish: number;
  /** What it wrote to its standard output, and to its standard error: bytes, and the first and last of them as text. */
  readonly outputBytes: number;
  readonly outputSnippet: string;
  readonly errorBytes: number;
  readonly errorSnippet: string;
  /** Its file under `results` does not hold all of it. */
  readonly outputCut: boolean;
  readonly errorCut: boolean;
}
