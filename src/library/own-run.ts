/**
 * A run that the program has started, in the program's own process: the driver, the first context, the engine of this host.
 *
 *   submit() ─► queue ─► feeder ─► driver ─► engines        records ─► results, status file
 *
 * Always true: no signal handler is installed and nothing is printed; when `over` is done nothing is left of the run.
 */

import { setImmediate } from 'node:timers/promises';
import { messageSource } from '../driver/task-source.ts';
import type { RunEnd } from '../contract/snapshot.ts';
import { beginRun, type BegunRun } from '../run/begin-run.ts';
import type { Surroundings } from '../run/surroundings.ts';
import { statusHeader } from '../task/status-line.ts';
import { checkOptions } from './check-options.ts';
import { defaultName, type Course, type CourseEnd } from './course.ts';
import { MessageQueue } from './message-queue.ts';
import type { DisBatcherOptions } from './options.ts';
import { RecordReader } from './record-reader.ts';
import { Results } from './results.ts';
import type { WhyOver } from './run-summary.ts';
import { submitName } from './task-counter.ts';

declare const DISBATCH_VERSION: string;
/** The library is a CommonJS bundle beside the launchers. */
declare const __dirname: string;

/** @throws (rejects with) DisbatchError when the run cannot begin */
export async function startOwnRun(given: DisBatcherOptions): Promise<Course> {
  const options = checkOptions(given);
  const queue = new MessageQueue();
  const results = new Results();
  const begun = await beginRun(
    options,
    () => messageSource(submitName, given.name ?? defaultName, () => queue),
    surroundings(given, results),
  );
  if (begun === 'no tasks') throw new Error('a stream whose end is not known has no tasks');
  let reader: RecordReader;
  try {
    reader = new RecordReader(begun.files.status);
  } catch (error) {
    await begun.close();
    throw error;
  }
  return {
    ...{ results, reader, begin: options.statusHeader ? statusHeader.length + 1 : 0, statusFile: begun.files.status },
    send: (message) => queue.push(message),
    noMore: () => queue.end(),
    softStop: () => begun.driver.softStop('soft-stop'),
    end: () => begun.driver.signal('SIGTERM'),
    // The status file stays, and what is asked of it later is read there.
    forget: () => Promise.resolve(),
    over: course(begun, queue, results, reader),
  };
}

/** Takes the run to its end, and everything of it away. */
async function course(
  begun: BegunRun,
  queue: MessageQueue,
  results: Results,
  reader: RecordReader,
): Promise<CourseEnd> {
  let end: CourseEnd;
  try {
    const { end: how, exitStatus, unwritten } = await begun.toItsEnd(new Promise(() => {}));
    const failure = how.why === 'trouble' ? how.error : unwritten;
    end = { why: whyOver(how), exitStatus: unwritten?.exitStatus ?? exitStatus, failure };
  } catch (error) {
    end = { why: 'ended', exitStatus: 1, failure: error };
  }
  queue.drop();
  results.over(end.failure);
  try {
    await begun.close();
    await reader.release();
    // What has been closed is gone in the next turn of the event loop.
    await setImmediate();
  } catch (error) {
    end = { ...end, failure: end.failure ?? error };
  }
  return end;
}

function whyOver(end: RunEnd): WhyOver {
  switch (end.why) {
    case 'soft-stop':
      return 'stopped';
    case 'signal':
    case 'trouble':
      return 'ended';
    default:
      return end.why;
  }
}

function surroundings(given: DisBatcherOptions, results: Results): Surroundings {
  const { onNotice, openFiles } = given;
  const tell = (text: string): void => {
    try {
      onNotice?.(text);
    } catch (error) {
      // The program's own mistake must not stop the driver in the midst of its turn.
      queueMicrotask(() => {
        throw error;
      });
    }
  };
  const env = { ...(given.env ?? process.env) };
  delete env['DISBATCH_STARTED_WITH'];
  return {
    invocation: `started by a program: ${process.argv.slice(0, 2).join(' ')}`,
    ...{ env, folder: __dirname, version: DISBATCH_VERSION },
    started: { nofile: openFiles, ignored: [] },
    tell: { notice: tell, error: tell },
    watch: {
      record: (record, at) => results.record(record, at),
      written: (upTo) => results.written(upTo),
    },
  };
}
