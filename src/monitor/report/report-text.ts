/**
 * A report as text for a terminal, or a file that somebody reads. Pure.
 *
 * Always true: what comes from tasks is made visible; no line is longer than the width but those that have paths in them.
 */

import { counted, duration, grouped, visible } from '../../base/terminal-text.ts';
import { clipStart, columnsOf } from '../../base/text-width.ts';
import { rateText } from '../summary.ts';
import type { ReportData, ReportedFailures, ReportedNode } from './report-data.ts';
import { shortNames } from './node-names.ts';
import { bar, cut, gapMark, type TextOptions } from './signs.ts';
import { textTable } from './text-table.ts';
import { longestTasks, memoryOfTasks } from './text-tasks.ts';
import { byName, dayAndTime, edgeText, examplesText, failsMoreAmong, idleReasons, isOfOneNode } from './words.ts';
import { percent, slowRatio, spanText, taskTime, whereText } from './words.ts';

/** Nodes that are shown at most; those that stand out, when there are more. */
const mostNodes = 24;

/** How many phases are shown whose ends left slots idle. */
const mostPhases = 3;

export function reportText(data: ReportData, options: TextOptions): string {
  const sections = [
    headline(data, options),
    ...(data.runs.length > 1 ? [runsTable(data, options)] : []),
    failures(data, options),
    ...(data.nodes.length > 0
      ? [
          nodesTable(data, options),
          timesBars(data, options),
          longestTasks(data, options),
          ...(data.memory === null ? [] : [memoryOfTasks(data.memory, options)]),
          slots(data, options),
        ]
      : []),
  ];
  const text = sections.map((lines) => `${lines.join('\n')}\n`).join('\n');
  return options.plain ? text.replaceAll('…', '...') : text;
}

function headline({ tasks, time, runs, notes }: ReportData, options: TextOptions): string[] {
  const { bad, good, faint, strong } = options.inks;
  const failed = tasks.failed === 0 ? good('none failed') : bad(`${grouped(tasks.failed)} failed`);
  const lost = tasks.lost === 0 ? '' : ` (${grouped(tasks.lost)} of them lost)`;
  const [run] = runs;
  const title = run !== undefined && runs.length === 1 ? visible(run.statusFile) : counted(runs.length, 'status file');
  const lines = [
    strong(title),
    `${strong(counted(tasks.total, 'task'))}: ${grouped(tasks.good)} done well, ${failed}${lost}`,
  ];
  if (time.start !== null && time.finish !== null) {
    const rate = time.rate === null ? '' : `, ${rateText(time.rate)} tasks/s`;
    const took = `took ${duration(time.elapsed)}${runs.length > 1 ? ' in all' : ''}`;
    lines.push(`  ${spanText(time.start, time.finish)}, ${took}`);
    lines.push(`  task time ${duration(time.taskSeconds)}${rate}`);
  }
  const beside = [
    ...(tasks.takenOver > 0
      ? [
          `${grouped(tasks.takenOver)} taken over from earlier` +
            (tasks.takenOverFailed > 0 ? ` (${grouped(tasks.takenOverFailed)} of them failed)` : ''),
        ]
      : []),
    ...(tasks.ranAgain > 0 ? [`${counted(tasks.ranAgain, 'record')} of tasks that ran again since`] : []),
    ...(tasks.late > 0 ? [counted(tasks.late, 'late report')] : []),
    ...(tasks.perEngine > 0
      ? [
          counted(tasks.perEngine, 'per-engine task') +
            (tasks.perEngineFailed > 0 ? ` (${grouped(tasks.perEngineFailed)} failed)` : ''),
        ]
      : []),
    ...(tasks.barriers > 0 ? [counted(tasks.barriers, 'barrier')] : []),
  ];
  return [
    ...lines,
    ...inLines(beside, options.width - 2).map((line) => faint(`  ${line}`)),
    ...notes.map((note) => bad(`  ${visible(note)}`)),
  ];
}

/** Parts of an enumeration, as many in a line as it has room for. */
function inLines(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const [i, part] of parts.entries()) {
    const text = i < parts.length - 1 ? `${part},` : part;
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + text.length <= width) lines[lines.length - 1] = `${last} ${text}`;
    else lines.push(text);
  }
  return lines;
}

