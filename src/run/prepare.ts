/**
 * What is found out before anything is made on disk or run: where the tasks run, what they are, and what to skip of them.
 */

import { availableParallelism } from 'node:os';
import { launcherArguments } from '../base/started-with.ts';
import type { ContextPlan } from '../context/context.ts';
import { chooseContext } from '../context/registry.ts';
import { Feeder } from '../driver/feeder.ts';
import { countTasks } from '../driver/look-through.ts';
import { ResumeIndex } from '../driver/resume-index.ts';
import type { TaskSource } from '../driver/task-source.ts';
import type { LauncherCommand } from '../engine/spawned-launcher.ts';
import { findLaunchers } from '../engine/find-launchers.ts';
import { mistakeSentence } from '../task/task-file-mistake.ts';
import type { RunOptions } from './run-options.ts';
import { situation, wanted } from './situation.ts';
import type { Surroundings } from './surroundings.ts';

/** A run that can begin. */
export interface Prepared {
  /** undefined: hosts come later (`-S`). */
  readonly plan: ContextPlan | undefined;
  readonly launchers: readonly LauncherCommand[];
  readonly source: TaskSource;
  /** Tasks in the whole stream; undefined where the source can be read only once. */
  readonly total: number | undefined;
  /** Whether the records to take over can be put into the new status file before the run. */
  readonly carries: boolean;
  /** A new look at the stream, from its beginning. With `warn`, mistakes that are passed over are told. */
  newFeeder(use: { readonly skipsWritten: boolean; readonly warn: boolean }): Feeder;
}

/** How many notes of one kind are told. */
const shownNotes = 20;

/** @throws DisbatchError for whatever keeps the run from beginning */
export function prepare(given: RunOptions, openSource: () => TaskSource, around: Surroundings): Prepared {
  const { tell: say, env } = around;
  const kind = given.endBackground ? 'native' : given.launcher;
  const launchers = findLaunchers(around.folder, kind, launcherArguments(around.started));
  const cores = availableParallelism();
  const plan = given.startupOnly
    ? undefined
    : chooseContext(situation(wanted(given), env, cores, around.started.nofile));
  if (plan === undefined) {
    const idle = [
      given.taskLimit > 0 ? '-C' : '',
      given.stopBefore === undefined ? '' : '--stop-before',
      given.fill ? '--fill' : '',
    ];
    for (const option of idle.filter(Boolean)) {
      say.notice(`${option} is for the hosts of a run, and -S starts without. Give it to PREFIX_dbUtil.sh.`);
    }
  }
  if (given.resumeFrom.length === 0 && (given.retry || given.forceResume)) {
    say.notice(`${given.retry ? '-R' : '--force-resume'} has no effect without -r.`);
  }
  const source = openSource();
  const index = given.resumeFrom.length > 0 ? new ResumeIndex(given.resumeFrom) : undefined;
  for (const note of firstOf(index?.notes ?? [])) say.notice(note);
  const total = source.repeatable ? countTasks(source, given.unknownDirectives) : undefined;
  for (const notice of plan?.notices ?? []) say.notice(notice);
  return {
    plan,
    launchers,
    source,
    total,
    carries: index !== undefined && source.repeatable,
    newFeeder: ({ skipsWritten, warn }) => {
      let warnings = 0;
      return new Feeder({
        source,
        unknownDirectives: given.unknownDirectives,
        onWarning: (mistake) => {
          if (!warn || ++warnings > shownNotes + 1) return;
          const more = warnings > shownNotes;
          say.error(
            more ? 'Warning: there are more such lines.' : `Warning: ${mistakeSentence(source.shownName, mistake)}`,
          );
        },
        resume: index === undefined ? undefined : { index, options: { retry: given.retry, force: given.forceResume } },
        skipsWritten,
      });
    },
  };
}

function firstOf(notes: readonly string[]): string[] {
  const more = notes.length - shownNotes;
  return more > 0 ? [...notes.slice(0, shownNotes), `There are ${more} more such lines.`] : [...notes];
}
