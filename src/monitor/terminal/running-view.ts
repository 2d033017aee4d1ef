/**
 * What runs now as a table, and all of the one task under the cursor. Pure.
 */

import { grouped } from '../../base/terminal-text.ts';
import { shownCommand } from '../../contract/running.ts';
import { asFit, line, segment, type Line } from './line.ts';
import type { RunningRow } from './rows.ts';
import type { Chosen, Sight } from './sight.ts';
import { widest, type Column } from './table.ts';
import { safe, wrapped } from '../../base/text-width.ts';
import { age, momentOfDay } from './words.ts';

/** @param visible - the rows on the screen: a column is as wide as these need */
export function runningColumns(visible: readonly RunningRow[], { overview }: Sight): Column<RunningRow>[] {
  const most = grouped(overview?.tasks.total ?? 0).length;
  return [
    {
      title: 'for',
      right: true,
      natural: Math.max(
        6,
        widest(visible, ({ seconds }) => age(seconds)),
      ),
      drop: 0,
      cell: ({ seconds }) => age(seconds),
    },
    {
      title: 'host',
      natural: widest(visible, ({ engine }) => safe(engine?.host ?? '')),
      least: 8,
      drop: 0,
      cell: ({ engine }) => safe(engine?.host ?? ''),
    },
    {
      title: 'context',
      natural: widest(visible, ({ engine }) => safe(engine?.context ?? '')),
      drop: 5,
      cell: ({ engine }) => segment(safe(engine?.context ?? ''), 'faint'),
    },
    {
      title: 'slot',
      right: true,
      natural: 4,
      drop: 2,
      cell: ({ slot }) => (slot === undefined ? segment('all', 'faint') : String(slot)),
    },
    {
      title: 'task',
      right: true,
      natural: Math.max(
        most,
        widest(visible, ({ task }) => grouped(task.taskId)),
      ),
      drop: 0,
      cell: ({ task }) => segment(grouped(task.taskId), 'faint'),
    },
    {
      title: 'line',
      right: true,
      natural: widest(visible, ({ task }) => grouped(task.lineNumber)),
      drop: 4,
      cell: ({ task }) => segment(grouped(task.lineNumber), 'faint'),
    },
    { title: 'command', natural: 200, least: 20, grows: true, drop: 0, cell: ({ task }) => safe(task.command) },
  ];
}

/** What is told of the task under the cursor. */
export function runningPane(row: RunningRow | undefined, { now, overview }: Sight, width: number): Line[] {
  if (row === undefined || overview === undefined) return [];
  const { task, engine, slot, seconds } = row;
  const { taskId, lineNumber, repeatIndex } = task;
  const kind = task.kind === 'task' ? 'task' : 'per-engine task';
  const facts = [
    `line ${grouped(lineNumber)}`,
    ...(repeatIndex >= 0 ? [`repeat ${grouped(repeatIndex)}`] : []),
    ...(slot === undefined ? [] : [`slot ${slot}`]),
    ...(engine?.engine === undefined ? [] : [`engine ${engine.engine.rank} of ${safe(engine.context)}`]),
    `since ${momentOfDay(now - seconds, now)}`,
  ];
  const title = [[segment(`${kind} ${grouped(taskId)}`, 'strong')], ...facts.map((fact) => line(fact, 'faint'))];
  const isCut = [...task.command].length >= shownCommand;
  const command = wrapped(safe(task.command) + (isCut ? ' (and so on)' : ''), width - 2);
  return [[segment(' '), ...asFit(title, width - 1)], ...command.map((each) => line(` ${each}`))];
}

/** What is said in the place of the table when it has no rows. */
export function noneRuns(rows: Chosen<RunningRow>, { running, link }: Sight, search: string): string {
  if (rows.count > 0) return '';
  if (link.kind === 'over') return 'Nothing runs: the run is over.';
  if (link.kind !== 'live') return 'What runs now is not known.';
  if (running === undefined) return '';
  return search === '' ? 'No task runs now.' : 'None fits the search.';
}