function runsTable({ runs }: ReportData, { inks, width }: TextOptions): string[] {
  return [
    inks.strong('Runs'),
    ...textTable(
      [
        {
          title: 'began',
          cells: runs.map(({ start }) => (start === null ? 'nothing was run' : dayAndTime(start))),
        },
        { title: 'time', right: true, cells: runs.map(({ elapsed }) => duration(elapsed)) },
        { title: 'tasks', right: true, cells: runs.map(({ tasks }) => grouped(tasks)) },
        {
          title: 'failed',
          right: true,
          cells: runs.map(({ failed }) => grouped(failed)),
          ink: (text, row) => (runs[row]?.failed === 0 ? text : inks.bad(text)),
        },
        {
          title: 'status file',
          // Its end tells more than its beginning.
          cells: runs.map(({ statusFile }) => clipStart(visible(statusFile), Math.max(20, width - 54), '…')),
        },
      ],
      inks.faint,
    ),
  ];
}

function failures({ failures: groups, failureGroups, nodes, tasks }: ReportData, options: TextOptions): string[] {
  const { strong, good } = options.inks;
  const all = tasks.failed + tasks.perEngineFailed;
  if (all === 0) return [good('No failures')];
  const of = failureGroups > 1 ? `, of ${grouped(failureGroups)} kinds` : '';
  const lines = [strong(`Failures: ${grouped(all)}${of}`)];
  const room = Math.max(...groups.map(({ count }) => grouped(count).length), 3);
  for (const group of groups) lines.push(...failureLines(group, room, nodes.length, options));
  const left = failureGroups - groups.length;
  if (left > 0) {
    const count = all - groups.reduce((sum, group) => sum + group.count, 0);
    lines.push(`  ${''.padStart(room)}  and ${counted(count, 'failure')} of ${counted(left, 'other kind')} (--top)`);
  }
  return lines;
}

function failureLines(group: ReportedFailures, room: number, allNodes: number, options: TextOptions): string[] {
  const { bad, faint } = options.inks;
  const { how, message, wasRead, count } = group;
  const indent = room + 4;
  const said = message === null ? (wasRead ? '' : ', not looked at any closer') : `: ${visible(message)}`;
  const where = cut(visible(whereText(group, allNodes)), options.width - indent, options);
  const place = `${where}; `;
  const examples = [3, 2, 1, 0].map((most) => (most === 0 ? '' : examplesText(group, most)));
  const fitting = examples.find((text) => indent + columnsOf(place) + columnsOf(text) <= options.width) ?? '';
  const marked = isOfOneNode(group, allNodes) ? bad(where) : where;
  return [
    `  ${bad(grouped(count).padStart(room))}  ${cut(how + said, options.width - indent, options)}`,
    `${' '.repeat(indent)}${marked}${fitting === '' ? '' : faint(`; ${fitting}`)}`,
  ];
}

/** All, or those with the most failures and the slowest. */
function shownNodes(nodes: readonly ReportedNode[]): ReportedNode[] {
  if (nodes.length <= mostNodes) return nodes.toSorted(byName);
  const failing = nodes.filter(({ failed }) => failed > 0).toSorted((a, b) => b.failed - a.failed);
  const shown = new Set(failing.slice(0, mostNodes / 2));
  for (const node of nodes.toSorted((a, b) => b.ratio - a.ratio)) if (shown.size < mostNodes) shown.add(node);
  return [...shown].toSorted(byName);
}

