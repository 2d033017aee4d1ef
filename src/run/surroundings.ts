/**
 * What a run finds itself in: the process, its environment, and who is told what happens.
 */

import type { StartedWith } from '../base/started-with.ts';
import type { StatusRecord } from '../task/status-record.ts';

/** Who is told what happens. */
export interface Teller {
  /** Something good to know. */
  notice(text: string): void;
  /** Something that went wrong. */
  error(text: string): void;
}

/** A program that follows what becomes of its tasks. */
export interface RecordWatch {
  /** A record, as it is made; `at` is where its line begins in the status file, in bytes. */
  record(record: StatusRecord, at: number): void;
  /** Everything before this place is in the status file. */
  written(upTo: number): void;
}

export interface Surroundings {
  /** How the run was asked for, for the log: the command line. */
  readonly invocation: string;
  /** What tasks inherit, and where a resource manager tells of its job. */
  readonly env: NodeJS.ProcessEnv;
  readonly started: StartedWith;
  /** Where the program is installed. */
  readonly folder: string;
  readonly tell: Teller;
  readonly version: string;
  readonly watch?: RecordWatch;
}
