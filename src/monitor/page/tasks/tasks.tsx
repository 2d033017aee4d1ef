/**
 * The table of tasks: filtered, sorted and cut into pages by the server, so that it may have millions of rows. What is
 * shown is in the address.
 */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { counted, grouped, visible } from '../../../base/terminal-text.ts';
import type { TaskRow, TasksAnswer, TaskSort, TaskState } from '../../web/answers.ts';
import { recordsStamp, run } from '../live/live.ts';
import { go, route } from '../live/route.ts';
import { useAnswer } from '../live/use-answer.ts';
import { Pager } from '../parts/pager.tsx';
import { Nothing, Panel, Problem } from '../parts/panel.tsx';
import { SortHead } from '../parts/sort-head.tsx';
import { clockTime, took } from '../parts/words.ts';
import { openTask } from './opened.ts';

const rowsOfPage = 50;
const pauseMs = 2500;
/** While the server still searches. */
const searchingMs = 250;
/** After the last letter of a search. */
const typingMs = 300;

const states: readonly (readonly [TaskState, string])[] = [
  ['all', 'All'],
  ['failed', 'Failed'],
  ['ok', 'Went well'],
  ['skipped', 'From earlier'],
  ['late', 'Late'],
  ['per-engine', 'Per-engine'],
  ['barrier', 'Barriers'],
];

/** What is asked for, as it stands in the address. */
interface Wanted {
  readonly state: TaskState;
  readonly node: string;
  readonly text: string;
  readonly sort: TaskSort;
  readonly order: 'asc' | 'desc';
  readonly from: number;
}

function wantedOf(query: URLSearchParams): Wanted {
  return {
    state: states.find(([state]) => state === query.get('state'))?.[0] ?? 'all',
    node: query.get('node') ?? '',
    text: query.get('text') ?? '',
    sort: (query.get('sort') as TaskSort | null) ?? 'recorded',
    order: query.get('order') === 'asc' ? 'asc' : 'desc',
    from: Math.max(0, Math.floor(Number(query.get('from') ?? 0)) || 0),
  };
}

export function Tasks() {
  const wanted = wantedOf(route.value.query);
  const change = (what: Partial<Wanted>): void => go('tasks', { ...wanted, from: 0, ...what }, true);
  const { state, node, text, sort, order, from } = wanted;
  const parameters = new URLSearchParams({
    state,
    node,
    text,
    sort,
    order,
    from: String(from),
    count: String(rowsOfPage),
  });
  const path = `tasks?${parameters.toString()}`;
  const [looks, setLooks] = useState(0);
  const isSearching = useRef(false);
  const stamp = `${recordsStamp.value} ${looks}`;
  const pause = isSearching.current ? searchingMs : pauseMs;
  const { answer, path: answeredPath, problem } = useAnswer<TasksAnswer>(path, stamp, pause);
  const isOld = answeredPath !== path;
  isSearching.current = !isOld && answer?.searching === true;
  useEffect(() => {
    if (isSearching.current) setLooks(looks + 1);
  }, [answer]);
  return (
    <Panel title="Tasks" kind="tasks">
      <Filters wanted={wanted} onChange={change} />
      <Problem text={problem} />
      {isSearching.current && <p class="dim">Still searching: {counted(answer?.total ?? 0, 'task')} found so far.</p>}
      <Rows answer={answer} isOld={isOld} wanted={wanted} onChange={change} />
      <Pager
        what="tasks"
        from={from}
        count={rowsOfPage}
        total={answer?.total ?? 0}
        onTurn={(target) => change({ from: target })}
      />
    </Panel>
  );
}

interface Part {
  readonly wanted: Wanted;
  readonly onChange: (what: Partial<Wanted>) => void;
}

function Filters({ wanted, onChange }: Part) {
  return (
    <search class="filters">
      <div class="choice" role="group" aria-label="Which tasks">
        {states.map(([state, title]) => (
          <button key={state} type="button" aria-pressed={wanted.state === state} onClick={() => onChange({ state })}>
            {title}
          </button>
        ))}
      </div>
      <Typed label="Search commands and snippets" value={wanted.text} onValue={(text) => onChange({ text })} />
      <Typed label="Node" value={wanted.node} onValue={(node) => onChange({ node })} isShort />
    </search>
  );
}

