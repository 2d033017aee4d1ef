/**
 * What is known of the span that is pointed at, beside it.
 */

import { counted, visible } from '../../../base/terminal-text.ts';
import type { TaskRow } from '../../web/answers.ts';
import { now } from '../live/live.ts';
import { useAnswer } from '../live/use-answer.ts';
import { ago, clockTime, timeOfDay, took } from '../parts/words.ts';
import type { Lanes, Span } from './spans.ts';
import { head, type TimelineState } from './view-state.ts';

interface Properties {
  readonly span: Span;
  readonly lanes: Lanes;
  readonly state: TimelineState;
}

export function Hover({ span, lanes, state }: Properties) {
  const { answer, path } = useAnswer<TaskRow>(span.index === undefined ? undefined : `task?index=${span.index}`, 0, 0);
  const lane = lanes.lanes[span.lane < lanes.first + lanes.lanes.length ? span.lane - lanes.first : -1];
  const { width, height } = state.size.value;
  const middle = (Math.max(state.xOf(span.from), state.gutter.value) + Math.min(state.xOf(span.to), width)) / 2;
  const left = Math.max(4, Math.min(width - 324, middle - 160));
  const top = head + (span.lane + 1) * state.laneHeight.value - state.scroll.value + 6;
  const isAbove = top > height - 130;
  const place = isAbove
    ? { left: `${left}px`, bottom: `${height - top + state.laneHeight.value + 12}px` }
    : { left: `${left}px`, top: `${top}px` };
  const row = answer !== undefined && answer.index === span.index && path !== undefined ? answer : undefined;
  return (
    <div class="hover" style={place}>
      <p class="hover-title">{titleOf(span, row)}</p>
      {row !== undefined && <code class="hover-command">{visible(row.command)}</code>}
      {span.task !== undefined && <code class="hover-command">{visible(span.task.command)}</code>}
      <p class="dim">
        {lane === undefined ? '' : `${visible(lane.node)} · `}
        {timeOfDay(span.from)}
        {span.state === 'running'
          ? `, for ${ago(now.value - span.from)}`
          : ` – ${timeOfDay(span.to)}, ${took(span.to - span.from)}`}
      </p>
    </div>
  );
}

function titleOf(span: Span, row: TaskRow | undefined): string {
  if (span.task !== undefined)
    return span.task.kind === 'task' ? `task ${span.task.taskId}: running` : 'per-engine task: running';
  if (span.count > 1) {
    const how = { good: 'all went well', failed: 'all failed', mixed: 'some failed', running: '' }[span.state];
    return `${counted(span.count, 'short task')}: ${how}`;
  }
  if (row === undefined) return span.state === 'failed' ? 'failed' : 'went well';
  return `task ${row.taskId}: ${row.failed ? visible(row.how) : 'went well'}, ${clockTime(row.finish, now.value)}`;
}
