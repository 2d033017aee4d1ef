/**
 * The section of the page that shows a run over time. Pure.
 */

import { counted, grouped } from '../../base/terminal-text.ts';
import type { Course } from '../analysis/course.ts';
import { columnsPlot, framed, roundTop, runningPlot } from './charts.ts';
import { markup, nothing, type Html } from './markup.ts';
import { numberCell, table } from './page-table.ts';
import type { ReportData, ReportedRun } from './report-data.ts';
import { dayAndTime, stretchText } from './words.ts';

/** Runs whose course is drawn, the last ones. */
const mostCourses = 6;

export function courseSection({ runs }: ReportData): Html {
  const ran = runs.filter(({ course }) => course.finished.length > 0);
  const drawn = ran.slice(-mostCourses);
  const parts = drawn.map((run) =>
    courseOf(run, ran.length > 1 ? `Run ${runs.indexOf(run) + 1} of ${runs.length}` : ''),
  );
  return markup`<section>
    <h2>Over time</h2>
    ${parts}
  </section>`;
}

function courseOf(run: ReportedRun, title: string): Html {
  const { course, slots, failed } = run;
  const stretch = stretchText(course.width);
  const [ends, failures] = [Math.max(...course.finished), Math.max(...course.failed)];
  const well = course.finished.map((count, i) => count - (course.failed[i] as number));
  const endsTop = roundTop(ends);
  const layers = [
    { className: 'bad', counts: course.failed },
    { className: 'good', counts: well },
  ];
  const endsPart = markup`<p class="legend"><span class="key good"></span> Tasks that ended, in each ${stretch}</p>
    ${framed(columnsPlot(layers, endsTop), `Tasks that ended in each ${stretch}, at most ${grouped(ends)}`, endsTop, course)}`;
  const failedTop = roundTop(failures);
  const failedPart =
    failed === 0
      ? nothing
      : markup`<p class="legend"><span class="key bad"></span> Tasks that failed, in each ${stretch}</p>
          ${framed(columnsPlot(layers.slice(0, 1), failedTop), `Tasks that failed in each ${stretch}, at most ${grouped(failures)}`, failedTop, course)}`;
  const runningTop = Math.max(1, slots);
  return markup`<div class="course">
    ${title === '' ? nothing : markup`<h3>${title}</h3>`} ${endsPart} ${failedPart}
    <p class="legend"><span class="key area"></span> Tasks that ran, of ${counted(slots, 'slot')}</p>
    ${framed(runningPlot(course, runningTop), `How many of ${counted(slots, 'slot')} ran tasks`, runningTop, course)}
    <p class="readout" aria-hidden="true"></p>
    <details>
      <summary>The same as a table</summary>
      ${courseTable(course)}
    </details>
  </div>`;
}

function courseTable({ from, width, finished, failed, running }: Course): Html {
  const rows = finished.map((count, i) => {
    const at = from + i * width;
    const [bad, ran] = [failed[i] as number, running[i] as number];
    return markup`<tr>
      <th scope="row">${momentText(at, width)}</th>
      ${numberCell(count, grouped(count))} ${numberCell(bad, grouped(bad))} ${numberCell(ran, ran.toFixed(1))}
    </tr>`;
  });
  const heads = ['ended', 'failed', 'ran'].map((title) => ({ title, isNumber: true }));
  return table('Ends, failures and running tasks over time', [{ title: 'from' }, ...heads], rows, false);
}

/** The beginning of a stretch of such a width. */
function momentText(time: number, width: number): string {
  return width >= 1 ? dayAndTime(time) : `${dayAndTime(time)}${(time % 1).toFixed(2).slice(1)}`;
}
