/**
 * What the driver's core can cause. Pure: an interface. The loop in driver.ts implements it; tests implement it with a
 * simulated world.
 */

import type { LogLevel } from '../base/log-level.ts';
import type { ToEngine } from '../contract/messages.ts';
import type { StatusRecord } from '../task/status-record.ts';

export interface Effects {
  /** Sends to an engine. Never answers within the call. */
  toEngine(rank: number, message: ToEngine): void;
  /** Asks the feeder for up to this many more items. It answers with items, later. */
  pull(count: number): void;
  /** Puts a record into the status file. */
  record(record: StatusRecord): void;
  log(level: LogLevel, text: string): void;
  /** The run is over: every engine has left. Called once. */
  over(): void;
}
