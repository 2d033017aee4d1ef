/**
 * The files that tell what became of each task: the status file, and beside it the details when they are asked for.
 */

import { closeSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { DisbatchError, systemReason } from '../base/errors.ts';
import { detailsFile, type RunFiles } from '../contract/run-files.ts';
import { createLineFile } from '../driver/create-line-file.ts';
import { detailsLine } from '../driver/details.ts';
import type { Effects } from '../driver/effects.ts';
import { LineFile } from '../driver/line-file.ts';
import { formatStatusLine, statusHeader } from '../task/status-line.ts';
import type { StatusRecord } from '../task/status-record.ts';
import type { Prepared } from './prepare.ts';
import type { RunOptions } from './run-options.ts';
import type { RecordWatch, Teller } from './surroundings.ts';

/** The files, made and open, and not yet written to by the run. */
export interface RecordFds {
  readonly status: number;
  readonly details: number | undefined;
}

/** What keeps the records of a run. */
export interface RecordFiles {
  readonly record: Effects['record'];
  /** Waits until all is in the files. @returns the first error, when a file does not take all of it */
  close(): Promise<DisbatchError | undefined>;
}

/**
 * Makes the files, with the records that are taken over already in them.
 *
 * @throws DisbatchError status-unwritable
 */
export function createRecordFiles(options: RunOptions, prepared: Prepared, files: RunFiles, tell: Teller): RecordFds {
  const create = (
    what: string,
    path: string,
    header: string | undefined,
    lineOf: (record: StatusRecord) => string,
  ): number => {
    const { fd, keptAs } = createLineFile(path, header, (append) => {
      if (!prepared.carries) return;
      for (const item of prepared.newFeeder({ skipsWritten: true, warn: false }).all()) {
        if (item.kind === 'skip') append(lineOf(item.record));
      }
    });
    if (keptAs !== undefined) tell.notice(`The ${what} that was there is kept as ${keptAs}.`);
    return fd;
  };
  const status = create('status file', files.status, options.statusHeader ? statusHeader : undefined, formatStatusLine);
  try {
    const results = resultsFolder(options);
    const details = options.details
      ? create('details file', detailsFile(files.prefix), undefined, (record) =>
          detailsLine(record, undefined, results),
        )
      : undefined;
    return { status, details };
  } catch (error) {
    closeSync(status);
    throw error;
  }
}

/** Closes files that no run will write to. */
export function closeRecordFiles({ status, details }: RecordFds): void {
  closeSync(status);
  if (details !== undefined) closeSync(details);
}

/** @param onTrouble - told of the first write that fails, of each file */
export function openRecordFiles(
  options: RunOptions,
  files: RunFiles,
  fds: RecordFds,
  watch: RecordWatch | undefined,
  onTrouble: (error: DisbatchError) => void,
): RecordFiles {
  const results = resultsFolder(options);
  const status = new LineFile(files.status, fds.status, {
    trouble: onTrouble,
    written: (upTo) => watch?.written(upTo),
  });
  const details =
    fds.details === undefined
      ? undefined
      : new LineFile(detailsFile(files.prefix), fds.details, { trouble: onTrouble });
  return {
    record: (record, facts) => {
      const at = status.append(formatStatusLine(record));
      details?.append(detailsLine(record, facts, results));
      watch?.record(record, at);
    },
    close: async () => {
      const [first, second] = [await status.close(), await details?.close()];
      return first ?? second;
    },
  };
}

/** @throws DisbatchError prefix-unusable when there is no such folder and it cannot be made */
export function makeResultsFolder(options: RunOptions): void {
  const folder = resultsFolder(options);
  if (folder === undefined) return;
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new DisbatchError(
      'prefix-unusable',
      `The folder ${folder} for what tasks write cannot be made (${systemReason(error)}). Choose another with --results.`,
      error,
    );
  }
}

/** The folder of `--results`, absolute; undefined: outputs are not kept. */
export function resultsFolder({ results }: Pick<RunOptions, 'results'>): string | undefined {
  return results === undefined ? undefined : resolve(results);
}
