/**
 * The sections of the page of a report. Pure.
 */

import { counted, duration, grouped, visible } from '../../base/terminal-text.ts';
import { lyingBar } from './charts.ts';
import { markup, nothing, type Html } from './markup.ts';
import { numberCell, table } from './page-table.ts';
import type { ReportData, ReportedFailures, ReportedTask } from './report-data.ts';
import { byName, dayAndTime, edgeText, examplesText, idleReasons, isOfOneNode } from './words.ts';
import { failsMoreAmong, memoryText, percent, slowRatio, taskTime, timeOfDay, whereText } from './words.ts';

/** Nodes in the table at most: a browser takes long for more. */
const mostNodes = 2000;

export function failuresSection({ failures, failureGroups, nodes, tasks }: ReportData): Html {
  const all = tasks.failed + tasks.perEngineFailed;
  if (all === 0)
    return markup`<section>
      <h2>Failures</h2>
      <p class="fine">No task failed.</p>
    </section>`;
  const largest = Math.max(...failures.map(({ count }) => count));
  const left = failureGroups - failures.length;
  const rest = all - failures.reduce((sum, { count }) => sum + count, 0);
  const more =
    left > 0
      ? markup`<p class="aside">And ${counted(rest, 'failure')} of ${counted(left, 'other kind')}.</p>`
      : nothing;
  return markup`<section>
    <h2>Failures</h2>
    <p class="aside">
      ${counted(all, 'failure')} of ${counted(failureGroups, 'kind')}. An ellipsis stands for what differs from one to
      the next.
    </p>
    <ol class="failures">
      ${failures.map((group) => failureItem(group, largest, nodes.length))}
    </ol>
    ${more}
  </section>`;
}

function failureItem(group: ReportedFailures, largest: number, allNodes: number): Html {
  const { count, how, message, wasRead } = group;
  const said =
    message === null
      ? markup`<p class="aside">${!wasRead ? 'Not looked at any closer.' : count === 1 ? 'It said nothing.' : 'They said nothing.'}</p>`
      : markup`<pre>${visible(message)}</pre>`;
  const where = markup`<span${isOfOneNode(group, allNodes) ? markup` class="bad-text"` : nothing}>${visible(whereText(group, allNodes))}</span>`;
  return markup`<li>
    <p class="what"><strong class="bad-text">${grouped(count)}</strong> ${how}</p>
    ${lyingBar([{ className: 'bad', share: count / largest }])} ${said}
    <p class="aside">${where}; ${examplesText(group, 5)}</p>
  </li>`;
}

export function timesSection({ times }: ReportData): Html {
  const { buckets, median, p95, longest } = times;
  const largest = Math.max(...buckets.map(({ count }) => count));
  const rows = buckets.map(
    ({ from, to, count, failed }) =>
      markup`<tr>
        <th scope="row">${edgeText(from)} to ${edgeText(to)}</th>
        <td class="wide">
          ${lyingBar([
            { className: 'good', share: (count - failed) / largest },
            { className: 'bad', share: failed / largest },
          ])}
        </td>
        ${numberCell(count, grouped(count))}${numberCell(failed, failed === 0 ? '' : grouped(failed), 'bad-text')}
      </tr>`,
  );
  return markup`<section>
    <h2>Times of tasks</h2>
    <p class="aside">
      Half of them took ${taskTime(median ?? 0)} or less, 95 % ${taskTime(p95 ?? 0)} or less, the longest
      ${taskTime(longest ?? 0)}.
    </p>
    ${table('How long tasks took', [{ title: 'time' }, { title: 'share' }, { title: 'tasks', isNumber: true }, { title: 'failed', isNumber: true }], rows, false)}
  </section>`;
}

