/**
 * What a run finds itself in: the process, its environment, and who is told what happens.
 */

import type { StartedWith } from '../base/started-with.ts';

/** Who is told what happens. */
export interface Teller {
  /** Something good to know. */
  notice(text: string): void;
  /** Something that went wrong. */
  error(text: string): void;
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
}
