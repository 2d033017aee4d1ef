/**
 * What a person reads at the end of a run: counts, times, the first failures, where the records are, how to go on. Pure.
 */

import { clipped, duration, grouped, visible } from '../base/terminal-text.ts';
import type { RunSnapshot } from '../contract/snapshot.ts';
import { lostExitCode, noPid, type StatusRecord } from '../task/status-record.ts';
import { lenientTextOfBytes } from '../base/byte-string.ts';
import type { Paint } from './progress.ts';

/** What the summary shows beside the snapshot. */
export interface SummaryFacts {
  readonly statusPath: string;
  /** The command that runs what is left, and whether it should be shown for failures (-R) too. */
  readonly resumeCommand: string;
  /** Columns to fit into. */
  readonly width: number;
}

/** The lines of the summary. */
export function summary(snapshot: RunSnapshot, facts: SummaryFacts, paint: Paint): string[] {
  const { counts, end } = snapshot;
  const lines = [headline(snapshot, paint)];
  const why = endSentence(snapshot);
  if (why !== undefined) lines.push(paint.bad(why));
  for (const record of snapshot.failures) lines.push(...failureLines(record, facts.width, paint));
  const more = counts.failed + counts.perEngineFailed - snapshot.failures.length;
  if (more > 0)
    lines.push(
      `  … and ${grouped(more)} more that failed: the lines with R, o or e at their beginning in the status file`,
    );
  if (counts.rerun > 0) {
    const [tasks, them, were] = counts.rerun === 1 ? ['task', 'it', 'was'] : ['tasks', 'them', 'were'];
    lines.push(
      `  lost    ${grouped(counts.rerun)} ${tasks} that had been lost with what ran ${them} ${were} started again`,
    );
  }
  lines.push(`  status  ${visible(facts.statusPath)}`);
  const unfinished = end !== undefined && end.why !== 'done' && !isComplete(snapshot);
  const failed = counts.failed + counts.skippedFailed > 0;
  if (unfinished || failed) {
    const what = unfinished ? (failed ? 'resume, failed ones too' : 'resume') : 'run the failed ones again';
    lines.push(`  ${what}:`, `          ${visible(facts.resumeCommand)}`);
  }
  return lines;
}

function headline({ counts, total, start, now }: RunSnapshot, paint: Paint): string {
  const wall = now - start;
  const rate = counts.finished > 0 && wall > 0 ? `, ${rateText(counts.finished / wall)} tasks/s` : '';
  const of = total !== undefined && total !== counts.finished + counts.skipped ? ` of ${grouped(total)}` : '';
  const tasks = (count: number): string => (count === 1 ? 'task' : 'tasks');
  const parts = [`${grouped(counts.finished)}${of} ${tasks(of === '' ? counts.finished : (total as number))} run`];
  if (counts.skipped > 0) {
    const bad = counts.skippedFailed > 0 ? ` (${grouped(counts.skippedFailed)} of them failed)` : '';
    parts.push(`${grouped(counts.skipped)} taken over from earlier${bad}`);
  }
  if (counts.failed > 0) parts.push(paint.bad(`${grouped(counts.failed)} failed`));
  if (counts.perEngineFailed > 0)
    parts.push(paint.bad(`${grouped(counts.perEngineFailed)} per-engine ${tasks(counts.perEngineFailed)} failed`));
  if (counts.failed + counts.perEngineFailed === 0) parts.push(paint.good('none failed'));
  return `disBatch: ${parts.join(', ')}, in ${duration(wall)} (task time ${duration(counts.taskSeconds)}${rate})`;
}

/** A soft stop that came when nothing was left to start: all is done. */
function isComplete({ end, counts, total }: RunSnapshot): boolean {
  const isSoft = end?.why === 'soft-stop' || end?.why === 'time-limit';
  return isSoft && total !== undefined && counts.finished + counts.skipped >= total;
}

/** Why the run ended before all was done. */
function endSentence(snapshot: RunSnapshot): string | undefined {
  const { end, counts, total, running } = snapshot;
  if (end === undefined || end.why === 'done' || isComplete(snapshot)) return undefined;
  const left = total === undefined ? undefined : total - counts.finished - counts.skipped;
  const rest =
    left === undefined || left === 0 ? '' : ` ${grouped(left)} ${left === 1 ? 'task is' : 'tasks are'} left.`;
  // At a second signal nothing waits for the reports of what still runs.
  const ran = counts.interrupted + running;
  const ended = ran > 0 ? ` Of these, ${grouped(ran)} ran and ${ran === 1 ? 'was' : 'were'} ended.` : '';
  switch (end.why) {
    case 'check-failed':
      return `  The check of barrier ${end.barrier} failed: a task before it did.${rest}`;
    case 'fail-fast':
      return `  Stopped at the first failure (--fail-fast).${rest}${ended}`;
    case 'soft-stop':
      return `  Stopped as asked: running tasks have finished.${rest}`;
    case 'time-limit':
      return `  Stopped before the end of the allocation: running tasks have finished.${rest}`;
    case 'signal':
      return `  Ended by ${end.signal}.${rest}${ended}`;
    case 'trouble':
      return `  ${end.error.message.split('\n').map(visible).join('\n  ')}${rest}`;
  }
}

function failureLines(record: StatusRecord, width: number, paint: Paint): string[] {
  const what = record.kind === 'per-engine' ? 'per-engine task' : 'task';
  const head = `  ${what} ${record.taskId} (line ${record.lineNumber}) on ${visible(record.node)}, ${ending(record)}: `;
  const command = visible(lenientTextOfBytes(record.command));
  const room = Math.max(20, width - '  failed'.length - head.length);
  const lines = [`  ${paint.bad('failed')}${head}${clipped(command, room)}`];
  const said = record.errorSnippet.trim() === '' ? record.outputSnippet.trim() : record.errorSnippet.trim();
  if (said !== '') lines.push(paint.faint(`          ${clipped(visible(said), Math.max(20, width - 10))}`));
  return lines;
}

/** How a failed task ended, in words. */
export function ending(record: Pick<StatusRecord, 'exitCode' | 'pid'>): string {
  if (record.exitCode === lostExitCode) return 'lost when its launcher or engine died';
  if (record.pid === noPid) return 'could not be started';
  if (record.exitCode < 0) return `killed by signal ${-record.exitCode}`;
  if (record.exitCode === 0) return 'not all of its output was kept';
  return `exit code ${record.exitCode}`;
}

/** A rate to three places: 0.123, 4.56, 78.9, 12,345. */
export function rateText(rate: number): string {
  return rate < 100 ? rate.toPrecision(3) : grouped(rate);
}
