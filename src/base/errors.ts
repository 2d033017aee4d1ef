/**
 * The catalogue of what can go wrong with disBatch itself.
 *
 * A failed task is data (a StatusRecord); an impossible state is a bug (a plain Error). In between is DisbatchError: a
 * sentence that says what is wrong, where, and what to do about it, with the exit status of the command.
 * docs/errors.md has a section for each code, held against this list by a test.
 */

/** Exit statuses of the command: 1 the run failed, 2 the command line is wrong. */
export type ExitStatus = 1 | 2;

/** Every error, by code: its exit status, and what it means in a few words. */
export const catalogue = {
  usage: [2, 'the command line is wrong'],
  'task-file-unreadable': [1, 'the task file cannot be read'],
  'task-file-mistake': [1, 'the task file has a line that is not what it seems to be'],
  'task-file-changed': [1, 'the task file changed while it was read'],
  'prefix-unusable': [1, 'the place for the files of the run cannot be used'],
  'status-unreadable': [1, 'a status file cannot be read'],
  'status-not-ours': [1, 'a file that was given is not a status file'],
  'resume-mismatch': [1, 'the task file is not the one that the status file tells of'],
  'status-unwritable': [1, 'a record cannot be written to the status file'],
  'output-unwritable': [1, 'what was asked for cannot be written'],
  'no-slots': [1, 'no slot can be made from what was asked for'],
  'where-to-run': [2, 'it is not clear where the tasks are to run'],
  'launcher-unusable': [1, 'tasks cannot be started'],
  'port-unusable': [1, 'there is no port to be reached at'],
  'no-run': [1, 'there is no run to take part in'],
  'no-store': [1, 'there is no store that answers'],
  'task-command-failed': [1, 'the command that gives the tasks has failed'],
  'no-engine-left': [1, 'nothing is left that could run tasks'],
  'not-run': [1, 'a task was not run'],
} as const satisfies Record<string, readonly [ExitStatus, string]>;

/** The code of a catalogue entry. */
export type ErrorCode = keyof typeof catalogue;

/** A failure of disBatch itself, told to the user as one sentence with a remedy. */
export class DisbatchError extends Error {
  readonly code: ErrorCode;
  readonly exitStatus: number;

  /** By name: parts of the program that are bundles of their own have a class of their own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'DisbatchError';
  }

  /**
   * @param code - the catalogue entry
   * @param sentence - what is wrong, where, and what to do; shown as it is
   * @param cause - what led to it, kept for the log
   * @param exitStatus - in the place of the catalogue's: that of a command of the user's
   */
  constructor(code: ErrorCode, sentence: string, cause?: unknown, exitStatus: number = catalogue[code][0]) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.name = 'DisbatchError';
    this.code = code;
    this.exitStatus = exitStatus;
  }
}

/** The system's own words for a failed call ("no such file or directory"), without Node's call and path. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const match = /^[A-Z][A-Z0-9]+: ([^,]+)/.exec(error.message);
  return match?.[1] ?? error.message;
}