function nodesTable({ nodes }: ReportData, { inks, width, plain }: TextOptions): string[] {
  const shown = shownNodes(nodes);
  const failsMore = failsMoreAmong(nodes);
  const isSlow = (row: number): boolean => nodes.length > 1 && (shown[row]?.ratio ?? 0) >= slowRatio;
  const numbers = (title: string, of: (node: ReportedNode) => string) => ({ title, right: true, cells: shown.map(of) });
  const more = shown.length === nodes.length ? '' : `, ${shown.length} of them`;
  return [
    inks.strong(`Nodes: ${grouped(nodes.length)}${more}`),
    ...textTable(
      [
        {
          title: 'node',
          cells: shortNames(
            shown.map(({ node }) => visible(node)),
            Math.max(10, width - 66),
            gapMark({ plain }),
          ),
        },
        numbers('tasks', ({ tasks }) => grouped(tasks)),
        {
          ...numbers('failed', ({ failed }) => grouped(failed)),
          ink: (text, row) => (failsMore(shown[row] as ReportedNode) ? inks.bad(text) : text),
        },
        numbers('median', ({ median }) => taskTime(median)),
        {
          ...numbers('of all', ({ ratio }) => `${ratio.toFixed(ratio < 10 ? 2 : 0)}x`),
          ink: (text, row) => (isSlow(row) ? inks.bad(text) : text),
        },
        numbers('95 %', ({ p95 }) => taskTime(p95)),
        numbers('longest', (node) => taskTime(node.longest)),
        numbers('slots', (node) => grouped(node.slots)),
        numbers('busy', ({ busy }) => (busy === null ? '' : percent(busy))),
      ],
      inks.faint,
    ),
    ...(more === '' ? [] : [inks.faint('  those with the most failures, and the slowest; --json has all')]),
  ];
}

function timesBars({ times }: ReportData, { inks, width, plain }: TextOptions): string[] {
  const { buckets, median, p95, longest: most } = times;
  const largest = Math.max(...buckets.map(({ count }) => count));
  const labels = buckets.map(({ from, to }) => [edgeText(from), edgeText(to)] as const);
  const [left, right] = [0, 1].map((side) => Math.max(...labels.map((label) => (label[side] as string).length)));
  const figures = buckets.map(
    ({ count, failed }) => [grouped(count), ...(failed > 0 ? [`${grouped(failed)} failed`] : [])] as const,
  );
  const room = Math.max(...figures.map(([count]) => count.length));
  const beside = Math.max(...figures.map((each) => (each[1] === undefined ? 0 : each[1].length + 2)));
  const barWidth = Math.max(8, Math.min(60, width - (left as number) - (right as number) - room - beside - 11));
  const figure = (seconds: number | null): string => taskTime(seconds ?? 0);
  return [
    inks.strong('Times of tasks'),
    `  median ${figure(median)}, 95 % within ${figure(p95)}, longest ${figure(most)}`,
    ...buckets.map(({ count }, i) => {
      const [from, to] = labels[i] as readonly [string, string];
      const [number, failed] = figures[i] as readonly [string, string?];
      const drawn = bar(count / largest, barWidth, plain);
      const gap = ' '.repeat(barWidth - [...drawn].length);
      const label = `${from.padStart(left as number)} to ${to.padStart(right as number)}`;
      const tail = failed === undefined ? '' : `  ${inks.bad(failed)}`;
      return `  ${label}  ${inks.bar(drawn)}${gap} ${number.padStart(room)}${tail}`;
    }),
  ];
}

function slots({ slots: figures, time, runs }: ReportData, options: TextOptions): string[] {
  const { strong, faint, good, bad } = options.inks;
  const { most, busy, best, phases, worstPhases } = figures;
  const share = busy ?? 1;
  const all = time.taskSeconds / (busy === null || busy === 0 ? 1 : busy);
  const shareInk = share >= 0.9 ? good : share < 0.5 ? bad : (text: string) => text;
  const lines = [
    strong('Slots'),
    `  ${counted(most, 'slot')} at most at one moment, busy for ${shareInk(percent(share))} of the time`,
  ];
  for (const { seconds, why } of idleReasons(figures)) {
    if (all > 0 && seconds / all >= 0.0005) lines.push(faint(`  idle for ${percent(seconds / all)} ${why}`));
  }
  const of = time.elapsed > 0 ? `, ${percent(best / time.elapsed)} of what it took` : '';
  lines.push(`  best time with these slots: ${strong(duration(best))} or more${of}`);
  if (phases > 1) {
    lines.push(`  ${counted(phases, 'phase')}, parted by barriers. Slots waited longest for the last tasks`);
    for (const { barrierLine, tasks, start, finish, tail, longest: slowest, run } of worstPhases.slice(0, mostPhases)) {
      const end = barrierLine === null ? 'until the end' : `before the barrier of line ${barrierLine}`;
      const which = runs.length > 1 ? `, run ${run + 1}` : '';
      const took = `${counted(tasks, 'task')} in ${duration(finish - start)}, longest ${taskTime(slowest)}`;
      lines.push(`    ${end}${which}: ${took}, idle ${duration(tail)}`);
    }
  }
  return lines;
}
