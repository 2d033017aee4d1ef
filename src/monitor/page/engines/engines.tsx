/**
 * Contexts and engines: how they are, what their slots run, and the buttons that stop them softly.
 */

import { useMemo, useState } from 'preact/hooks';
import { grouped, visible } from '../../../base/terminal-text.ts';
import type { EngineOverview } from '../../../contract/overview.ts';
import type { EnginesAnswer } from '../../web/answers.ts';
import { isLive, liveStamp, now, run } from '../live/live.ts';
import { to } from '../live/route.ts';
import { useAnswer } from '../live/use-answer.ts';
import { Pager } from '../parts/pager.tsx';
import { Nothing, Panel, Problem } from '../parts/panel.tsx';
import { SortHead, type Order } from '../parts/sort-head.tsx';
import { ago } from '../parts/words.ts';
import { Contexts } from './contexts.tsx';
import { Slots } from './slots.tsx';
import { isThere, sortedEngines, type EngineColumn } from './sorted-engines.ts';
import { askToStopEngine } from './stop-dialog.tsx';

const pauseMs = 1500;
const rowsOfPage = 50;
/** How long an engine may be silent, in seconds, before the table says so. */
const silentSeconds = 10;

const stageWords: Readonly<Record<EngineOverview['stage'], string>> = {
  ...{ launching: 'launching', starting: 'starting', working: 'working', draining: 'stopping softly' },
  ...{ stopping: 'its STOP tasks', ending: 'ending its tasks', leaving: 'leaving', lost: 'lost', gone: 'gone' },
};

export function Engines() {
  const { answer, problem } = useAnswer<EnginesAnswer>(
    run.value?.link === 'records' ? undefined : 'engines',
    liveStamp.value,
    pauseMs,
  );
  if (run.value?.link === 'records') {
    return (
      <Panel title="Engines">
        <Nothing>
          The run was over before this page was opened, so only its records are there. Which node ran what is{' '}
          <a href={to('overview')}>told by them</a>.
        </Nothing>
      </Panel>
    );
  }
  const engines = answer?.engines ?? [];
  return (
    <>
      <Problem text={problem} />
      {answer !== undefined && answer.contexts.length > 0 && <Contexts contexts={answer.contexts} engines={engines} />}
      <EngineTable engines={engines} isKnown={answer !== undefined} />
    </>
  );
}

function EngineTable({ engines, isKnown }: { readonly engines: readonly EngineOverview[]; readonly isKnown: boolean }) {
  const [text, setText] = useState('');
  const [order, setOrder] = useState<Order<EngineColumn>>({ column: 'rank', isDown: false });
  const [from, setFrom] = useState(0);
  const [open, setOpen] = useState<number | undefined>(undefined);
  const sorted = useMemo(
    () => sortedEngines(engines, text, order.column, order.isDown),
    [engines, text, order.column, order.isDown],
  );
  const there = engines.filter(isThere).length;
  const begin = Math.min(from, Math.max(0, Math.floor((sorted.length - 1) / rowsOfPage) * rowsOfPage));
  const head = (column: EngineColumn, title: string, kind = '') => (
    <SortHead column={column} title={title} order={order} kind={kind} onSort={setOrder} />
  );
  return (
    <Panel
      title="Engines"
      beside={
        engines.length > 5 && (
          <input
            type="search"
            aria-label="Search engines"
            placeholder="Search engines"
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        )
      }
    >
      {isKnown && engines.length === 0 && <Nothing>No host has come yet.</Nothing>}
      {engines.length > 0 && (
        <div class="scrolls" tabIndex={0} role="region" aria-label="Table of engines">
          <table class="table engines-table">
            <thead>
              <tr>
                {head('rank', 'engine', 'number')}
                {head('node', 'node')}
                {head('stage', 'state')}
                {head('running', 'running')}
                {head('finished', 'finished', 'number')}
                {head('failed', 'failed', 'number')}
                {head('last', 'heard', 'number late')}
                <th scope="col">
                  <span class="heard-only">stop</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {sorted.slice(begin, begin + rowsOfPage).map((engine) => (
                <EngineRow
                  key={engine.rank}
                  engine={engine}
                  others={there - (isThere(engine) ? 1 : 0)}
                  isOpen={open === engine.rank}
                  onOpen={() => setOpen(open === engine.rank ? undefined : engine.rank)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {sorted.length > rowsOfPage && (
        <Pager what="engines" from={begin} count={rowsOfPage} total={sorted.length} onTurn={setFrom} />
      )}
    </Panel>
  );
}

interface EngineProperties {
  readonly engine: EngineOverview;
  /** Engines that are there beside it. */
  readonly others: number;
  readonly isOpen: boolean;
  readonly onOpen: () => void;
}

function EngineRow({ engine, others, isOpen, onOpen }: EngineProperties) {
  const { rank, node, hostname, stage, running, slots, finished, failed, last } = engine;
  const silence = now.value - last;
  const isSilent = isThere(engine) && stage !== 'launching' && silence > silentSeconds && isLive.value;
  const isStoppable = isLive.value && (stage === 'launching' || stage === 'starting' || stage === 'working');
  return (
    <>
      <tr class={stage === 'gone' ? 'dim' : ''}>
        <td class="number">{rank}</td>
        <th scope="row">
          <button type="button" class="link" aria-expanded={isOpen} onClick={onOpen}>
            <span aria-hidden="true" class="twisty">
              {isOpen ? '▾' : '▸'}
            </span>
            {visible(node)}
          </button>
          {hostname !== '' && hostname !== node && <span class="dim"> {visible(hostname)}</span>}
        </th>
        <td class={stage === 'lost' ? 'is-bad' : ''}>{stageWords[stage]}</td>
        <td>
          <span class="slots" aria-hidden="true">
            <span class="slots-used" style={{ width: `${slots === 0 ? 0 : (running / slots) * 100}%` }} />
          </span>
          <span class="slots-text">
            {running} of {slots}
          </span>
        </td>
        <td class="number">{grouped(finished)}</td>
        <td class={`number ${failed > 0 ? 'is-bad' : 'dim'}`}>
          {failed > 0 ? (
            <a href={to('tasks', { state: 'failed', node: hostname === '' ? node : hostname })}>{grouped(failed)}</a>
          ) : (
            '0'
          )}
        </td>
        <td class={`number late ${isSilent ? 'is-bad' : 'dim'}`}>
          {stage === 'gone' || !isLive.value ? '' : silence < 3 ? 'now' : `${ago(silence)} ago`}
        </td>
        <td class="acts">
          {isStoppable && (
            <button
              type="button"
              class="quiet small"
              aria-label={`Stop engine ${rank} on ${visible(node)}`}
              onClick={() => askToStopEngine(engine, others)}
            >
              Stop…
            </button>
          )}
        </td>
      </tr>
      {isOpen && (
        <tr class="inner">
          <td colSpan={8}>
            <Slots engine={engine} />
          </td>
        </tr>
      )}
    </>
  );
}
