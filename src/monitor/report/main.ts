/**
 * Reports: their entry, loaded by the command, in whose process they are made.
 */

import { visible } from '../../base/terminal-text.ts';
import { makeData } from './make-data.ts';
import type { ReportData } from './report-data.ts';
import { reportText } from './report-text.ts';
import { inks, isPlainTerminal, noInks, type TextOptions } from './signs.ts';
import { readStatusFiles } from './status-files.ts';
import { writePage } from './write-page.ts';

export interface ReportRequest {
  /** Status files, or prefixes of runs. */
  readonly given: readonly string[];
  /** Where the page goes. */
  readonly html: string | undefined;
  readonly json: boolean;
  readonly top: number;
  readonly version: string;
  /** Where the program is installed. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly isTerminal: boolean;
  /** Of the terminal. */
  readonly columns: number | undefined;
}

/**
 * Makes a report.
 *
 * @returns what is to be printed
 * @throws (rejects with) DisbatchError status-unreadable, status-not-ours; usage when the page cannot be written
 */
export async function makeReport(request: ReportRequest): Promise<string> {
  const { given, html, json, top, version, folder } = request;
  const data = makeData(await readStatusFiles(given), { version, now: Date.now() / 1000, top });
  const hasPage = html !== undefined && writePage(html, data, folder);
  if (json) return reportJson(data);
  if (html === undefined) return reportText(data, textOptions(request));
  return hasPage ? `The report is in ${visible(html)}\n` : '';
}

/** Sums of milliseconds have digits that mean nothing. */
function reportJson(data: ReportData): string {
  const rounded = (_: string, value: unknown): unknown =>
    typeof value === 'number' ? Number(value.toPrecision(13)) : value;
  return `${JSON.stringify(data, rounded)}\n`;
}

function textOptions({ env, isTerminal, columns }: ReportRequest): TextOptions {
  const plain = isPlainTerminal(env);
  const hasColours = isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return { width: Math.max(80, columns ?? 80), plain, inks: hasColours ? inks : noInks };
}
