/**
 * A piece of news for programs: what the command of `--notify` reads. Pure. docs/notify.md has the fields.
 */

import { tasksOf, unshown } from './gathering.ts';
import { eventOf, type News } from './news.ts';

/** One line of JSON; what is not known, or is of another event, is `null`. Times are seconds, those of day since 1970. */
export function newsJson(news: News): string {
  const { run, snapshot, toGo, batch, farewell } = news;
  const { counts, total, running, start, now, end } = snapshot;
  const fields = {
    event: eventOf(news),
    ...{ taskName: run.taskName, prefix: run.prefix, statusFile: run.statusFile, host: run.host },
    ...{ time: now, start, elapsed: now - start, toGo: toGo ?? null },
    counts: {
      ...{ total: total ?? null, finished: counts.finished, failed: counts.failed, running },
      ...{ skipped: counts.skipped, skippedFailed: counts.skippedFailed, perEngineFailed: counts.perEngineFailed },
      ...{ interrupted: counts.interrupted, rerun: counts.rerun, late: counts.late, barriers: counts.barriers },
    },
    ended: batch.ended,
    endedFailed: batch.failed,
    tasks: tasksOf(batch),
    tasksLeftOut: unshown(batch),
    end: farewell === undefined ? null : (end?.why ?? 'done'),
    exitStatus: farewell?.exitStatus ?? null,
    resumeCommand: farewell?.resumeCommand ?? null,
    summary: farewell === undefined ? null : farewell.summary.join('\n'),
  };
  return `${JSON.stringify(fields)}\n`;
}
