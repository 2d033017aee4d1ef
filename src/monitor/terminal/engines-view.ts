/**
 * The engines as a table, and what the one under the cursor runs now. Pure.
 */

import { counted, grouped } from '../../base/terminal-text.ts';
import type { EngineSight } from '../../contract/overview.ts';
import { bar, type Glyphs } from './glyphs.ts';
import { asFit, line, segment, type Line, type Segment, type Style } from './line.ts';
import { oncePer } from './memo.ts';
import { allEngines, tasksOf, type EngineRow } from './rows.ts';
import type { Sight } from './sight.ts';
import { widest, type Column } from './table.ts';
import { clip, safe } from '../../base/text-width.ts';
import { age } from './words.ts';

/** Longer than the pause between two pulses of any engine that is well, in seconds. */
const silentSeconds = 15;

const busyWidth = 8;

const styles: Readonly<Record<EngineSight, Style>> = {
  ...{ launching: 'accent', starting: 'accent', working: 'good', draining: 'warn', stopping: 'warn', ending: 'warn' },
  ...{ leaving: 'warn', lost: 'bad', gone: 'faint' },
};

/** As wide as all engines need them, so that they do not jump when the table is scrolled. */
export const engineColumns = oncePer(columnsFor, ({ dot }: Glyphs) => dot);

function columnsFor(sight: Sight, glyphs: Glyphs): Column<EngineRow>[] {
  const rows = allEngines(sight);
  const digits = (value: (row: EngineRow) => number | undefined): number =>
    grouped(rows.reduce((most, row) => Math.max(most, value(row) ?? 0), 0)).length;
  const number = (value: number | undefined, style: Style = 'plain'): Segment =>
    value === undefined ? segment(glyphs.dot, 'faint') : segment(grouped(value), style);
  // What is gone is there to be looked up, and out of the way.
  const shade = (row: EngineRow, style: Style = 'plain'): Style => (row.stage === 'gone' ? 'faint' : style);
  const texts = { context: widest(rows, (row) => safe(row.context)), host: widest(rows, (row) => safe(row.host)) };
  const heard = (row: EngineRow): string => (row.heard === undefined ? '' : age(row.heard));
  const [assigned, done] = [digits((row) => row.engine?.assigned), digits((row) => row.finished)];
  if (sight.overview === undefined) {
    return [
      { title: 'host', natural: texts.host, least: 10, drop: 0, cell: (row) => safe(row.host) },
      { title: 'done', right: true, natural: done, drop: 0, cell: (row) => grouped(row.finished) },
      failedColumn(
        digits((row) => row.failed),
        (row) => number(row.failed, row.failed > 0 ? 'bad' : 'faint'),
      ),
    ];
  }
  return [
    {
      title: 'rank',
      right: true,
      natural: digits((row) => row.engine?.rank),
      drop: 0,
      cell: (row) => segment(grouped(row.engine?.rank ?? 0), shade(row)),
    },
    {
      title: 'context',
      natural: texts.context,
      least: 7,
      drop: 0,
      cell: (row) => segment(safe(row.context), shade(row)),
    },
    {
      title: 'host',
      natural: texts.host,
      least: 8,
      drop: 0,
      cell: (row) => segment(safe(row.host), shade(row)),
    },
    {
      title: 'state',
      natural: 9,
      drop: 3,
      cell: ({ stage }) => segment(stage ?? '', stage === undefined ? 'plain' : styles[stage]),
    },
    { title: 'heard', right: true, natural: widest(rows, heard), drop: 2, cell: (row) => heardOf(row, glyphs) },
    {
      title: 'slots',
      right: true,
      natural: digits((row) => row.slots),
      drop: 1,
      cell: (row) => number(row.slots, shade(row)),
    },
    {
      title: 'busy',
      right: true,
      natural: digits((row) => row.engine?.running),
      drop: 6,
      cell: (row) => number(row.engine?.running, shade(row)),
    },
    { title: '', natural: busyWidth, drop: 8, cell: (row) => segment(busyBar(row, glyphs), 'good') },
    {
      title: 'assigned',
      right: true,
      natural: assigned,
      drop: 1,
      cell: (row) => number(row.engine?.assigned, shade(row)),
    },
    { title: 'done', right: true, natural: done, drop: 0, cell: (row) => number(row.finished, shade(row)) },
    failedColumn(
      digits((row) => row.failed),
      (row) => number(row.failed, row.failed > 0 ? 'bad' : 'faint'),
    ),
    {
      title: 'pid',
      right: true,
      natural: widest(rows, (row) => String(row.engine?.pid ?? '')),
      drop: 9,
      cell: (row) => segment(String(row.engine?.pid ?? ''), 'faint'),
    },
  ];
}

