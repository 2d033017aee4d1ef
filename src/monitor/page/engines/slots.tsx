/**
 * What the slots of an engine run at the moment, and since when.
 */

import { counted, visible } from '../../../base/terminal-text.ts';
import type { EngineOverview } from '../../../contract/overview.ts';
import type { RunningTasks } from '../../../contract/running.ts';
import { isLive, liveStamp } from '../live/live.ts';
import { useAnswer } from '../live/use-answer.ts';
import { Nothing, Problem } from '../parts/panel.tsx';
import { ago } from '../parts/words.ts';

const pauseMs = 1500;

export function Slots({ engine: { rank, slots } }: { readonly engine: EngineOverview }) {
  const path = isLive.value ? `running?limit=1000&engine=${rank}` : undefined;
  const { answer, problem } = useAnswer<RunningTasks>(path, liveStamp.value, pauseMs);
  const tasks = (answer?.tasks ?? []).filter(({ engine }) => engine === rank).sort((a, b) => a.slot - b.slot);
  if (problem !== undefined) return <Problem text={problem} />;
  if (answer === undefined) return <Nothing>{isLive.value ? '…' : 'The run cannot be asked.'}</Nothing>;
  if (tasks.length === 0) return <Nothing>Nothing runs here; {counted(slots, 'slot')}.</Nothing>;
  return (
    <ol class="running-list">
      {tasks.map((task) => (
        <li key={`${task.slot} ${task.taskId}`}>
          <span class="running-time">{ago(answer.now - task.since)}</span>
          <code class="one-line">{visible(task.command)}</code>
          <span class="dim">{task.kind === 'task' ? `slot ${task.slot}, task ${task.taskId}` : 'per-engine task'}</span>
        </li>
      ))}
    </ol>
  );
}