export function nodesSection({ nodes }: ReportData): Html {
  const shown = nodes.toSorted(byName).slice(0, mostNodes);
  const failsMore = failsMoreAmong(nodes);
  const most = Math.max(...shown.map(({ p95 }) => p95), 0.001);
  const rows = shown.map(({ node, tasks, failed, median, ratio, p95, longest, slots, busy }) => {
    const isSlow = nodes.length > 1 && ratio >= slowRatio;
    return markup`<tr>
      <th scope="row">${visible(node)}</th>
      ${numberCell(tasks, grouped(tasks))}${numberCell(failed, grouped(failed), failsMore({ tasks, failed }) ? 'bad-text' : '')}
      ${numberCell(median, taskTime(median))}
      <td class="wide" data-value="${ratio}">
        ${lyingBar([
          { className: isSlow ? 'slow' : 'good', share: median / most },
          { className: 'rest', share: Math.max(0, p95 - median) / most },
        ])}
      </td>
      ${numberCell(ratio, `${ratio.toFixed(2)}×`, isSlow ? 'slow-text' : '')}${numberCell(p95, taskTime(p95))}
      ${numberCell(longest, taskTime(longest))}${numberCell(slots, grouped(slots))}${numberCell(busy ?? 0, busy === null ? '' : percent(busy))}
    </tr>`;
  });
  const left = nodes.length - shown.length;
  return markup`<section>
    <h2>Nodes</h2>
    <p class="aside">
      The bar is a node’s median, and in a lighter colour up to where 95 % of its tasks lie. A node whose median is
      ${slowRatio} times that of all, or more, is slow.
    </p>
    ${table(
      'Tasks and times by node',
      [
        ...[{ title: 'node' }, { title: 'tasks', isNumber: true }, { title: 'failed', isNumber: true }],
        ...[{ title: 'median', isNumber: true }, { title: 'median to 95 %' }, { title: 'of all', isNumber: true }],
        ...[
          { title: '95 %', isNumber: true },
          { title: 'longest', isNumber: true },
        ],
        ...[
          { title: 'slots', isNumber: true },
          { title: 'busy', isNumber: true },
        ],
      ],
      rows,
    )}
    ${left > 0 ? markup`<p class="aside">And ${counted(left, 'other node')}.</p>` : nothing}
  </section>`;
}

export function longestSection({ longest }: ReportData): Html {
  const rows = longest.map(
    ({ elapsed, start, ...task }) => markup`<tr>
      ${numberCell(elapsed, taskTime(elapsed))} ${taskCells(task)}
      <td data-value="${start}">${dayAndTime(start)}</td>
      ${commandCell(task)}
    </tr>`,
  );
  return markup`<section>
    <h2>Longest tasks</h2>
    ${table('The tasks that took longest', [{ title: 'time', isNumber: true }, ...taskHeads, { title: 'started' }, { title: 'command' }], rows)}
  </section>`;
}

export function memorySection({ memory }: ReportData): Html {
  if (memory === null) return nothing;
  const { tasks, median, p95, most, largest } = memory;
  const rows = largest.map(
    (task) => markup`<tr>
      ${numberCell(task.bytes, memoryText(task.bytes))} ${taskCells(task)} ${commandCell(task)}
    </tr>`,
  );
  return markup`<section>
    <h2>Memory of tasks</h2>
    <p class="aside">
      Half of ${counted(tasks, 'task')} had ${memoryText(median)} or less at their peak, 95 % ${memoryText(p95)} or
      less, the largest ${memoryText(most)}.
    </p>
    ${table('The tasks that had most memory', [{ title: 'memory', isNumber: true }, ...taskHeads, { title: 'command' }], rows)}
  </section>`;
}

const taskHeads = [
  ...[
    { title: 'task', isNumber: true },
    { title: 'line', isNumber: true },
  ],
  ...[{ title: 'node' }, { title: 'ended' }],
];

function taskCells({
  taskId,
  lineNumber,
  node,
  failed,
}: Pick<ReportedTask, 'taskId' | 'lineNumber' | 'node' | 'failed'>): Html {
  return markup`${numberCell(taskId, String(taskId))} ${numberCell(lineNumber, String(lineNumber))}
    <td>${visible(node)}</td>
    <td>${failed ? markup`<span class="bad-text">failed</span>` : 'well'}</td>`;
}

function commandCell({ command }: Pick<ReportedTask, 'command'>): Html {
  return markup`<td class="command"><code>${visible(command)}</code></td>`;
}

