/**
 * What a timeline shows, asked for as it is moved: with what runs now, in the lanes that are free for it.
 */

import { useComputed } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { RunningTasks } from '../../../contract/running.ts';
import type { EnginesAnswer, TimelineAnswer } from '../../web/answers.ts';
import { enginesStamp, isLive, liveStamp, now, recordsStamp, run } from '../live/live.ts';
import { useAnswer } from '../live/use-answer.ts';
import { lanesOf, type Lanes } from './spans.ts';
import type { TimelineState } from './view-state.ts';

const pauseMs = 3000;
/** Up to so many lanes are asked for together; of more, those that are seen and some around them. */
const fewLanes = 200;
const lanesAround = 30;
const mostRunning = 2000;
const runningPauseMs = 4000;
/** So many spans are asked for at most, by coarser ones if need be. */
const mostSpans = 40_000;
const noLanes: Lanes = { first: 0, count: 0, lanes: [], spans: new Map() };

/** What is shown, with the newest at hand for listeners. */
export function useLanes(state: TimelineState): {
  readonly lanes: Lanes;
  current(): Lanes;
  readonly isCoarse: boolean;
  readonly problem: string | undefined;
} {
  const path = useComputed(() => pathOf(state));
  const answered = useAnswer<TimelineAnswer>(path.value, recordsStamp.value, pauseMs);
  const live = isLive.value;
  const running = useAnswer<RunningTasks>(
    live ? `running?limit=${mostRunning}` : undefined,
    liveStamp.value,
    runningPauseMs,
  );
  const engines = useAnswer<EnginesAnswer>(live ? 'engines' : undefined, enginesStamp.value, pauseMs);
  const { answer } = answered;
  const second = live ? now.value : 0;
  useEffect(() => {
    if (answer === undefined && !live) return;
    const told = run.value;
    const begin = answer !== undefined && answer.laneCount > 0 ? answer.begin : (told?.figures.start ?? second);
    const end = live ? Math.max(second, begin + 1) : Math.max(answer?.end ?? 0, begin + 1);
    state.whole.value = { from: begin, to: end };
  }, [answer, second, live]);
  const lanes = useMemo(() => {
    const nodes = new Map(engines.answer?.engines.map((it) => [it.rank, it.hostname === '' ? it.node : it.hostname]));
    const base = answer ?? emptyAnswer();
    const reaches = base.laneCount === 0 || base.to >= base.end - 1;
    const tasks = live && reaches ? (running.answer?.tasks ?? []) : [];
    const named = tasks.flatMap((task) => {
      const node = nodes.get(task.engine);
      return node === undefined ? [] : [{ ...task, node }];
    });
    return answer === undefined && named.length === 0 ? noLanes : lanesOf(base, named);
  }, [answer, running.answer, engines.answer, live]);
  const newest = useRef(lanes);
  newest.current = lanes;
  return {
    ...{ lanes, current: () => newest.current, isCoarse: answer?.truncated === true },
    problem: answered.problem,
  };
}

function emptyAnswer(): TimelineAnswer {
  const at = now.peek();
  return {
    ...{ begin: at, end: at, laneCount: 0, from: at, to: at, firstLane: 0 },
    lanes: [],
    spans: [],
    truncated: false,
  };
}

/** What is seen, and as much again on both sides, so that it is there when it is dragged into view. */
function pathOf(state: TimelineState): string | undefined {
  const { width } = state.size.value;
  if (width === 0) return undefined;
  const pixels = Math.max(100, Math.round(width - state.gutter.value));
  const count = state.laneCount.value;
  const { first, last } = state.lanes.value;
  const grid = (value: number, step: number): number => Math.floor(value / step) * step;
  const from = count <= fewLanes ? 0 : Math.max(0, grid(first - lanesAround, lanesAround));
  const number = count <= fewLanes ? fewLanes : grid(last - first + 3 * lanesAround, lanesAround);
  const finest = mostSpans / Math.max(1, Math.min(number, count));
  const asked = (wide: number): string => `lane=${from}&lanes=${number}&pixels=${Math.round(Math.min(wide, finest))}`;
  const [window, whole] = [state.window.value, state.whole.value];
  if (window === undefined || whole === undefined || state.isWhole.value) return `timeline?${asked(pixels)}`;
  // Whole steps of half a window: it is not asked anew for each pixel.
  const length = 2 ** (Math.ceil(Math.log2(window.to - window.from) * 2) / 2);
  const begin = grid(window.from - length / 2, length / 2);
  return `timeline?from=${begin.toFixed(3)}&to=${(begin + 2.5 * length).toFixed(3)}&${asked(pixels * 2.5)}`;
}
