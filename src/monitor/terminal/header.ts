/**
 * The head of the screen: which run, how far, how fast, and what has to be known at once. Pure.
 */

import { counted, grouped, shellQuoted } from '../../base/terminal-text.ts';
import { jobId } from '../../contract/run-files.ts';
import { bar, type Glyphs } from './glyphs.ts';
import { bestFit, leftAndRight, line, segment, widthOf, type Line, type Part, type Style } from './line.ts';
import type { Sight } from './sight.ts';
import { sparkline } from './sparkline.ts';
import { clip, clipStart, safe, wrapped } from '../../base/text-width.ts';
import { age, rateWords, timeOfDay } from './words.ts';

/** For the peak, and a gap. */
const peakWidth = 20;
const leastCells = 8;
const mostCells = 120;

/** A notice takes at most so many lines. */
const noticeLines = 3;

export function header(sight: Sight, width: number, glyphs: Glyphs): Line[] {
  return [
    title(sight, width, glyphs),
    progress(sight, width, glyphs),
    figures(sight, width),
    rates(sight, width, glyphs),
    ...notices(sight).flatMap(({ text, style }) => noticeOf(text, style, width, glyphs)),
  ];
}

function noticeOf(text: string, style: Style, width: number, { ellipsis }: Glyphs): Line[] {
  const lines = wrapped(safe(text), width - 2);
  return lines.slice(0, noticeLines).map((each, i) => {
    const isCut = i === noticeLines - 1 && lines.length > noticeLines;
    return [segment(`  ${isCut ? clip(`${each}${ellipsis}`, width - 2, ellipsis) : each}`, style)];
  });
}

function title(sight: Sight, width: number, glyphs: Glyphs): Line {
  const {
    prefix,
    figures: { elapsed },
  } = sight;
  const { word, style } = stateOf(sight);
  const right = [segment(` ${word}`, style), segment(elapsed > 0 ? `  ${age(elapsed)} ` : ' ')];
  const label = safe(jobId(prefix));
  const folder = safe(prefix.slice(0, -jobId(prefix).length));
  const room = width - 14 - label.length - word.length - 12;
  const where =
    room < 8 || folder === ''
      ? []
      : [segment(`  ${glyphs.dot} `, 'faint'), segment(clipStart(folder, room, glyphs.ellipsis), 'faint')];
  return leftAndRight(
    [segment(' disBatch ', 'accent'), segment(label, 'strong'), ...where],
    right,
    width,
    glyphs.ellipsis,
  );
}

/** How the run is, in a word or two. */
export function stateOf(sight: Sight): { word: string; style: Style } {
  const { link, overview, figures } = sight;
  if (readsFirst(sight)) return { word: 'reading its records', style: 'faint' };
  if (link.kind === 'over') {
    const bad = figures.failed + figures.perEngineFailed > 0 || (link.exitStatus ?? 0) !== 0;
    return { word: 'over', style: bad ? 'warn' : 'good' };
  }
  if (link.kind === 'away') return { word: 'cannot be reached', style: 'bad' };
  if (overview === undefined) return { word: 'connecting', style: 'faint' };
  switch (overview.phase) {
    case 'running':
      return overview.barrier === undefined
        ? { word: 'running', style: 'good' }
        : { word: 'at a barrier', style: 'good' };
    case 'closing':
      return { word: 'stopping', style: 'warn' };
    case 'killing':
      return { word: 'being ended', style: 'bad' };
    case 'over':
      return { word: 'over', style: 'warn' };
  }
}

function progress({ figures: { total, done }, link }: Sight, width: number, glyphs: Glyphs): Line {
  if (total === undefined || total === 0) {
    const more = link.kind === 'over' ? '' : ', more to come';
    return line(` ${counted(done, 'task', 'tasks')} done${more}`, 'strong');
  }
  const fraction = Math.min(1, done / total);
  const percent = `${String(Math.floor(fraction * 100)).padStart(3)}%`;
  const words = `${grouped(done)} of ${grouped(total)} done`;
  const barWidth = Math.max(8, width - words.length - percent.length - 7);
  const { full, empty } = bar(fraction, barWidth, glyphs);
  return [
    segment(' '),
    segment(full, 'good'),
    segment(empty, 'faint'),
    segment(` ${percent}   `, 'strong'),
    segment(words),
  ];
}

function figures(sight: Sight, width: number): Line {
  const { figures: f, link } = sight;
  const part = (rank: number, name: string, value: number, style: Style = 'plain'): Part => ({
    rank,
    line: [segment(`${name} `, style === 'plain' ? 'faint' : style), segment(grouped(value), style)],
  });
  const isOver = link.kind === 'over';
  const bad = (value: number): Style => (value > 0 ? 'bad' : 'plain');
  const parts = [
    ...(isOver ? [] : [part(4, 'slots', f.slots), part(2, 'running', f.running)]),
    part(3, 'finished', f.finished),
    part(0, 'failed', f.failed, bad(f.failed)),
    ...(f.lost > 0 ? [part(1, 'lost', f.lost, 'warn')] : []),
    part(5, 'barriers', f.barriers),
    ...(f.perEngineFailed > 0 ? [part(1, 'per-engine failed', f.perEngineFailed, 'bad')] : []),
    ...(f.skipped > 0 ? [part(6, 'taken over', f.skipped)] : []),
    ...(f.skippedFailed > 0 ? [part(6, 'of them failed', f.skippedFailed, 'bad')] : []),
  ];
  return [segment(' '), ...bestFit(parts, width - 1)];
}

