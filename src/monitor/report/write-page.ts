/**
 * Writes the page of a report: aside first, then renamed, so that FILE is the old page or the whole new one.
 */

import { readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DisbatchError, systemReason } from '../../base/errors.ts';
import { writeWhole } from '../../base/write-whole.ts';
import { reportPage } from './report-page.ts';
import type { ReportData } from './report-data.ts';

/**
 * @param folder - where the program is installed, with the page's style and script
 * @returns whether there is a file now; what was written into a pipe or a device may be anywhere
 * @throws DisbatchError usage
 */
export function writePage(file: string, data: ReportData, folder: string): boolean {
  const style = readFileSync(join(folder, 'report-page.css'), 'utf8');
  const script = readFileSync(join(folder, 'report-page.js'), 'utf8');
  try {
    const place = placeOf(file);
    // It would be the only one: the run could not be resumed any more.
    if (data.runs.some(({ statusFile }) => placeOf(statusFile).path === place.path)) throw overStatusFile(file);
    const page = reportPage(data, { style, script });
    if (place.isRegular) writeWhole(place.path, page, 0o666);
    else writeFileSync(place.path, page);
    return place.isRegular;
  } catch (error) {
    if (error instanceof DisbatchError) throw error;
    throw new DisbatchError(
      'usage',
      `The report cannot be written to ${file}: ${systemReason(error)}. Give --html the name of a file in a folder that you may write to.`,
      error,
    );
  }
}

/** Where links lead; and whether there is a file that can be replaced, or nothing: a device or a pipe is written into. */
function placeOf(file: string): { readonly path: string; readonly isRegular: boolean } {
  const there = statSync(file, { throwIfNoEntry: false });
  if (there === undefined || there.isDirectory()) return { path: file, isRegular: true };
  return there.isFile() ? { path: realpathSync(file), isRegular: true } : { path: file, isRegular: false };
}

function overStatusFile(file: string): DisbatchError {
  return new DisbatchError(
    'usage',
    `--html ${file} would replace the status file that the report is on. Give the page another name.`,
  );
}
