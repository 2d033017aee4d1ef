/**
 * A piece of news as a person reads it: the subject and the text of a mail. Pure.
 *
 * Always true: what comes from elsewhere (commands, outputs, names) has no line end and no control character left, so it
 * stays on its line, and in the subject.
 */

import { clipped, duration, grouped, visible } from '../base/terminal-text.ts';
import type { RunSnapshot } from '../contract/snapshot.ts';
import { tasksOf, unshown } from './gathering.ts';
import { eventOf, type News } from './news.ts';
import type { ToldTask } from './told-task.ts';

/** Characters of a task's name in the subject, of a command and of an output in the text. */
const [nameWidth, commandWidth, outputWidth] = [60, 160, 240];

/** In short: "disBatch Tasks: 3 failed, 1,234 of 5,000 done". */
export function subjectOf(news: News): string {
  const { snapshot, run } = news;
  const { counts } = snapshot;
  const bad = counts.failed + counts.perEngineFailed;
  const failed = bad > 0 ? `${grouped(bad)} failed` : 'none failed';
  const name = `disBatch ${clipped(visible(run.taskName), nameWidth)}`;
  switch (eventOf(news)) {
    case 'first-failure':
      return `${name}: first failure, ${doneOf(snapshot)}`;
    case 'completions':
      return bad > 0 ? `${name}: ${failed}, ${doneOf(snapshot)}` : `${name}: ${doneOf(snapshot)}`;
    case 'end':
      return `${name}: ${endWord(snapshot)}, ${failed}, ${doneOf(snapshot)}`;
  }
}

export function textOf(news: News): string {
  const { run, snapshot, toGo, batch, farewell } = news;
  const { counts, running, start, now } = snapshot;
  const lines = [];
  if (farewell === undefined) {
    const bad = counts.failed + counts.perEngineFailed;
    lines.push(`${doneOf(snapshot)}, ${bad > 0 ? grouped(bad) : 'none'} failed, ${grouped(running)} running`);
    const left = toGo === undefined ? '' : `, about ${duration(toGo)} to go`;
    lines.push(`${duration(Math.max(0, now - start))} since the start${left}`);
  } else {
    lines.push(...farewell.summary);
  }
  lines.push('', `tasks   ${visible(run.taskName)}`, `host    ${visible(run.host)}`, `prefix  ${visible(run.prefix)}`);
  if (farewell === undefined) lines.push(`status  ${visible(run.statusFile)}`);
  const tasks = tasksOf(batch);
  if (tasks.length > 0) {
    lines.push(
      '',
      batch.isFirstFailure && batch.ended + batch.perEngineFailed === 1 ? 'The first failure:' : headOf(news),
    );
    // What went wrong is not to be looked for among a hundred lines of what went well.
    for (const task of tasks.toSorted((a, b) => Number(b.failed) - Number(a.failed))) lines.push(...taskLines(task));
    const more = unshown(batch);
    if (more > 0) lines.push(`… and ${grouped(more)} more: see the status file ${visible(run.statusFile)}`);
  }
  return `${lines.join('\n')}\n`;
}

function headOf({ batch, snapshot }: News): string {
  const { ended, failed, perEngineFailed, isFirstFailure } = batch;
  const tasks = ended === 1 ? '1 task has' : `${grouped(ended)} tasks have`;
  const since = ended === snapshot.counts.finished ? 'so far' : 'since the last news';
  const bad = [
    ...(failed > 0 ? [`${grouped(failed)} failed`] : []),
    ...(perEngineFailed > 0 ? [`${grouped(perEngineFailed)} per-engine failed`] : []),
  ];
  const first = isFirstFailure ? `, the first failure${failed + perEngineFailed === 1 ? '' : 's'} of the run` : '';
  return `${tasks} ended ${since}${bad.length > 0 ? ` (${bad.join(', ')}${first})` : ''}:`;
}

function taskLines(task: ToldTask): string[] {
  const { kind, taskId, lineNumber, repeatIndex, node, how, failed, elapsed } = task;
  const what = kind === 'per-engine' ? 'per-engine task' : 'task';
  const index = repeatIndex >= 0 ? `, index ${repeatIndex}` : '';
  const where = `(line ${lineNumber}${index}) on ${visible(node)}`;
  const head = `${failed ? 'FAILED  ' : 'done    '}${what} ${taskId} ${where}, ${how}, ${duration(elapsed)}: `;
  const said = task.error.trim() === '' ? task.output.trim() : task.error.trim();
  const lines = [head + clipped(visible(task.command), commandWidth)];
  if (failed && said !== '') lines.push(`            ${clipped(visible(said), outputWidth)}`);
  return lines;
}

function doneOf({ counts, total }: RunSnapshot): string {
  const done = counts.finished + counts.skipped;
  return total === undefined ? `${grouped(done)} done` : `${grouped(done)} of ${grouped(total)} done`;
}

function endWord({ end, counts, total }: RunSnapshot): string {
  // A stop that came when nothing was left to start has stopped nothing.
  if (end === undefined || (total !== undefined && counts.finished + counts.skipped >= total)) return 'finished';
  switch (end.why) {
    case 'done':
      return 'finished';
    case 'check-failed':
      return 'ended by a barrier check';
    case 'fail-fast':
      return 'ended by the first failure';
    case 'soft-stop':
    case 'time-limit':
      return 'stopped';
    case 'signal':
      return `ended by ${end.signal}`;
    case 'trouble':
      return 'cannot go on';
  }
}