export function slotsSection({ slots, time, runs }: ReportData): Html {
  const { most, busy, best, phases, worstPhases } = slots;
  const reasons = idleReasons(slots);
  const all = time.taskSeconds + reasons.reduce((sum, { seconds }) => sum + seconds, 0);
  const share = (seconds: number): number => (all > 0 ? seconds / all : 0);
  const parts = [
    { className: 'good', seconds: time.taskSeconds, what: 'tasks ran' },
    ...reasons.map(({ seconds, why }, i) => ({ className: `idle-${i}`, seconds, what: `idle ${why}` })),
  ];
  const keys = parts
    .filter(({ seconds }) => seconds > 0)
    .map(
      ({ className, seconds, what }) =>
        markup`<li>
        <span class="key ${className}"></span> <strong>${percent(share(seconds))}</strong> ${what}
        (${duration(seconds)})
      </li>`,
    );
  const worst = worstPhases.slice(0, 10).map(
    ({ barrierLine, tasks, start, finish, longest, tail, run }) =>
      markup`<tr>
        ${runs.length > 1 ? numberCell(run + 1, String(run + 1)) : nothing}
        <th scope="row">${barrierLine === null ? 'the end' : `the barrier of line ${barrierLine}`}</th>
        ${numberCell(tasks, grouped(tasks))}${numberCell(finish - start, duration(finish - start))}
        ${numberCell(longest, taskTime(longest))}${numberCell(tail, duration(tail))}
      </tr>`,
  );
  const heads = [
    ...(runs.length > 1 ? [{ title: 'run', isNumber: true }] : []),
    ...[{ title: 'before' }, { title: 'tasks', isNumber: true }, { title: 'took', isNumber: true }],
    ...[
      { title: 'longest task', isNumber: true },
      { title: 'idle slot time', isNumber: true },
    ],
  ];
  const phaseTable =
    phases > 1
      ? markup`<h3>Where slots waited for the last tasks</h3>
          <p class="aside">
            Barriers part the tasks into ${counted(phases, 'phase')}; at the end of each, slots wait for its last tasks.
          </p>
          ${table('Phases at whose ends most slot time was idle', heads, worst)}`
      : nothing;
  const of = time.elapsed > 0 ? `, ${percent(best / time.elapsed)} of what it took` : '';
  return markup`<section>
    <h2>Slots</h2>
    <p class="aside">
      ${counted(most, 'slot')} at most at one moment, busy for ${percent(busy ?? 0)} of the time. No schedule with these
      slots is shorter than ${duration(best)}${of}.
    </p>
    <div class="whole">${lyingBar(parts.map(({ className, seconds }) => ({ className, share: share(seconds) })))}</div>
    <ul class="keys">
      ${keys}
    </ul>
    ${phaseTable}
  </section>`;
}

export function filesSection({ runs }: ReportData): Html {
  const rows = runs.map(
    ({ start, finish, elapsed, tasks, failed, slots, best, statusFile }) =>
      markup`<tr>
        <td data-value="${start ?? 0}">${start === null ? 'nothing was run' : dayAndTime(start)}</td>
        <td data-value="${finish ?? 0}">
          ${finish === null ? '' : `${dayAndTime(finish).slice(0, 11)}${timeOfDay(finish)}`}
        </td>
        ${numberCell(elapsed, duration(elapsed))}${numberCell(tasks, grouped(tasks))}${numberCell(failed, grouped(failed), failed > 0 ? 'bad-text' : '')}
        ${numberCell(slots, grouped(slots))}${numberCell(best, duration(best))}
        <td class="path"><code>${visible(statusFile)}</code></td>
      </tr>`,
  );
  return markup`<section>
    <h2>${runs.length === 1 ? 'Run' : 'Runs'}</h2>
    ${table(
      'Runs and their status files',
      [
        ...[{ title: 'from' }, { title: 'to' }, { title: 'took', isNumber: true }, { title: 'tasks', isNumber: true }],
        ...[
          { title: 'failed', isNumber: true },
          { title: 'slots', isNumber: true },
        ],
        ...[{ title: 'best time', isNumber: true }, { title: 'status file' }],
      ],
      rows,
    )}
  </section>`;
}
