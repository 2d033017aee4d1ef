/**
 * A piece of news of a run: what a mail, or the command of `--notify`, is made of. Pure data.
 */

import type { RunSnapshot } from '../contract/snapshot.ts';
import type { Batch } from './gathering.ts';

/** What is always the same of a run. */
export interface RunNames {
  readonly taskName: string;
  /** Absolute: what the names of the run's files begin with. */
  readonly prefix: string;
  readonly statusFile: string;
  /** Where the driver runs. */
  readonly host: string;
}

/** How the run went, for the last news. */
export interface RunFarewell {
  readonly exitStatus: number;
  /** The command that runs what is left, or failed. */
  readonly resumeCommand: string;
  /** The lines that a terminal shows at the end, without colours. */
  readonly summary: readonly string[];
}

export interface News {
  readonly run: RunNames;
  readonly snapshot: RunSnapshot;
  /** Seconds until the run is done, where that can be said. */
  readonly toGo: number | undefined;
  readonly batch: Batch;
  /** Of the last news. */
  readonly farewell: RunFarewell | undefined;
}

export type NewsEvent = 'completions' | 'first-failure' | 'end';

export function eventOf({ batch, farewell }: News): NewsEvent {
  if (farewell !== undefined) return 'end';
  return batch.isFirstFailure ? 'first-failure' : 'completions';
}
