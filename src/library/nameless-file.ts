/**
 * The records of a run that was joined, whose own status file may be on another host: a file of the program's that has no
 * name, so it is gone with the last who has it open, whatever becomes of the program.
 */

import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DisbatchError, systemReason } from '../base/errors.ts';
import { LineFile, type LineFileEvents } from '../driver/line-file.ts';
import { RecordReader } from './record-reader.ts';

/** @throws DisbatchError status-unwritable */
export function namelessFile(events: LineFileEvents): { file: LineFile; reader: RecordReader } {
  try {
    const folder = mkdtempSync(join(tmpdir(), 'disbatch-results-'));
    try {
      const path = join(folder, 'records');
      const file = new LineFile(path, openSync(path, 'wx', 0o600), events);
      return { file, reader: new RecordReader(path) };
    } finally {
      rmSync(folder, { recursive: true });
    }
  } catch (error) {
    throw new DisbatchError(
      'status-unwritable',
      `No file for results can be made in ${tmpdir()} (${systemReason(error)}). Make room there, or set TMPDIR.`,
      error,
    );
  }
}
