/**
 * What the driver's core can cause. Pure: an interface. The loop in driver.ts implements it; tests implement it with a
 * simulated world.
 */

import type { ByteString } from '../base/byte-string.ts';
import type { LogLevel } from '../base/log-level.ts';
import type { ToContext, ToEngine } from '../contract/messages.ts';
import type { StatusRecord } from '../task/status-record.ts';
import type { TaskFacts } from './task-facts.ts';

export interface Effects {
  /** Sends to an engine. Never answers within the call. */
  toEngine(rank: number, message: ToEngine): void;
  /** Sends to a context. Never answers within the call. */
  toContext(rank: number, message: ToContext): void;
  /** Closes the connection of an engine that has not been heard of for too long. */
  dropEngine(rank: number): void;
  /** Asks the feeder for up to this many more items. It answers with items, later. */
  pull(count: number): void;
  /** Puts a record into the status file. Facts: of what an engine ran. */
  record(record: StatusRecord, facts?: TaskFacts): void;
  /** Puts the number of a barrier that is settled under its key in the store. */
  putBarrierKey(key: ByteString, taskId: number): void;
  /** Tells the user while the run goes on; the log too. */
  notice(text: string): void;
  log(level: LogLevel, text: string): void;
  /** No engine is there, and one may come: the user is to know what for. */
  awaitEngines(): void;
  /** The run is over: every engine has left. Called once. */
  over(): void;
}
