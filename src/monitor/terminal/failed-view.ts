/**
 * The failed tasks as a table, the beginning of the one under the cursor, and all of it. Pure.
 */

import { lenientTextOfBytes } from '../../base/byte-string.ts';
import { grouped } from '../../base/terminal-text.ts';
import { lostExitCode, noPid, type StatusRecord } from '../../task/status-record.ts';
import { ending } from '../summary.ts';
import type { Glyphs } from './glyphs.ts';
import { asFit, line, segment, type Line, type Style } from './line.ts';
import type { FailedFacts, FailedTasks, Sight } from './sight.ts';
import { widest, type Column } from './table.ts';
import { clip, safe, wrapped } from '../../base/text-width.ts';
import { momentOfDay, took } from './words.ts';

/** @param visible - indices of the rows on the screen */
export function failedColumns(visible: readonly number[], { failed, now }: Sight, glyphs: Glyphs): Column<number>[] {
  const facts = (index: number): FailedFacts => failed.facts(index);
  const of =
    (text: (record: StatusRecord) => string) =>
    (index: number): string => {
      const record = failed.record(index);
      return record === undefined ? glyphs.ellipsis : oneLine(text(record));
    };
  const when = (index: number): string => momentOfDay(facts(index).finish, now);
  return [
    { title: 'when', natural: widest(visible, when), drop: 4, cell: (index) => segment(when(index), 'faint') },
    {
      title: 'task',
      right: true,
      natural: widest(visible, (index) => grouped(facts(index).taskId)),
      drop: 0,
      cell: (index) => grouped(facts(index).taskId),
    },
    {
      title: 'line',
      right: true,
      natural: widest(visible, (index) => grouped(facts(index).lineNumber)),
      drop: 5,
      cell: (index) => segment(grouped(facts(index).lineNumber), 'faint'),
    },
    {
      title: 'host',
      natural: widest(visible, (index) => safe(facts(index).node)),
      least: 8,
      drop: 0,
      cell: (index) => safe(facts(index).node),
    },
    {
      title: 'how',
      natural: widest(visible, (index) => howOf(index, failed)),
      drop: 0,
      cell: (index) => segment(howOf(index, failed), 'bad'),
    },
    {
      title: 'took',
      right: true,
      natural: widest(visible, (index) => took(facts(index).elapsed)),
      drop: 3,
      cell: (index) => took(facts(index).elapsed),
    },
    {
      title: 'command',
      natural: widest(visible, of(commandOf)),
      least: 14,
      grows: false,
      drop: 0,
      cell: of(commandOf),
    },
    {
      title: 'said',
      natural: 200,
      least: 24,
      grows: true,
      drop: 6,
      cell: (index) => segment(of(saidOf)(index), 'faint'),
    },
  ];
}

/** In a word or two how it ended. */
function howOf(index: number, failed: FailedTasks): string {
  const { exitCode } = failed.facts(index);
  if (exitCode === lostExitCode) return 'lost';
  if (failed.record(index)?.pid === noPid) return 'not started';
  if (exitCode < 0) return `signal ${-exitCode}`;
  return exitCode === 0 ? 'output lost' : `exit ${exitCode}`;
}

function commandOf({ command }: StatusRecord): string {
  return lenientTextOfBytes(command);
}

function saidOf({ errorSnippet, outputSnippet }: StatusRecord): string {
  return errorSnippet.trim() === '' ? outputSnippet : errorSnippet;
}

function oneLine(text: string): string {
  return safe(text.trim().replace(/\s+/g, ' '));
}

