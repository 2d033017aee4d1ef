/**
 * What the page is told of the run as a whole. Pure.
 */

import type { RunOverview } from '../../contract/overview.ts';
import { jobId } from '../../contract/run-files.ts';
import type { LinkState } from '../../reach/run-link.ts';
import type { Tallies } from '../records/record-table.ts';
import { runFigures } from '../run-figures.ts';
import type { EnginesAnswer, Figures, RunAnswer } from './answers.ts';

/** All that an answer is made from. Times in seconds since 1970. */
export interface RunFacts {
  readonly version: string;
  readonly prefix: string;
  /** Where the server runs. */
  readonly host: string;
  readonly now: number;
  readonly link: LinkState;
  readonly overview: RunOverview | undefined;
  readonly tallies: Readonly<Tallies>;
  readonly rate: number | undefined;
  readonly records: number;
  readonly foreignLines: number;
  readonly statusFile: string;
  readonly detailsFile: string | undefined;
  readonly resultsFolder: string | undefined;
  /** Why the status file cannot be read. */
  readonly fileProblem: string | undefined;
}

export function runAnswer(facts: RunFacts): RunAnswer {
  const { link } = facts;
  const overview = overviewThatCounts(facts);
  return {
    version: facts.version,
    taskName: facts.overview?.taskName ?? jobId(facts.prefix),
    prefix: facts.prefix,
    host: facts.host,
    now: facts.now,
    link: link.kind === 'over' && facts.overview === undefined ? 'records' : link.kind,
    problem: link.kind === 'away' ? link.problem : (facts.fileProblem ?? null),
    awaySince: link.kind === 'away' ? link.since : null,
    exitStatus: link.kind === 'over' ? (link.exitStatus ?? null) : null,
    phase: overview?.phase ?? null,
    end: overview?.end ?? null,
    barrier:
      overview?.barrier === undefined
        ? null
        : { lineNumber: overview.barrier.lineNumber, since: overview.barrier.since },
    streamEnded: overview?.streamEnded ?? true,
    figures: figuresOf(facts),
    contexts: overview?.contexts.filter(({ left }) => !left).length ?? 0,
    engines: overview?.engines.filter(({ stage }) => stage !== 'gone' && stage !== 'lost').length ?? 0,
    records: facts.records,
    foreignLines: facts.foreignLines,
    statusFile: facts.statusFile,
    detailsFile: facts.detailsFile ?? null,
    resultsFolder: facts.resultsFolder ?? null,
  };
}

/** The figures, with null for what is not known. */
export function figuresOf(facts: RunFacts): Figures {
  const figures = runFigures(overviewThatCounts(facts), facts.tallies, facts.rate);
  return {
    ...figures,
    total: figures.total ?? null,
    start: figures.start ?? null,
    rate: figures.rate ?? null,
    toGo: facts.link.kind === 'live' ? (figures.toGo ?? null) : null,
  };
}

export function enginesAnswer(overview: RunOverview | undefined, now: number): EnginesAnswer {
  return { now: overview?.now ?? now, contexts: overview?.contexts ?? [], engines: overview?.engines ?? [] };
}

/** Of a run whose end was missed, the records know more than what was heard before. */
export function overviewThatCounts({ link, overview }: Pick<RunFacts, 'link' | 'overview'>): RunOverview | undefined {
  return link.kind === 'over' && overview?.phase !== 'over' ? undefined : overview;
}
