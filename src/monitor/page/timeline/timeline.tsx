/**
 * The timeline of slots and tasks: what ran where and when. The server merges what is shorter than a pixel, so that any
 * number of tasks is drawn at once; a closer look is asked for anew.
 */

import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { run } from '../live/live.ts';
import { isDark } from '../live/theme.ts';
import { Nothing, Panel, Problem } from '../parts/panel.tsx';
import { openTask } from '../tasks/opened.ts';
import { coloursNow, drawTimeline } from './draw.ts';
import { FailedInView } from './failed-in-view.tsx';
import { listenForGestures } from './gestures.ts';
import { Hover } from './hover.tsx';
import { failedSpans, spanAt, type Lanes, type Span } from './spans.ts';
import { spokenTimeline } from './spoken.ts';
import { useLanes } from './use-lanes.ts';
import { head, TimelineState } from './view-state.ts';

/** Pixels around a span that count as it. */
const slack = 3;

export function Timeline() {
  const [state] = useState(() => new TimelineState());
  const lanes = useLanes(state);
  const marked = useSignal<Span | undefined>(undefined);
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);

  useEffect(() => {
    state.laneCount.value = lanes.lanes.count;
    state.scrollBy(0);
  }, [lanes.lanes]);
  useSize(state, box);
  useDrawing(state, lanes.lanes, marked.value, canvas);
  useEffect(
    () =>
      listenForGestures(canvas.current as HTMLCanvasElement, {
        onZoom: (factor, x) => state.zoom(factor, x),
        onMove: (x, y) => state.drag(x, y),
        onPoint: (place) =>
          (marked.value = place === undefined ? undefined : find(state, lanes.current(), place.x, place.y)),
        onOpen: (x, y) => {
          const span = find(state, lanes.current(), x, y);
          marked.value = span;
          if (span !== undefined) openSpan(state, span);
        },
      }),
    [],
  );

  const isEmpty = lanes.lanes.count === 0;
  const spoken = spokenTimeline(lanes.lanes, state.window.value, state.isWhole.value);
  return (
    <Panel title="Timeline" kind="timeline" beside={<Buttons state={state} />}>
      <Problem text={lanes.problem} />
      {isEmpty && <Nothing>{run.value?.records === 0 ? 'No task has ended yet.' : 'There is nothing here.'}</Nothing>}
      <div
        class={`timeline-box ${isEmpty ? 'is-empty' : ''}`}
        ref={box}
        style={{ maxHeight: `${state.highest.value}px` }}
      >
        <canvas
          ref={canvas}
          class="timeline-canvas"
          tabIndex={0}
          role="application"
          aria-roledescription="timeline"
          aria-label={spoken}
          onKeyDown={(event) => onKey(event, state, lanes.lanes, marked)}
        />
        {marked.value !== undefined && <Hover span={marked.value} lanes={lanes.lanes} state={state} />}
      </div>
      <p class="timeline-legend">
        <span class="key key-good" /> went well <span class="key key-failed" /> failed <span class="key key-mixed" />{' '}
        some of several failed <span class="key key-running" /> running
        <span class="dim"> · wheel or two fingers: closer; drag: elsewhere; click: details</span>
      </p>
      <p class="dim">
        {spoken}
        {lanes.isCoarse && ' It is drawn more coarsely than it could be: come closer to see more.'}
      </p>
      <FailedInView lanes={lanes.lanes} window={state.window.value} onOpen={(span) => openSpan(state, span)} />
    </Panel>
  );
}

function find(state: TimelineState, lanes: Lanes, x: number, y: number): Span | undefined {
  if (y < head || x < state.gutter.value) return undefined;
  return spanAt(lanes, state.laneAt(y), state.timeAt(x), slack / state.perSecond);
}