/** What is told of the failed task under the cursor. */
export function failedPane(
  index: number | undefined,
  { failed, now }: Sight,
  width: number,
  height: number,
  glyphs: Glyphs,
): Line[] {
  if (index === undefined) return [];
  const record = failed.record(index);
  if (record === undefined) return [line(` ${glyphs.ellipsis}`, 'faint')];
  const title = [segment(' '), ...asFit(titleOf(record, now), width - 1)];
  const shown = clip(oneLine(commandOf(record)), width - 10, glyphs.ellipsis);
  const lines: Line[] = [title, [segment(' command ', 'faint'), segment(` ${shown}`)]];
  for (const [name, snippet] of [
    ['error', record.errorSnippet],
    ['output', record.outputSnippet],
  ] as const) {
    if (snippet.trim() !== '') lines.push(...snippetLines(name, snippet, width));
  }
  if (lines.length === 2) lines.push(line(' It said nothing.', 'faint'));
  return lines.slice(0, height);
}

function snippetLines(name: string, snippet: string, width: number): Line[] {
  const lines = snippet
    .trimEnd()
    .split('\n')
    .flatMap((each) => wrapped(safe(each), width - 10));
  return lines.map((each, i) => [segment(` ${(i === 0 ? name : '').padEnd(8)}`, 'faint'), segment(` ${each}`)]);
}

function titleOf(record: StatusRecord, now: number): Line[] {
  const { taskId, lineNumber, node, finish, elapsed } = record;
  return [
    [segment(`${kindOf(record)} ${grouped(taskId)}`, 'strong')],
    [segment(ending(record), 'bad')],
    line(`after ${took(elapsed)}`),
    line(`on ${safe(node)}`),
    line(`line ${grouped(lineNumber)}`, 'faint'),
    line(`at ${momentOfDay(finish, now)}`, 'faint'),
  ];
}

function kindOf({ kind }: StatusRecord): string {
  return kind === 'per-engine' ? 'per-engine task' : 'task';
}

/** All that the record says. */
export function wholeRecord(index: number, { failed, now, statusFile }: Sight, width: number, glyphs: Glyphs): Line[] {
  const record = failed.record(index);
  if (record === undefined) return [line(` ${glyphs.ellipsis}`, 'faint')];
  const { taskId, lineNumber, repeatIndex, node, pid, start, finish, elapsed } = record;
  const fact = (name: string, text: string, style: Style = 'plain'): Line[] =>
    wrapped(text, width - 16).map((each, i) => [
      segment(` ${(i === 0 ? name : '').padEnd(13)} `, 'faint'),
      segment(each, style),
    ]);
  const snippet = (name: string, text: string, bytes: number): Line[] => [
    [],
    [
      segment(` ${name}`, 'strong'),
      segment(
        `  ${grouped(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}${text === '' ? '' : ', of which the record has'}`,
        'faint',
      ),
    ],
    ...(text === '' ? [] : text.trimEnd().split('\n')).flatMap((each) =>
      wrapped(safe(each), width - 4).map((part) => line(`   ${part}`)),
    ),
  ];
  const from = record.kind === 'skipped' ? ', in an earlier run whose record was taken over' : '';
  return [
    [segment(` ${kindOf(record)} ${grouped(taskId)}`, 'strong')],
    [],
    ...fact('how it ended', `${ending(record)}${from}`, 'bad'),
    ...(record.outputCut || record.errorCut ? fact('', 'not all of its output was kept') : []),
    ...fact('host', `${safe(node)}${pid === noPid ? '' : `, pid ${pid}`}`),
    ...fact('line', `${grouped(lineNumber)}${repeatIndex >= 0 ? `, repeat ${grouped(repeatIndex)}` : ''}`),
    ...fact('started', momentOfDay(start, now)),
    ...fact('ended', `${momentOfDay(finish, now)}, after ${took(elapsed)}`),
    ...fact('recorded in', safe(statusFile)),
    [],
    [segment(' command', 'strong')],
    ...wrapped(safe(commandOf(record)), width - 4).map((each) => line(`   ${each}`)),
    ...snippet('standard error', record.errorSnippet, record.errorBytes),
    ...snippet('standard output', record.outputSnippet, record.outputBytes),
  ];
}
