/**
 * What there is under each path of the web server. In its process.
 */

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { detailsFile } from '../../contract/run-files.ts';
import { mostRunningTasks, type RunningTasks } from '../../contract/running.ts';
import { times } from '../analysis/times.ts';
import { metrics } from './metrics.ts';
import type { Done, StopWanted, TasksAnswer, TimelineAnswer, TimesAnswer } from './answers.ts';
import type { EventStreams } from './event-streams.ts';
import { inPieces } from './in-pieces.ts';
import { Kept, KeptAnswer } from './kept.ts';
import type { PageFiles } from './page-files.ts';
import { stopWanted, storePut, tasksWanted, timelineWanted, whole } from './questions.ts';
import { Refusal } from './refusal.ts';
import { enginesAnswer, runAnswer, type RunFacts } from './run-answer.ts';
import type { RunWatch } from './run-watch.ts';
import type { StoreView } from './store-view.ts';
import { taskRow } from './task-row.ts';
import { timeline } from './timeline.ts';
import type { Answer, Path, Paths } from './web-server.ts';

export interface PathParts {
  readonly prefix: string;
  readonly version: string;
  readonly files: PageFiles;
  readonly watch: RunWatch;
  readonly store: StoreView;
  readonly events: EventStreams;
}

/** Figures of all tasks are kept for so many times as long as they took to make, and for a second. */
const rest = 20;
const leastKeptMs = 1000;

/** Engines whose tasks are looked at, on all pages together. */
const mostRunningKept = 64;

export function pathsOf(parts: PathParts): Paths {
  const { files, watch, store, events } = parts;
  const { follower, link } = watch;
  const timesNow = timesKept(watch);
  const runningKept = new Kept<KeptAnswer<RunningTasks>>(mostRunningKept);
  const facts = (): RunFacts => factsOf(parts);
  const shown = Object.entries(files).map(([name, file]): [string, Path] => [
    name,
    { read: () => ({ kind: 'bytes', ...file }) },
  ]);
  const there: Readonly<Record<string, Path>> = {
    run: { read: () => json(runAnswer(facts())) },
    events: {
      read: () => {
        if (!events.hasRoom) throw new Refusal(503, 'So many pages are open that there is no room for another.');
        return { kind: 'stream', take: (response, headers) => events.add(response, headers, runAnswer(facts())) };
      },
    },
    engines: { read: () => json(enginesAnswer(link.overview, Date.now() / 1000)) },
    running: {
      read: async ({ query }) => {
        if (link.state.kind === 'over') return json({ now: Date.now() / 1000, total: 0, tasks: [] });
        const engines = query.has('engine') ? [whole(query, 'engine', 0, 2 ** 31)] : undefined;
        const limit = whole(query, 'limit', 1000, mostRunningTasks);
        const name = JSON.stringify([engines, limit]);
        return json(await runningKept.of(name, () => new KeptAnswer(() => link.running(engines, limit))).get());
      },
    },
    series: { read: () => json(watch.stretches) },
    times: { read: () => json(timesNow()) },
    timeline: { read: async ({ query, signal }) => json(await timelineNow(watch, query, signal)) },
    tasks: {
      read: async ({ query, signal }) => {
        const wanted = tasksWanted(query);
        const { indices, ...found } = await watch.lists.find(wanted, signal);
        const rows = await Promise.all(indices.map((index) => rowOf(watch, index)));
        return json({ ...found, from: wanted.from, rows } satisfies TasksAnswer);
      },
    },
    task: {
      read: async ({ query }) => {
        const index = whole(query, 'index', 0, 2 ** 32);
        if (index >= follower.table.length) throw new Refusal(404, 'There is no such record.');
        return json(await rowOf(watch, index));
      },
    },
    store: {
      read: async () => json(await store.look()),
      write: async ({ body }) => {
        const { key, value } = storePut(body);
        return json({ problem: await store.put(key, value) } satisfies Done);
      },
    },
    stop: { write: async ({ body }) => json({ problem: await stop(watch, stopWanted(body)) } satisfies Done) },
    metrics: {
      read: () => ({
        kind: 'bytes',
        type: 'text/plain; version=0.0.4',
        bytes: metrics({ ...facts(), engines: link.overview?.engines ?? [] }),
      }),
    },
  };
  return new Map([...shown, ...Object.entries(there)]);
}

/** What is known at this moment. */
export function factsOf({ prefix, version, watch }: Pick<PathParts, 'prefix' | 'version' | 'watch'>): RunFacts {
  const { follower, link } = watch;
  const details = detailsFile(prefix);
  return {
    ...{ version, prefix, host: hostname(), now: Date.now() / 1000, link: link.state, overview: link.overview },
    ...{ tallies: follower.table.tallies, rate: watch.meter.rate(), records: watch.records },
    ...{ foreignLines: follower.foreignLines, statusFile: follower.path, fileProblem: watch.fileProblem },
    detailsFile: existsSync(details) ? details : undefined,
    resultsFolder: link.info?.results,
  };
}

function json(value: object): Answer {
  return { kind: 'json', value };
}

async function rowOf({ follower, link }: RunWatch, index: number): Promise<ReturnType<typeof taskRow>> {
  const at = follower.table.at(index);
  return taskRow(await follower.record(index), index, at, link.info?.results);
}

/** @returns why not */
async function stop({ link }: RunWatch, wanted: StopWanted): Promise<string | null> {
  if (link.state.kind === 'over') return 'The run is over.';
  const message =
    wanted.what === 'engine'
      ? ({ type: 'stop-engine', rank: wanted.rank } as const)
      : wanted.what === 'context'
        ? ({ type: 'stop-context', label: wanted.label } as const)
        : ({ type: 'stop-run' } as const);
  const problem = await link.stop(message);
  return problem === undefined ? null : `That cannot be stopped: ${problem}.`;
}

async function timelineNow(watch: RunWatch, query: URLSearchParams, signal: AbortSignal): Promise<TimelineAnswer> {
  const { follower } = watch;
  for (;;) {
    const { replacements, table } = follower;
    const [begin, end] = extentOf(watch);
    const wanted = timelineWanted(query, begin, end);
    const answer = await inPieces(timeline(table, watch.lanes, begin, end, wanted), signal);
    // Half of one file and half of another is neither.
    if (follower.replacements === replacements) return answer;
  }
}

/** From when to when the timeline reaches: to now while the run goes on. */
function extentOf({ follower, link }: RunWatch): [number, number] {
  const { firstStart, lastFinish } = follower.table.tallies;
  const { overview, state } = link;
  const goesOn = state.kind === 'live' && overview !== undefined;
  const begin = Math.min(firstStart ?? Infinity, overview?.start ?? Infinity);
  const end = Math.max(lastFinish ?? 0, goesOn ? overview.now : 0);
  return Number.isFinite(begin) ? [begin, Math.max(begin, end)] : [0, 0];
}

function timesKept({ follower }: RunWatch): () => TimesAnswer {
  let kept: { readonly answer: TimesAnswer; readonly until: number; readonly of: string } | undefined;
  return () => {
    const begun = performance.now();
    const { table, replacements } = follower;
    const of = `${table.length} ${replacements}`;
    if (kept !== undefined && (begun < kept.until || kept.of === of)) return kept.answer;
    const answer = times(table);
    const now = performance.now();
    kept = { answer, until: now + Math.max(leastKeptMs, (now - begun) * rest), of };
    return answer;
  };
}
