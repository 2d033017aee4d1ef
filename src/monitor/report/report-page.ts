/**
 * A report as one page for a browser: all in one file, nothing is loaded, and without its script only sorting is missing. Pure.
 *
 * Always true: what comes from tasks is text. The page's policy lets no style and script run but the two that are given.
 */

import { createHash } from 'node:crypto';
import { counted, duration, grouped, visible } from '../../base/terminal-text.ts';
import { rateText } from '../summary.ts';
import { Html, markup, nothing } from './markup.ts';
import { courseSection } from './page-course.ts';
import { failuresSection, filesSection, longestSection, memorySection } from './page-sections.ts';
import { nodesSection, slotsSection, timesSection } from './page-sections.ts';
import type { ReportData } from './report-data.ts';
import { dayAndTime, percent, spanText, taskTime } from './words.ts';

export interface PageParts {
  readonly style: string;
  readonly script: string;
}

export function reportPage(data: ReportData, parts: PageParts): string {
  // A script ends where it says so, even within a string.
  const [style, script] = [parts.style.trim(), parts.script.trim().replace(/<\/(?=script)/gi, '<\\/')];
  const policy = [
    ...["default-src 'none'", `style-src '${hashOf(style)}'`, `script-src '${hashOf(script)}'`],
    ...['img-src data:', "base-uri 'none'", "form-action 'none'"],
  ].join('; ');
  const title = titleOf(data);
  const sections =
    data.nodes.length === 0
      ? [failuresSection(data), filesSection(data)]
      : [
          failuresSection,
          courseSection,
          timesSection,
          nodesSection,
          longestSection,
          memorySection,
          slotsSection,
          filesSection,
        ].map((section) => section(data));
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}: disBatch report</title>
        <link
          rel="icon"
          href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Cpath d='M1 7V4h1.5v3zM3.3 7V1h1.5v6zM5.6 7V3h1.5v4z' fill='%232a6fdb'/%3E%3C/svg%3E"
        />
        ${new Html(`<style>${style}</style>`)}
      </head>
      <body>
        <header>${lead(data, title)}</header>
        <main>${notes(data)} ${sections}</main>
        <footer>
          Made by disBatch ${data.version} at ${dayAndTime(data.made)}. Times of day are those of ${zoneOf(data.made)}.
        </footer>
        ${new Html(`<script>${script}</script>`)}
      </body>
    </html> `.source;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** The name of the run: of its status file. */
function titleOf({ runs }: ReportData): string {
  const path = runs[0]?.statusFile ?? '';
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/_status\.txt$/, '');
  return visible(runs.length > 1 ? `${name} and ${runs.length - 1} more` : name);
}

function zoneOf(time: number): string {
  const minutes = -new Date(time * 1000).getTimezoneOffset();
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `UTC${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

function lead({ tasks, time, slots, runs }: ReportData, title: string): Html {
  const span =
    time.start === null || time.finish === null
      ? nothing
      : markup`<p class="aside">${spanText(time.start, time.finish)}</p>`;
  const beside = [
    ...(tasks.takenOver > 0 ? [`${grouped(tasks.takenOver)} taken over from earlier`] : []),
    ...(tasks.ranAgain > 0 ? [`${counted(tasks.ranAgain, 'record')} of tasks that ran again since`] : []),
    ...(tasks.lost > 0 ? [`${grouped(tasks.lost)} of the failed were lost`] : []),
    ...(tasks.late > 0 ? [counted(tasks.late, 'late report')] : []),
    ...(tasks.perEngine > 0 ? [counted(tasks.perEngine, 'per-engine task')] : []),
    ...(tasks.barriers > 0 ? [counted(tasks.barriers, 'barrier')] : []),
    ...(runs.length > 1 ? [`${runs.length} runs`] : []),
  ];
  const of = tasks.total > 0 && tasks.failed > 0 ? percent(tasks.failed / tasks.total) : '';
  const ran = tasks.run + tasks.ranAgain;
  const perTask = ran > 0 ? `${taskTime(time.taskSeconds / ran)} a task` : '';
  return markup`<p class="brand">disBatch report</p>
    <h1>${title}</h1>
    ${span}
    <dl class="figures">
      ${figure('Tasks', grouped(tasks.total), `${grouped(tasks.good)} done well`)}
      ${figure('Failed', grouped(tasks.failed), of, tasks.failed > 0 ? 'bad-text' : 'good-text')}
      ${figure('Took', duration(time.elapsed), time.rate === null ? '' : `${rateText(time.rate)} tasks/s`)}
      ${figure('Task time', duration(time.taskSeconds), perTask)}
      ${figure('Slots busy', slots.busy === null ? '–' : percent(slots.busy), counted(slots.most, 'slot'))}
      ${figure('Best time', duration(slots.best), 'or more')}
    </dl>
    ${beside.length > 0 ? markup`<p class="aside">${beside.join(', ')}.</p>` : nothing}`;
}

function figure(name: string, value: string, beside: string, className = ''): Html {
  return markup`<div>
    <dt>${name}</dt>
    <dd class="value ${className}">${value}</dd>
    <dd class="aside">${beside}</dd>
  </div>`;
}

function notes({ notes: sentences }: ReportData): Html {
  if (sentences.length === 0) return nothing;
  return markup`<ul class="notes">
    ${sentences.map((sentence) => markup`<li>${visible(sentence)}</li>`)}
  </ul>`;
}
