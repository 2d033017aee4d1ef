/**
 * What failed: what the failures have in common, and the first or latest of them with what they wrote.
 */

import { computed, signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { counted, grouped, visible } from '../../../base/terminal-text.ts';
import type { TasksAnswer } from '../../web/answers.ts';
import { run } from '../live/live.ts';
import { to } from '../live/route.ts';
import { useAnswer } from '../live/use-answer.ts';
import { failureGroups, lastLines, saidBy, whereFailed, type FailureGroup } from '../parts/failure-patterns.ts';
import { Nothing, Panel, Problem } from '../parts/panel.tsx';
import { clockTime, took, visibleLines } from '../parts/words.ts';
import { openTask } from '../tasks/opened.ts';

/** Kinds of failures. */
const shownCount = 6;
/** So many are looked at for what they have in common. */
const lookedAt = 200;
const pauseMs = 3000;

/** The failures, as far as this panel must know when they have become others. */
const failed = computed(() => {
  const figures = run.value?.figures;
  return figures === undefined ? 0 : figures.failed + figures.perEngineFailed + figures.skippedFailed;
});

/** How many kinds are shown: they take room. */
export const shownKinds = signal(0);

export function Failures() {
  const [isLatest, setLatest] = useState(true);
  const hasAny = failed.value > 0;
  const path = hasAny
    ? `tasks?state=failed&sort=recorded&order=${isLatest ? 'desc' : 'asc'}&from=0&count=${lookedAt}`
    : undefined;
  const { answer, problem } = useAnswer<TasksAnswer>(path, failed.value, pauseMs);
  const groups = failureGroups(answer?.rows ?? []);
  useEffect(() => {
    shownKinds.value = groups.length;
  }, [groups.length]);
  if (!hasAny) {
    return (
      <Panel title="What failed" kind="failures">
        <Nothing>Nothing has failed.</Nothing>
      </Panel>
    );
  }
  const rows = answer?.rows ?? [];
  return (
    <Panel
      title="What failed"
      kind="failures"
      beside={
        <div class="choice" role="group" aria-label="Which failures">
          <button type="button" aria-pressed={isLatest} onClick={() => setLatest(true)}>
            Latest
          </button>
          <button type="button" aria-pressed={!isLatest} onClick={() => setLatest(false)}>
            First
          </button>
        </div>
      }
    >
      <Problem text={problem} />
      {answer !== undefined && rows.length > 1 && (
        <p class="patterns">
          {rows.length < answer.total
            ? `The ${isLatest ? 'latest' : 'first'} ${rows.length} are`
            : `${counted(rows.length, 'failure')},`}{' '}
          {groups.length === 1 ? 'all alike' : `of ${grouped(groups.length)} kinds`}, {whereFailed(rows)}.
        </p>
      )}
      <ol class="failure-list">
        {groups.slice(0, shownCount).map((group) => (
          <Failure key={group.example.index} group={group} />
        ))}
      </ol>
      {answer !== undefined && answer.total > 1 && (
        <p>
          <a href={to('tasks', { state: 'failed' })}>All {grouped(answer.total)} that failed</a>
        </p>
      )}
    </Panel>
  );
}

function Failure({ group: { example: row, count, nodes } }: { readonly group: FailureGroup }) {
  const said = saidBy(row);
  return (
    <li>
      <button type="button" class="failure" onClick={() => openTask(row)}>
        <span class="failure-head">
          {count > 1 && <span class="failure-count">{grouped(count)} ×</span>}
          <span class="failure-how">{visible(row.how)}</span>
          {count > 1 && nodes > 1 && <span class="dim">on {counted(nodes, 'node')}</span>}
        </span>
        {said !== '' && <span class="snippet">{visibleLines(lastLines(said, 3))}</span>}
        <span class="failure-foot dim">
          {count > 1 ? 'for example ' : ''}task {row.taskId} · {visible(row.node)} ·{' '}
          {clockTime(row.finish, run.value?.now ?? row.finish)} · after {took(row.elapsed)}
          <code class="one-line">{visible(row.command)}</code>
        </span>
      </button>
    </li>
  );
}
