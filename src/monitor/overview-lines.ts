/**
 * The overview of a run as lines for people: one that says how far it is, then its contexts and engines as a table. Pure.
 */

import { duration, grouped, visible } from '../base/terminal-text.ts';
import type { EngineOverview, RunOverview } from '../contract/overview.ts';

/** How long an engine may be silent, in seconds, before the table says so. */
const silentSeconds = 10;

export function overviewLines(run: RunOverview): string[] {
  const lines = [progressLine(run)];
  if (run.engines.length === 0) return [...lines, 'No hosts yet.'];
  const rows = run.engines.map((engine) => rowOf(engine, run));
  const titles = ['engine', 'node', 'context', 'slots', 'running', 'done', 'failed', 'state'];
  return [...lines, ...table([titles, ...rows])];
}

function progressLine({ taskName, tasks, end, phase, start, now }: RunOverview): string {
  const { total, finished, failed, skipped, running, lost } = tasks;
  const done = `${grouped(finished)}${total === undefined ? '' : ` of ${grouped(total - skipped)}`} tasks done`;
  const parts = [
    done,
    ...(failed > 0 ? [`${grouped(failed)} failed`] : []),
    ...(running > 0 ? [`${grouped(running)} running`] : []),
    ...(lost > 0 ? [`${grouped(lost)} lost, to run again`] : []),
    ...(skipped > 0 ? [`${grouped(skipped)} taken over from earlier`] : []),
  ];
  const ending = phase === 'over' ? 'over' : `ending (${end ?? 'done'})`;
  const state = phase === 'running' ? 'running' : ending;
  return `${visible(taskName)}: ${state} for ${duration(now - start)}, ${parts.join(', ')}`.replace(
    /(over|ending \([^)]*\)) for /,
    '$1 after ',
  );
}

function rowOf(engine: EngineOverview, run: RunOverview): string[] {
  const { rank, node, slots, stage, running, finished, failed, last } = engine;
  const label = run.contexts.find((context) => context.rank === engine.context)?.label ?? '';
  const silence = run.now - last;
  const isThere = stage !== 'gone' && stage !== 'lost' && stage !== 'launching';
  const state = isThere && running > 0 && silence > silentSeconds ? `${stage}, silent for ${duration(silence)}` : stage;
  return [String(rank), visible(node), visible(label), ...[slots, running, finished, failed].map(grouped), state];
}

/** Columns as wide as they need to be; numbers to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const isNumber = (column: number): boolean => column === 0 || (column >= 3 && column <= 6);
  return rows.map((row) =>
    row
      .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
