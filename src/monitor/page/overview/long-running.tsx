/**
 * What has been running for longest: a task that hangs stands first.
 */

import { visible } from '../../../base/terminal-text.ts';
import type { RunningTasks } from '../../../contract/running.ts';
import type { EnginesAnswer } from '../../web/answers.ts';
import { enginesStamp, isLive, liveStamp, run } from '../live/live.ts';
import { useAnswer } from '../live/use-answer.ts';
import { Nothing, Panel, Problem } from '../parts/panel.tsx';
import { ago } from '../parts/words.ts';

const shownCount = 6;
const pauseMs = 2000;

export function LongRunning() {
  const live = isLive.value;
  const running = useAnswer<RunningTasks>(live ? `running?limit=${shownCount}` : undefined, liveStamp.value, pauseMs);
  const engines = useAnswer<EnginesAnswer>(live ? 'engines' : undefined, enginesStamp.value, pauseMs);
  if (!live || run.value?.figures.running === 0) return null;
  const { now = 0, tasks = [] } = running.answer ?? {};
  const nodeOf = (rank: number): string => {
    const engine = engines.answer?.engines.find((it) => it.rank === rank);
    return engine === undefined ? `engine ${rank}` : engine.hostname === '' ? engine.node : engine.hostname;
  };
  return (
    <Panel title="Running for longest">
      <Problem text={running.problem} />
      {tasks.length === 0 ? (
        <Nothing>Nothing runs at the moment.</Nothing>
      ) : (
        <ol class="running-list">
          {tasks.map((task) => (
            <li key={`${task.engine} ${task.slot}`}>
              <span class="running-time">{ago(now - task.since)}</span>
              <code class="one-line">{visible(task.command)}</code>
              <span class="dim">
                {visible(nodeOf(task.engine))}, {task.kind === 'task' ? `task ${task.taskId}` : 'per-engine task'}
              </span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