/** One task: its details. Several: a closer look. */
function openSpan(state: TimelineState, span: Span): void {
  if (span.index !== undefined) openTask(span.index);
  else if (span.count > 1) {
    const length = Math.max(span.to - span.from, 0.05);
    state.show({ from: span.from - length * 0.2, to: span.to + length * 0.2 });
  }
}

function useSize(state: TimelineState, box: { readonly current: HTMLDivElement | null }): void {
  useEffect(() => {
    const element = box.current as HTMLDivElement;
    const measure = (): void => {
      state.size.value = { width: element.clientWidth, height: element.clientHeight };
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
}

function useDrawing(
  state: TimelineState,
  lanes: Lanes,
  marked: Span | undefined,
  canvas: { readonly current: HTMLCanvasElement | null },
): void {
  const what = useRef({ lanes, marked });
  what.current = { lanes, marked };
  const frame = useRef(0);
  const draw = (): void => {
    frame.current ||= requestAnimationFrame(() => {
      frame.current = 0;
      const window = state.window.value;
      if (canvas.current === null || window === undefined) return;
      const layout = {
        ...state.size.value,
        ...{ gutter: state.gutter.value, head, laneHeight: state.laneHeight.value, scroll: state.scroll.value },
      };
      drawTimeline(canvas.current, layout, what.current.lanes, window, what.current.marked, coloursNow());
    });
  };
  useEffect(draw, [lanes, marked]);
  useSignalEffect(() => {
    // All that the picture depends on beside its spans.
    void [state.window.value, state.size.value, state.scroll.value, state.laneHeight.value, isDark.value];
    draw();
  });
  useEffect(() => () => cancelAnimationFrame(frame.current), []);
}

function Buttons({ state }: { readonly state: TimelineState }) {
  const button = (sign: string, label: string, act: () => void) => (
    <button type="button" class="quiet icon" aria-label={label} title={label} onClick={act}>
      {sign}
    </button>
  );
  return (
    <div class="timeline-buttons" role="group" aria-label="What the timeline shows">
      {button('←', 'Earlier', () => state.shift(-0.5))}
      {button('→', 'Later', () => state.shift(0.5))}
      {button('−', 'Farther', () => state.zoom(2, undefined))}
      {button('+', 'Closer', () => state.zoom(0.5, undefined))}
      <button type="button" class="quiet" aria-pressed={state.isWhole.value} onClick={() => state.showWhole()}>
        Whole run
      </button>
    </div>
  );
}

function onKey(event: KeyboardEvent, state: TimelineState, lanes: Lanes, marked: { value: Span | undefined }): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const acts: Record<string, () => void> = {
    '+': () => state.zoom(0.6, undefined),
    '=': () => state.zoom(0.6, undefined),
    '-': () => state.zoom(1 / 0.6, undefined),
    ArrowLeft: () => state.shift(-0.2),
    ArrowRight: () => state.shift(0.2),
    ArrowUp: () => state.scrollBy(-60),
    ArrowDown: () => state.scrollBy(60),
    PageUp: () => state.scrollBy(-400),
    PageDown: () => state.scrollBy(400),
    '0': () => state.showWhole(),
    n: () => markNext(state, lanes, marked, 1),
    p: () => markNext(state, lanes, marked, -1),
    Enter: () => {
      if (marked.value !== undefined) openSpan(state, marked.value);
    },
    Escape: () => (marked.value = undefined),
  };
  const act = acts[event.key];
  if (act === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}

function markNext(state: TimelineState, lanes: Lanes, marked: { value: Span | undefined }, by: 1 | -1): void {
  const window = state.window.value;
  if (window === undefined) return;
  const failed = failedSpans(lanes, window.from, window.to);
  const at = failed.findIndex(({ lane, from }) => lane === marked.value?.lane && from === marked.value.from);
  const next = failed[at < 0 ? (by > 0 ? 0 : failed.length - 1) : (at + by + failed.length) % failed.length];
  if (next === undefined) return;
  marked.value = next;
  state.scrollToLane(next.lane);
}