/** The rate, its course, and when it will be done. */
function rates(sight: Sight, width: number, glyphs: Glyphs): Line {
  const { figures: f, overTime, now, overview, link } = sight;
  const left: Line = [
    segment(' rate ', 'faint'),
    segment(f.rate === undefined ? glyphs.dot : rateWords(f.rate)),
    segment('  '),
  ];
  const togo: Part[] =
    f.toGo === undefined
      ? []
      : [
          { rank: 0, line: line(`${age(f.toGo)} to go`, 'strong') },
          { rank: 1, line: line(`done at ${timeOfDay(now + f.toGo, now)}`) },
        ];
  const right: Line = [...bestFit(togo, width - widthOf(left) - 1), segment(' ')];
  const until = link.kind === 'over' || overview === undefined ? 0 : overview.now;
  const room = width - widthOf(left) - widthOf(right) - peakWidth;
  const { cells, peak } = sparkline(overTime, until, room < leastCells ? 0 : Math.min(mostCells, room));
  const course = cells.map(({ rate, failed }) => segment(levelOf(rate, peak, glyphs), failed ? 'bad' : 'good'));
  const most = cells.length === 0 ? [] : [segment(`  peak ${rateWords(peak)}`, 'faint')];
  return leftAndRight([...left, ...together(course), ...most], right, width, glyphs.ellipsis);
}

function levelOf(rate: number, peak: number, { levels }: Glyphs): string {
  if (rate === 0 || peak === 0) return ' ';
  return levels[Math.min(levels.length - 1, Math.floor((rate / peak) * levels.length))] as string;
}

/** Neighbours of one style as one. */
function together(segments: Line): Line {
  const merged: { text: string; style: Style }[] = [];
  for (const { text, style } of segments) {
    const last = merged.at(-1);
    if (last !== undefined && (last.style === style || text === ' ')) last.text += text;
    else merged.push({ text, style });
  }
  return merged;
}

/** What has to be known, in sentences. */
export function notices(sight: Sight): { text: string; style: Style }[] {
  const { link, overview, statusFile, now, recordsProblem } = sight;
  const resume = `disbatch -r ${shellQuoted(statusFile)}`;
  const said: { text: string; style: Style }[] = [];
  if (link.kind === 'away') {
    const since = `${timeOfDay(link.since, now)} (${age(now - link.since)})`;
    said.push({ text: `Not reached since ${since}; it is tried again. ${link.problem}`, style: 'bad' });
    said.push({
      text: `If it was killed, go on with: ${resume} and the options and tasks that it had.`,
      style: 'warn',
    });
  } else if (readsFirst(sight)) {
    // What is known of it comes in a moment.
  } else if (link.kind === 'over') {
    said.push({ text: overSentence(sight), style: 'strong' });
    const left = overview === undefined ? 0 : (overview.tasks.total ?? 0) - sight.figures.done;
    const why = whyOf(overview?.end);
    if (why !== undefined) said.push({ text: `It ended early: ${why}.`, style: 'warn' });
    const failed = sight.figures.failed + sight.figures.skippedFailed;
    if (left <= 0 && why === undefined && failed > 0) {
      said.push({
        text: `Run the failed ones again: ${resume} -R and the options and tasks that it had.`,
        style: 'warn',
      });
    } else if (left > 0 || why !== undefined) {
      const tasks = left > 0 ? `${counted(left, 'task is', 'tasks are')} left; ` : '';
      said.push({ text: `${tasks}go on with: ${resume} and the options and tasks that it had.`, style: 'warn' });
    }
  } else if (overview !== undefined) {
    said.push(...ofRunning(sight));
  }
  if (recordsProblem !== undefined) said.push({ text: recordsProblem, style: 'warn' });
  return said;
}

/** A run that was over before is known by its records alone. */
function readsFirst({ link, overview, isReading }: Sight): boolean {
  return link.kind === 'over' && overview === undefined && isReading;
}

function overSentence({ link, figures: f }: Sight): string {
  const status = link.kind === 'over' && link.exitStatus !== undefined ? ` with exit status ${link.exitStatus}` : '';
  const failed = f.failed + f.perEngineFailed;
  return `The run is over${status}: ${counted(f.finished, 'task', 'tasks')} run, ${failed === 0 ? 'none' : grouped(failed)} failed. q leaves.`;
}

function ofRunning({ overview, figures: f }: Sight): { text: string; style: Style }[] {
  if (overview === undefined) return [];
  const { barrier, end, phase } = overview;
  if (phase !== 'running') {
    const why = whyOf(end);
    const running = f.running === 0 ? '' : ` ${counted(f.running, 'task still runs', 'tasks still run')}.`;
    return [{ text: `It comes to its end${why === undefined ? '' : `: ${why}`}.${running}`, style: 'warn' }];
  }
  if (barrier !== undefined) {
    const waited = age(overview.now - barrier.since);
    const open = f.running + f.lost;
    return [
      {
        text: `Waiting for ${waited} at the barrier of line ${barrier.lineNumber}, for ${counted(open, 'task', 'tasks')} before it.`,
        style: 'warn',
      },
    ];
  }
  if (f.slots === 0) return [{ text: 'No engine works: tasks wait for one.', style: 'warn' }];
  return [];
}

/** Why it ends before all is done; undefined: it does not, or that is not known. */
function whyOf(end: string | undefined): string | undefined {
  switch (end) {
    case 'check-failed':
      return 'the check of a barrier failed';
    case 'fail-fast':
      return 'a task has failed (--fail-fast)';
    case 'soft-stop':
      return 'it was stopped, and running tasks may finish';
    case 'time-limit':
      return 'its allocation ends (--stop-before)';
    case 'signal':
      return 'a signal ended its tasks';
    case 'trouble':
      return 'something was wrong, and the terminal of the run says what';
    default:
      return undefined;
  }
}