function failedColumn(natural: number, cell: (row: EngineRow) => Segment): Column<EngineRow> {
  return { title: 'failed', right: true, natural, drop: 0, cell };
}

function heardOf({ heard, engine }: EngineRow, { dot }: Glyphs): Segment {
  if (heard === undefined) return segment(dot, 'faint');
  const isSilent = heard > silentSeconds && (engine?.running ?? 0) > 0;
  return segment(age(heard), isSilent ? 'warn' : 'faint');
}

function busyBar({ engine }: EngineRow, glyphs: Glyphs): string {
  if (engine === undefined || engine.stage === 'gone' || engine.slots === 0) return '';
  return bar(engine.running / engine.slots, busyWidth, { barParts: glyphs.thinParts, barEmpty: ' ' }).full;
}

/** What is told of the engine under the cursor. */
export function enginePane(
  row: EngineRow | undefined,
  sight: Sight,
  width: number,
  height: number,
  glyphs: Glyphs,
): Line[] {
  if (row === undefined) return [];
  const { engine, host, context } = row;
  if (engine === undefined)
    return [
      [segment(` ${safe(host)}`, 'strong')],
      line(' The run is over: what its engines were is not kept.', 'faint'),
    ];
  const { rank, node, pid, running, slots } = engine;
  const facts = [
    `engine ${rank} of ${safe(context)}`,
    ...(node === host ? [] : [`node ${safe(node)}`]),
    ...(pid === 0 ? [] : [`pid ${pid}`]),
    `${running} of ${counted(slots, 'slot', 'slots')} busy`,
  ];
  const title: Line = [
    segment(' '),
    ...asFit([[segment(safe(host), 'strong')], ...facts.map((fact) => line(fact, 'faint'))], width - 1),
  ];
  return [title, ...tasksNow(row, rank, sight, width, height - 1, glyphs)];
}

function tasksNow(row: EngineRow, rank: number, sight: Sight, width: number, room: number, glyphs: Glyphs): Line[] {
  if (row.stage === 'gone') return [line(' It has left the run.', 'faint')];
  if (row.stage === 'lost') return [line(' It is lost: what it ran runs again when that is known to be dead.', 'warn')];
  const tasks = tasksOf(rank, sight);
  if (sight.link.kind !== 'live') return [line(' What it runs now is not known.', 'faint')];
  if (tasks === undefined) return [line(` ${glyphs.ellipsis}`, 'faint')];
  if (tasks.length === 0) return [line(' It runs no task now.', 'faint')];
  const total = sight.running?.total ?? tasks.length;
  const fitting = room - 1;
  const shown = tasks.slice(0, total > fitting ? fitting - 1 : fitting);
  const slotWidth = Math.max(4, ...shown.map(({ slot }) => String(slot ?? '').length));
  const taskWidth = Math.max(4, ...shown.map(({ task }) => grouped(task.taskId).length));
  const ageWidth = Math.max(6, ...shown.map(({ seconds }) => age(seconds).length));
  const head = line(
    ` ${'slot'.padStart(slotWidth)}  ${'for'.padStart(ageWidth)}  ${'task'.padStart(taskWidth)}  command`,
    'faint',
  );
  const lines = shown
    .slice(0, room - 1)
    .map(({ slot, seconds, task }): Line => [
      segment(` ${String(slot ?? 'all').padStart(slotWidth)}  ${age(seconds).padStart(ageWidth)}  `),
      segment(`${grouped(task.taskId).padStart(taskWidth)}  `, 'faint'),
      segment(clip(safe(task.command), Math.max(0, width - slotWidth - taskWidth - ageWidth - 9), glyphs.ellipsis)),
    ]);
  const more = total - lines.length;
  const last = more > 0 ? [line(` and ${grouped(more)} more: Enter shows them all`, 'faint')] : [];
  return [head, ...lines, ...last].slice(0, room);
}
