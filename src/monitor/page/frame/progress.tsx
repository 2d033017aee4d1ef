/**
 * How far the run is: the bar, and the figures below it.
 */

import type { ComponentChildren } from 'preact';
import { clock, grouped } from '../../../base/terminal-text.ts';
import type { Figures, RunAnswer } from '../../web/answers.ts';
import { isLive, now, run } from '../live/live.ts';
import { to } from '../live/route.ts';
import { clockTime, percent, rateText, rough } from '../parts/words.ts';

export function Progress() {
  const it = run.value;
  if (it === undefined) return null;
  return (
    <div class="progress">
      <Bar run={it} />
      <dl class="figures">
        <Done run={it} />
        <Failed run={it} />
        <Figure name="Running" kind={it.figures.running > 0 ? 'is-busy' : ''} beside={slotsText(it)}>
          {grouped(it.figures.running)}
        </Figure>
        <Figure name="Rate" beside={meanText(it)}>
          {it.link === 'away' ? '–' : rateText(it.figures.rate)}
        </Figure>
        <ToGo run={it} />
        <Elapsed run={it} />
      </dl>
    </div>
  );
}

function Bar({ run: { figures, link } }: { readonly run: RunAnswer }) {
  const { total, done, finished, failed, skipped, running } = figures;
  const whole = Math.max(total ?? done + running, 1);
  const width = (count: number) => ({ width: `${(count / whole) * 100}%` });
  const said =
    total === null ? `${grouped(done)} done, how many there are is not known` : `${percent(done, total)} done`;
  return (
    <div
      class={`bar ${total === null && link === 'live' ? 'bar-open' : ''}`}
      role="progressbar"
      aria-label="Tasks done"
      aria-valuemin={0}
      aria-valuemax={100}
      {...(total === null ? {} : { 'aria-valuenow': Math.floor((done / Math.max(total, 1)) * 100) })}
      aria-valuetext={said}
    >
      {skipped > 0 && <span class="bar-part bar-skipped" style={width(skipped)} />}
      {finished - failed > 0 && <span class="bar-part bar-good" style={width(finished - failed)} />}
      {failed > 0 && <span class="bar-part bar-failed" style={width(failed)} />}
      {running > 0 && <span class="bar-part bar-running" style={width(running)} />}
    </div>
  );
}

interface FigureProperties {
  readonly name: string;
  readonly kind?: string;
  readonly beside?: ComponentChildren;
  readonly children: ComponentChildren;
}

function Figure({ name, kind = '', beside, children }: FigureProperties) {
  return (
    <div class={`figure ${kind}`}>
      <dt>{name}</dt>
      <dd>
        <span class="figure-value">{children}</span>
        <span class="figure-beside">{beside}</span>
      </dd>
    </div>
  );
}

function Done({ run: { figures } }: { readonly run: RunAnswer }) {
  const { total, done, skipped } = figures;
  const taken = skipped > 0 ? `, ${grouped(skipped)} from earlier` : '';
  const beside = total === null ? `tasks${taken}` : `${percent(done, total)} of ${grouped(total)}${taken}`;
  return (
    <Figure name="Done" beside={beside}>
      {grouped(done)}
    </Figure>
  );
}

function Failed({ run: { figures } }: { readonly run: RunAnswer }) {
  const { failed, perEngineFailed, skippedFailed, lost, finished } = figures;
  const beside = [
    ...(failed > 0 && finished > 0 ? [`${percent(failed, finished)} of those run`] : []),
    ...(perEngineFailed > 0 ? [`${grouped(perEngineFailed)} per-engine`] : []),
    ...(skippedFailed > 0 ? [`${grouped(skippedFailed)} earlier`] : []),
    ...(lost > 0 ? [`${grouped(lost)} lost, to run again`] : []),
  ].join(', ');
  const isBad = failed + perEngineFailed > 0;
  return (
    <Figure name="Failed" kind={isBad ? 'is-bad' : ''} beside={beside === '' ? 'nothing' : beside}>
      {isBad ? <a href={to('tasks', { state: 'failed' })}>{grouped(failed)}</a> : grouped(failed)}
    </Figure>
  );
}

function slotsText({ figures, engines }: RunAnswer): string {
  if (engines === 0 && figures.slots === 0) return figures.running === 0 ? 'no slots' : '';
  return `of ${grouped(figures.slots)} slot${figures.slots === 1 ? '' : 's'} on ${grouped(engines)} node${engines === 1 ? '' : 's'}`;
}

function meanText({ figures, link }: RunAnswer): string {
  if (link === 'over' || link === 'records') return 'on the whole';
  const { finished, elapsed } = figures;
  return finished > 0 && elapsed > 0 ? `${rateText(finished / elapsed)} on the whole` : 'tasks ended';
}

/** Seconds since the server's last word, while the run goes on. */
function sinceTold(it: RunAnswer): number {
  return isLive.value ? Math.max(0, now.value - it.now) : 0;
}

function ToGo({ run: it }: { readonly run: RunAnswer }) {
  const { toGo } = it.figures;
  const isOver = it.link === 'over' || it.link === 'records' || it.phase === 'over';
  if (isOver) {
    return <Ended figures={it.figures} />;
  }
  if (toGo === null || it.link === 'away')
    return (
      <Figure name="To go" beside={it.link === 'away' ? 'the run does not answer' : 'not known yet'}>
        –
      </Figure>
    );
  return (
    <Figure name="To go" beside={`until ${clockTime(it.now + toGo, now.value)}`}>
      {rough(Math.max(0, toGo - sinceTold(it)))}
    </Figure>
  );
}

/** The time of day stands large, its day below. */
function Ended({ figures: { start, elapsed } }: { readonly figures: Figures }) {
  if (start === null) return <Figure name="Ended">–</Figure>;
  const words = clockTime(start + elapsed, now.value).split(' ');
  const time = words.pop();
  return (
    <Figure name="Ended" beside={words.join(' ')}>
      {time}
    </Figure>
  );
}

function Elapsed({ run: it }: { readonly run: RunAnswer }) {
  const { start, elapsed } = it.figures;
  return (
    <Figure name="Elapsed" beside={start === null ? '' : `since ${clockTime(start, now.value)}`}>
      {clock(elapsed + sinceTold(it))}
    </Figure>
  );
}
