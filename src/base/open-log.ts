/**
 * Opens the logs of a run.
 */

import { DisbatchError, systemReason } from './errors.ts';
import type { LogLevel } from './log-level.ts';
import { Log } from './log.ts';
import type { Releasers } from './releasers.ts';

/**
 * @param option - what chooses the place, for the error
 * @throws DisbatchError prefix-unusable
 */
export function openLog(path: string, level: LogLevel, releasers: Releasers, option = '-p'): Log {
  try {
    const log = new Log(path, level);
    releasers.add(() => log.close());
    return log;
  } catch (error) {
    throw new DisbatchError(
      'prefix-unusable',
      `The file ${path} cannot be written (${systemReason(error)}). Choose a place that you may write to with ${option}.`,
      error,
    );
  }
}
