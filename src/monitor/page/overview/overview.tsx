/**
 * The first view: what failed, how it goes over time, how long tasks take.
 */

import { run } from '../live/live.ts';
import { Nothing, Panel } from '../parts/panel.tsx';
import { Failures, shownKinds } from './failures.tsx';
import { LongRunning } from './long-running.tsx';
import { OverTime } from './over-time.tsx';
import { NodeTimesPanel, TimesPanel } from './times.tsx';

export function Overview() {
  const it = run.value;
  if (it === undefined) return null;
  if (it.records === 0 && it.link === 'live') return <Beginning />;
  // Both columns about equally long: failures take room.
  const hasMany = shownKinds.value > 2 || (shownKinds.value === 2 && it.link === 'live');
  return (
    <div class="overview">
      <div class="column">
        <Failures />
        <LongRunning />
        {!hasMany && <NodeTimesPanel />}
      </div>
      <div class="column">
        <OverTime />
        <TimesPanel />
        {hasMany && <NodeTimesPanel />}
      </div>
    </div>
  );
}

/** Nothing has ended yet. */
function Beginning() {
  const it = run.value;
  return (
    <div class="overview overview-new">
      <Panel title="Nothing has ended yet" kind="welcome">
        <Nothing>
          {it?.engines === 0
            ? 'The run waits for hosts. Tasks start as soon as the first one is there, and what becomes of them is shown here.'
            : 'What becomes of the tasks is shown here as soon as the first one ends: what failed and why, how many end in which time, how long they take.'}
        </Nothing>
      </Panel>
      <LongRunning />
    </div>
  );
}
