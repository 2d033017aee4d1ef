/**
 * Figures and states as words and short texts for people. Pure.
 */

import { clock, counted, duration, grouped, visible } from '../../../base/terminal-text.ts';
import type { RunAnswer } from '../../web/answers.ts';
import type { ServerState } from '../live/server.ts';

/** How something stands: it colours what is said. */
export type Tone = 'calm' | 'good' | 'busy' | 'warn' | 'bad';

export interface Said {
  readonly words: string;
  readonly tone: Tone;
}

/** The state of the run in a few words. */
export function stateOf(run: RunAnswer | undefined): Said {
  if (run === undefined) return { words: 'connecting', tone: 'calm' };
  const { link, phase, barrier, figures, end } = run;
  switch (link) {
    case 'connecting':
      return { words: 'connecting to the run', tone: 'calm' };
    case 'away':
      return { words: 'cannot be reached', tone: 'bad' };
    case 'records':
      return { words: 'over', tone: figures.failed + figures.perEngineFailed > 0 ? 'warn' : 'good' };
    case 'over':
      return overWords(run);
    case 'live':
      if (phase === 'killing') return { words: 'ending its tasks', tone: 'bad' };
      if (phase === 'closing')
        return { words: end === null ? 'finishing' : 'stopping', tone: end === null ? 'busy' : 'warn' };
      if (phase === 'over') return overWords(run);
      if (barrier !== null) return { words: `waiting at the barrier of line ${barrier.lineNumber}`, tone: 'warn' };
      if (run.engines === 0) return { words: 'waiting for hosts', tone: 'warn' };
      if (figures.running === 0 && figures.done === 0) return { words: 'starting', tone: 'busy' };
      return { words: 'running', tone: 'busy' };
  }
}

function overWords({ exitStatus, figures, end }: RunAnswer): Said {
  if (exitStatus === null) return { words: 'over', tone: figures.failed > 0 ? 'warn' : 'good' };
  const words = end === null ? `over, exit status ${exitStatus}` : `over before its end, exit status ${exitStatus}`;
  return { words, tone: exitStatus !== 0 || end !== null ? 'bad' : figures.failed > 0 ? 'warn' : 'good' };
}

/** The one sentence to read first. */
export function headline(run: RunAnswer): string {
  const { figures, link, end } = run;
  const { total, done, failed, running, toGo, perEngineFailed } = figures;
  const bad =
    failed > 0
      ? `${counted(failed, 'task')} failed`
      : perEngineFailed > 0
        ? `${counted(perEngineFailed, 'per-engine task')} failed`
        : 'nothing has failed';
  if (link === 'away')
    return `The run does not answer. When it was last heard of, ${grouped(done)} tasks were done and ${bad}.`;
  if (link === 'over' || link === 'records' || run.phase === 'over') {
    const left = total === null ? 0 : total - done;
    if (left > 0) return `The run is over with ${counted(left, 'task')} not done; ${bad}.`;
    return failed + perEngineFailed > 0 ? `The run is over: ${bad}.` : `The run is over, and ${bad}.`;
  }
  if (end !== null) return `The run ends (${visible(end)}): ${counted(running, 'task')} still running; ${bad}.`;
  if (done === 0 && running === 0)
    return run.engines === 0 ? 'No host has come yet.' : 'The first tasks are about to start.';
  const when = toGo === null ? '' : `, and it should be done in ${rough(toGo)}`;
  const share = total === null ? `${grouped(done)} tasks done` : `${percent(done, total)} done`;
  return `${share}, ${bad}${when}.`;
}

/** What stands in the way of this page, if anything. */
export function troubleOf(run: RunAnswer | undefined, server: ServerState): string | undefined {
  if (server.kind === 'ended')
    return `The server of this page has ended${run?.link === 'records' ? '' : ' with the run'}. What you see is the last it said; \`disbatch web ${run?.prefix ?? 'PREFIX'}\` serves the page again.`;
  if (server.kind === 'refused')
    return 'This address is not that of a page any more. The address of a run is in its file PREFIX_url; `disbatch web PREFIX` serves it again.';
  if (server.kind === 'cut')
    return `The server of this page cannot be reached since ${timeOfDay(server.since)}: is the tunnel or the network cut? It is tried again every few seconds.`;
  if (run?.link === 'away')
    return `The run cannot be reached${run.awaySince === null ? '' : ` since ${timeOfDay(run.awaySince)}`}: was it killed? It is tried again. ${visible(run.problem ?? '')}`;
  const problem = run?.problem ?? undefined;
  return problem === undefined ? undefined : visible(problem);
}

/** 63.4 %; 100 % only when all is done. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return '0 %';
  const share = Math.min(1, part / whole);
  if (share > 0 && share < 0.001) return 'under 0.1 %';
  return share === 1 ? '100 %' : `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}

/** Seconds in the unit that makes a number of a rate that is easy to read. */
function unitOfRate(perSecond: number): readonly [number, string] {
  return perSecond >= 1 ? [1, 's'] : perSecond >= 1 / 60 ? [60, 'min'] : [3600, 'h'];
}

/** The marks of an axis of rates, all in one unit. */
export function ratesOfAxis(marks: readonly number[]): string[] {
  const [seconds, unit] = unitOfRate(Math.max(...marks));
  return marks.map((mark) =>
    mark === 0 ? '0' : `${Number((mark * seconds).toPrecision(3)).toLocaleString('en')}/${unit}`,
  );
}

/** Tasks a second, a minute or an hour. */
export function rateText(perSecond: number | null): string {
  if (perSecond === null || perSecond <= 0) return '–';
  const [seconds, unit] = unitOfRate(perSecond);
  const value = perSecond * seconds;
  return `${value >= 100 ? grouped(value) : value >= 10 ? value.toFixed(0) : value.toFixed(1)}/${unit}`;
}

/** A time to come, no more precise than it can be known: 40 s, 12 min, 3 h 20 min, 2 d 4 h. */
export function rough(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** 12 ms, 0.42 s, 12.3 s, 4:05. */
export function took(seconds: number): string {
  return seconds > 0 && seconds < 0.1 ? `${Math.round(seconds * 1000)} ms` : duration(seconds);
}

const two = (value: number): string => String(value).padStart(2, '0');

/** 21:14:05, in the time of whoever looks. */
export function timeOfDay(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** A time of day as seen from now: 04:12, tomorrow 04:12, Thursday 04:12, 2026-11-30 04:12. */
export function clockTime(seconds: number, now: number): string {
  const [date, today] = [new Date(seconds * 1000), new Date(now * 1000)];
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const midnight = (of: Date): number => new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime();
  const days = Math.round((midnight(date) - midnight(today)) / 86_400_000);
  if (days === 0) return time;
  if (days === 1) return `tomorrow ${time}`;
  if (days === -1) return `yesterday ${time}`;
  if (Math.abs(days) < 7) return `${weekdays[date.getDay()]} ${time}`;
  return `${dateText(seconds)} ${time}`;
}

/** 2026-11-30 */
export function dateText(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** How long ago: 3 s, 4:05. */
export function ago(seconds: number): string {
  return seconds < 60 ? `${Math.max(0, Math.round(seconds))} s` : clock(seconds);
}

/** Text of several lines, each safe to be seen. */
export function visibleLines(text: string): string {
  return text
    .split('\n')
    .map((line) => visible(line).replaceAll('\\t', '    '))
    .join('\n');
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
