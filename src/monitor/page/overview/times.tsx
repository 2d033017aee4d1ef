/**
 * How long tasks take: in stretches that grow, and by node, the slowest first, so that a slow node stands out.
 */

import { useState } from 'preact/hooks';
import { counted, grouped, visible } from '../../../base/terminal-text.ts';
import type { NodeTimes, TimesAnswer } from '../../web/answers.ts';
import { recordsStamp } from '../live/live.ts';
import { to } from '../live/route.ts';
import { useAnswer } from '../live/use-answer.ts';
import { Nothing, Panel, Problem } from '../parts/panel.tsx';
import { percent, took } from '../parts/words.ts';

const pauseMs = 3000;
const fewNodes = 10;
/** A node whose median is so many times that of all is marked as slow. */
const slowRatio = 1.5;

export function TimesPanel() {
  const { answer, problem } = useAnswer<TimesAnswer>('times', recordsStamp.value, pauseMs);
  return (
    <Panel title="How long tasks take">
      <Problem text={problem} />
      {answer === undefined || answer.tasks === 0 ? <None /> : <Histogram answer={answer} />}
    </Panel>
  );
}

export function NodeTimesPanel() {
  const { answer, problem } = useAnswer<TimesAnswer>('times', recordsStamp.value, pauseMs);
  return (
    <Panel title="By node">
      <Problem text={problem} />
      {answer === undefined || answer.tasks === 0 ? <None /> : <Nodes answer={answer} />}
    </Panel>
  );
}

function None() {
  return <Nothing>No task has ended yet.</Nothing>;
}

function Histogram({ answer }: { readonly answer: TimesAnswer }) {
  const { buckets, tasks, median, p95, longest } = answer;
  const most = Math.max(...buckets.map(({ count }) => count));
  const height = (count: number) => ({ height: count === 0 ? '0' : `max(2px, ${(count / most) * 100}%)` });
  return (
    <>
      <dl class="few">
        <div>
          <dt>median</dt>
          <dd>{median === null ? '–' : took(median)}</dd>
        </div>
        <div>
          <dt>95 % within</dt>
          <dd>{p95 === null ? '–' : took(p95)}</dd>
        </div>
        <div>
          <dt>longest</dt>
          <dd>{longest === null ? '–' : took(longest)}</dd>
        </div>
      </dl>
      <ol class="histogram" aria-label={`Elapsed times of ${counted(tasks, 'task')}`}>
        {buckets.map(({ from, to: end, count, failed }) => (
          <li
            key={from}
            title={`${edge(from)} to ${edge(end)}: ${grouped(count)}${failed > 0 ? `, ${grouped(failed)} failed` : ''}`}
          >
            <span class="histogram-count" aria-hidden="true">
              {count > 0 ? shortCount(count) : ''}
            </span>
            <span class="histogram-bar" style={height(count)}>
              {failed > 0 && (
                <span class="histogram-failed" style={{ height: `max(2px, ${(failed / count) * 100}%)` }} />
              )}
            </span>
            <span class="histogram-edge" aria-hidden="true">
              {edge(from)}
            </span>
            <span class="heard-only">
              {`${edge(from)} to ${edge(end)}: ${counted(count, 'task')}, ${percent(count, tasks)}${failed > 0 ? `, ${grouped(failed)} failed` : ''}`}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

/** 5 ms, 20 s, 3 min, 1.4 h: edges are 1, 2 or 5 times a power of ten seconds. */
function edge(seconds: number): string {
  if (!Number.isFinite(seconds)) return '∞';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 1000) return `${seconds} s`;
  return seconds < 5000
    ? `${Number((seconds / 60).toPrecision(2))} min`
    : `${Number((seconds / 3600).toPrecision(2))} h`;
}

function shortCount(count: number): string {
  if (count < 10_000) return grouped(count);
  return count < 1_000_000 ? `${Math.round(count / 1000)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

function Nodes({ answer }: { readonly answer: TimesAnswer }) {
  const [isAll, setAll] = useState(false);
  const nodes = [...answer.nodes].sort((a, b) => b.median - a.median);
  const longest = Math.max(...nodes.map(({ p95 }) => p95), 0.001);
  const shown = isAll ? nodes : nodes.slice(0, fewNodes);
  return (
    <>
      <div class="scrolls" tabIndex={0} role="region" aria-label="Table of nodes">
        <table class="table nodes">
          <thead>
            <tr>
              <th scope="col">node</th>
              <th scope="col" class="number">
                tasks
              </th>
              <th scope="col" class="number">
                failed
              </th>
              <th scope="col" class="number">
                median
              </th>
              <th scope="col" class="number">
                95 % within
              </th>
              <th scope="col" class="wide">
                <span class="heard-only">compared</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((node) => (
              <NodeRow key={node.node} node={node} longest={longest} />
            ))}
          </tbody>
        </table>
      </div>
      {nodes.length > fewNodes && (
        <button type="button" class="quiet small" onClick={() => setAll(!isAll)}>
          {isAll ? 'Only the slowest' : `All ${grouped(nodes.length)} nodes`}
        </button>
      )}
    </>
  );
}

function NodeRow({ node: it, longest }: { readonly node: NodeTimes; readonly longest: number }) {
  const isSlow = it.ratio >= slowRatio;
  return (
    <tr class={isSlow ? 'is-slow' : ''}>
      <th scope="row">
        <a href={to('tasks', { node: it.node })}>{visible(it.node)}</a>
      </th>
      <td class="number">{grouped(it.tasks)}</td>
      <td class={`number ${it.failed > 0 ? 'is-bad' : 'dim'}`}>
        {it.failed > 0 ? <a href={to('tasks', { node: it.node, state: 'failed' })}>{grouped(it.failed)}</a> : '0'}
      </td>
      <td class="number">{took(it.median)}</td>
      <td class="number dim">{took(it.p95)}</td>
      <td class="wide">
        <span class="meter" aria-hidden="true">
          <span class="meter-far" style={{ width: `${(it.p95 / longest) * 100}%` }} />
          <span class="meter-near" style={{ width: `${(it.median / longest) * 100}%` }} />
        </span>
        {isSlow && <span class="meter-text">{it.ratio.toFixed(1)} × the median of all</span>}
      </td>
    </tr>
  );
}
