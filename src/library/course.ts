/**
 * The way to a run, whether the program has started it or joined it. Types.
 */

import type { ByteString } from '../base/byte-string.ts';
import type { Results } from './results.ts';
import type { RecordReader } from './record-reader.ts';
import type { WhyOver } from './run-summary.ts';

/** The name of a program that has not given any. Source: the original. */
export const defaultName = 'DisBatcher';

/** How the course of a run has ended. */
export interface CourseEnd {
  readonly why: WhyOver;
  readonly exitStatus: number;
  /** What kept disBatch from going on: then there is no summary. */
  readonly failure: unknown;
}

export interface Course {
  readonly results: Results;
  readonly reader: RecordReader;
  /** Where the first record is in the reader's file. */
  readonly begin: number;
  /** Where the records are for users. */
  readonly statusFile: string | undefined;
  /** Hands a message on. @returns done when there is room for the next */
  send(message: ByteString, taskIds: readonly number[]): Promise<void>;
  /** No message is to come. */
  noMore(): void;
  softStop(): void;
  /** Ends tasks, as far as they are ours to end. May be called several times. */
  end(): void;
  /** Lets go of results that are kept for the program alone. */
  forget(): Promise<void>;
  /** When nothing is left of it: no process, connection, timer or file that should be gone. Never rejects. */
  readonly over: Promise<CourseEnd>;
}