interface TypedProperties {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly isShort?: boolean;
}

/** A field that speaks when the typing pauses. */
function Typed({ label, value, onValue, isShort = false }: TypedProperties) {
  const [shown, setShown] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const newest = useRef(onValue);
  newest.current = onValue;
  useEffect(() => setShown(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <input
      type="search"
      class={isShort ? 'short' : ''}
      aria-label={label}
      placeholder={label}
      value={shown}
      spellcheck={false}
      autocapitalize="off"
      onInput={({ currentTarget }) => {
        const typed = currentTarget.value;
        setShown(typed);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => newest.current(typed), typingMs);
      }}
    />
  );
}

interface RowsProperties extends Part {
  readonly answer: TasksAnswer | undefined;
  readonly isOld: boolean;
}

function Rows({ answer, isOld, wanted, onChange }: RowsProperties) {
  // The same elements as long as the rows are the same: they are not gone through at each event.
  const rows = useMemo(() => answer?.rows.map((row) => <Row key={row.index} row={row} />), [answer]);
  const order = { column: wanted.sort, isDown: wanted.order === 'desc' };
  const head = (column: TaskSort, title: string, kind = '') => (
    <SortHead
      column={column}
      title={title}
      order={order}
      kind={kind}
      onSort={({ column: sort, isDown }) => onChange({ sort, order: isDown ? 'desc' : 'asc' })}
    />
  );
  return (
    <div
      class={`scrolls ${isOld ? 'is-old' : ''}`}
      tabIndex={0}
      role="region"
      aria-label="Table of tasks"
      aria-busy={isOld}
    >
      <table class="table tasks-table">
        <thead>
          <tr>
            {head('task', 'task', 'number')}
            {head('line', 'line', 'number late')}
            {head('exit', 'how it ended')}
            {head('elapsed', 'elapsed', 'number')}
            {head('finish', 'ended', 'number')}
            {head('start', 'began', 'number late')}
            {head('node', 'node')}
            <th scope="col" class="command">
              command
            </th>
          </tr>
        </thead>
        <tbody>{rows}</tbody>
      </table>
      {answer !== undefined && answer.rows.length === 0 && !isOld && !answer.searching && (
        <Nothing>{emptyText(wanted)}</Nothing>
      )}
      {wanted.sort !== 'recorded' && (
        <p class="dim">
          <button type="button" class="quiet small" onClick={() => onChange({ sort: 'recorded', order: 'desc' })}>
            Back to the order in which they ended
          </button>
        </p>
      )}
    </div>
  );
}

function emptyText({ state, text, node }: Wanted): string {
  if (run.value?.records === 0) return 'No task has ended yet.';
  if (text !== '' || node !== '') return 'None is like that.';
  return state === 'failed' ? 'Nothing has failed.' : 'There is none.';
}

const kindNames: Readonly<Record<TaskRow['kind'], string>> = {
  ...{ task: '', 'per-engine': 'per-engine: ', skipped: 'earlier: ', late: 'late: ' },
  ...{ barrier: 'barrier', 'check-barrier': 'check barrier' },
};

function Row({ row }: { readonly row: TaskRow }) {
  const isBarrier = row.kind === 'barrier' || row.kind === 'check-barrier';
  const how = isBarrier ? kindNames[row.kind] : `${kindNames[row.kind]}${row.failed ? row.how : 'went well'}`;
  const at = (seconds: number): string => clockTime(seconds, run.value?.now ?? seconds);
  return (
    <tr class={row.failed ? 'is-failed' : ''} onClick={() => openTask(row)}>
      <th scope="row" class="number">
        <button
          type="button"
          class="link"
          onClick={(event) => {
            event.stopPropagation();
            openTask(row);
          }}
        >
          <span class="heard-only">Details of task </span>
          {grouped(row.taskId)}
        </button>
      </th>
      <td class="number late">{row.lineNumber}</td>
      <td class={row.failed ? 'is-bad' : 'dim'}>{visible(how)}</td>
      <td class="number">{isBarrier ? '' : took(row.elapsed)}</td>
      <td class="number">{at(row.finish)}</td>
      <td class="number late">{at(row.start)}</td>
      <td>{visible(row.node)}</td>
      <td class="command">
        <code>{visible(row.command)}</code>
      </td>
    </tr>
  );
}
