/**
 * Ends and failures over time, as bars. Failures are marked above the bars too, so that one among thousands is seen.
 */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { counted, grouped } from '../../../base/terminal-text.ts';
import type { SeriesAnswer } from '../../web/answers.ts';
import { recordsStamp } from '../live/live.ts';
import { colour, isDark } from '../live/theme.ts';
import { useAnswer } from '../live/use-answer.ts';
import { Nothing, Panel, Problem } from '../parts/panel.tsx';
import { rateText, ratesOfAxis, timeOfDay } from '../parts/words.ts';

const pauseMs = 2000;
const height = 180;
const markHeight = 5;

export function OverTime() {
  const { answer, problem } = useAnswer<SeriesAnswer>('series', recordsStamp.value, pauseMs);
  const [at, setAt] = useState<number | null>(null);
  const isEmpty = answer === undefined || answer.finished.length === 0;
  return (
    <Panel
      title="Tasks ended over time"
      beside={
        <p class="readout" aria-hidden="true">
          {isEmpty ? '' : at === null ? <Legend /> : stretchText(answer, at)}
        </p>
      }
    >
      <Problem text={problem} />
      {isEmpty ? <Nothing>No task has ended yet.</Nothing> : <Plot answer={answer} onPoint={setAt} />}
    </Panel>
  );
}

function Legend() {
  return (
    <>
      <span class="key key-good" /> ended <span class="key key-failed" /> failed
    </>
  );
}

function stretchText({ from, width, finished, failed }: SeriesAnswer, at: number): string {
  const ended = finished[at] ?? 0;
  const bad = failed[at] ?? 0;
  const begin = from + at * width;
  return `${timeOfDay(begin)} – ${timeOfDay(begin + width)}: ${grouped(ended)} ended (${rateText(ended / width)})${bad > 0 ? `, ${grouped(bad)} failed` : ''}`;
}

/** For who does not see the plot. */
function spokenSeries({ from, width, finished, failed }: SeriesAnswer): string {
  const sum = (counts: readonly number[]): number => counts.reduce((so, count) => so + count, 0);
  const busiest = finished.indexOf(Math.max(...finished));
  const firstBad = failed.findIndex((count) => count > 0);
  const parts = [
    `${counted(sum(finished), 'task')} ended between ${timeOfDay(from)} and ${timeOfDay(from + width * finished.length)}`,
    `most from ${timeOfDay(from + busiest * width)} on, ${rateText((finished[busiest] ?? 0) / width)}`,
    firstBad < 0
      ? 'none failed'
      : `${grouped(sum(failed))} failed, the first at about ${timeOfDay(from + firstBad * width)}`,
  ];
  return `${parts.join('; ')}.`;
}

function dataOf({ from, width, finished, failed }: SeriesAnswer): uPlot.AlignedData {
  return [
    finished.map((_, i) => from + (i + 0.5) * width),
    finished.map((count) => count / width),
    failed.map((count) => (count > 0 ? count / width : null)),
  ];
}

interface PlotProperties {
  readonly answer: SeriesAnswer;
  readonly onPoint: (at: number | null) => void;
}

function Plot({ answer, onPoint }: PlotProperties) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const newest = useRef(answer);
  newest.current = answer;
  const spoken = useMemo(() => spokenSeries(answer), [answer]);
  useEffect(() => {
    const element = place.current as HTMLDivElement;
    const made = new uPlot(optionsOf(element.clientWidth, newest, onPoint), dataOf(newest.current), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [isDark.value]);
  useEffect(() => plot.current?.setData(dataOf(answer)), [answer]);
  return <div class="plot" ref={place} role="img" aria-label={spoken} />;
}

function optionsOf(
  width: number,
  newest: { readonly current: SeriesAnswer },
  onPoint: (at: number | null) => void,
): uPlot.Options {
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: colour('dim'), font, ticks: { show: false }, grid: { stroke: colour('line'), width: 1 } };
  const bars = uPlot.paths.bars?.({ size: [0.86, 60], align: 0 });
  const series = (fill: string): uPlot.Series => ({
    fill,
    width: 0,
    points: { show: false },
    ...(bars === undefined ? {} : { paths: bars }),
  });
  return {
    width,
    height,
    padding: [12, 26, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: {
        range: () => {
          const { from, width: stretch, finished } = newest.current;
          return [from, from + stretch * Math.max(finished.length, 8)];
        },
      },
      y: { range: (_, __, max) => [0, Math.max(max, 0.001) * 1.08] },
    },
    axes: [
      { ...axis, grid: { show: false }, values: (_, splits) => splits.map(hoursAndMinutes), space: 70, size: 26 },
      { ...axis, size: 56, values: (_, splits) => ratesOfAxis(splits) },
    ],
    series: [{}, series(colour('good-fill')), series(colour('bad'))],
    hooks: {
      draw: [(it) => markFailures(it, newest.current)],
      setCursor: [
        (it) => {
          const { idx, left } = it.cursor;
          onPoint(idx === undefined || idx === null || left === undefined || left < 0 ? null : idx);
        },
      ],
    },
  };
}

function hoursAndMinutes(seconds: number): string {
  const whole = timeOfDay(seconds);
  return seconds % 60 === 0 ? whole.slice(0, 5) : whole;
}

function markFailures(it: uPlot, { from, width, failed }: SeriesAnswer): void {
  const { ctx, bbox } = it;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.fillStyle = colour('bad');
  failed.forEach((count, i) => {
    if (count === 0) return;
    const left = it.valToPos(from + i * width, 'x', true);
    const right = it.valToPos(from + (i + 1) * width, 'x', true);
    ctx.fillRect(
      left,
      bbox.top - (markHeight + 3) * ratio,
      Math.max(2 * ratio, right - left - ratio),
      markHeight * ratio,
    );
  });
  ctx.restore();
}
