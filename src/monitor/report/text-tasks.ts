/**
 * The parts of a report's text that list single tasks. Pure.
 */

import { visible } from '../../base/terminal-text.ts';
import { columnsOf } from '../../base/text-width.ts';
import type { MemoryFigures, ReportData, ReportedTask } from './report-data.ts';
import { shortNames } from './node-names.ts';
import { cut, gapMark, type TextOptions } from './signs.ts';
import { textTable } from './text-table.ts';
import { memoryText, taskTime } from './words.ts';

export function longestTasks({ longest: tasks }: ReportData, options: TextOptions): string[] {
  const times = tasks.map(({ elapsed }) => taskTime(elapsed));
  return [options.inks.strong('Longest tasks'), ...taskTable('time', times, tasks, options)];
}

export function memoryOfTasks(figures: MemoryFigures, options: TextOptions): string[] {
  const { median, p95, most, largest } = figures;
  const amounts = largest.map(({ bytes }) => memoryText(bytes));
  return [
    options.inks.strong('Memory of tasks'),
    `  median ${memoryText(median)}, 95 % within ${memoryText(p95)}, most ${memoryText(most)}`,
    ...taskTable('memory', amounts, largest, options),
  ];
}

/** Tasks by what they are listed for. */
function taskTable(
  title: string,
  figures: readonly string[],
  tasks: readonly Pick<ReportedTask, 'taskId' | 'lineNumber' | 'node' | 'failed' | 'command'>[],
  options: TextOptions,
): string[] {
  const { bad, faint } = options.inks;
  const numbers = (name: string, cells: readonly string[]) => ({ title: name, right: true, cells });
  const columns = [
    ...[
      numbers(title, figures),
      numbers(
        'task',
        tasks.map(({ taskId }) => String(taskId)),
      ),
    ],
    numbers(
      'line',
      tasks.map(({ lineNumber }) => String(lineNumber)),
    ),
    {
      title: 'node',
      cells: shortNames(
        tasks.map(({ node }) => visible(node)),
        mostOfNode,
        gapMark(options),
      ),
    },
    {
      title: 'ended',
      cells: tasks.map(({ failed }) => (failed ? 'failed' : 'well')),
      ink: (text: string, row: number) => (tasks[row]?.failed === true ? bad(text) : text),
    },
  ];
  const widths = columns.map((column) => Math.max(...[column.title, ...column.cells].map(columnsOf)));
  const taken = widths.reduce((sum, width) => sum + width + 2, 2);
  const commands = tasks.map(({ command }) => cut(visible(command), Math.max(10, options.width - taken), options));
  return textTable([...columns, { title: 'command', cells: commands }], faint);
}

/** Columns of a node's name beside a command. */
const mostOfNode = 16;
