/**
 * The run as the server tells it, again and again: one stream of events, opened anew when it breaks.
 *
 * Always true: `now` is the time by the server's clock, so that times of the run and of this page go together.
 */

import { batch, computed, signal } from '@preact/signals';
import type { RunAnswer } from '../../web/answers.ts';
import { ask } from './ask.ts';
import type { ServerState } from './server.ts';

export const run = signal<RunAnswer | undefined>(undefined);
export const server = signal<ServerState>({ kind: 'connecting' });
/** Seconds since 1970, once a second. */
export const now = signal(Date.now() / 1000);

/** Changes when there is something new in the status file, or the run has become another. */
export const recordsStamp = computed(() => {
  const it = run.value;
  return it === undefined ? '' : `${it.records} ${it.link} ${it.phase ?? ''}`;
});
/** Changes with each event. */
export const liveStamp = computed(() => (run.value === undefined ? '' : `${run.value.now} ${run.value.link}`));
/** Changes when engines come or go. */
export const enginesStamp = computed(() => run.value?.engines);
/** It goes on and can be reached. */
export const isLive = computed(() => run.value?.link === 'live' && server.value.kind === 'open');

const retryMs = 3000;
/** When nothing was said for so long, the server is asked: a connection may hang without breaking. */
const silentMs = 20_000;
const answerMs = 10_000;

let source: EventSource | undefined;
let heardAt = 0;
/** The server's clock less that of this page's process, in seconds. */
let ahead = 0;

const here = (): number => performance.now() / 1000;

/** Begins to listen, for as long as the page is open. */
export function startListening(): void {
  open();
  setInterval(() => {
    if (run.value !== undefined) now.value = here() + ahead;
    if (source !== undefined && performance.now() - heardAt > silentMs) void askWhetherThere();
  }, 1000);
}

function open(): void {
  heardAt = performance.now();
  source = new EventSource('events');
  source.addEventListener('message', ({ data }) => heard(JSON.parse(String(data)) as RunAnswer));
  source.addEventListener('error', lost);
}

function heard(answer: RunAnswer): void {
  heardAt = performance.now();
  ahead = answer.now - here();
  batch(() => {
    now.value = answer.now;
    run.value = answer;
    if (server.value.kind !== 'open') server.value = { kind: 'open' };
  });
}

async function askWhetherThere(): Promise<void> {
  heardAt = performance.now();
  try {
    heard(await ask<RunAnswer>('run', AbortSignal.timeout(answerMs)));
  } catch {
    lost();
  }
}

/** The stream is broken: why is found out, and it is opened anew. */
function lost(): void {
  if (source === undefined) return;
  source.close();
  source = undefined;
  const before = server.value;
  const since = before.kind === 'cut' ? before.since : now.value;
  void whyLost().then((state) => {
    server.value = state === 'cut' ? { kind: 'cut', since } : { kind: state };
    setTimeout(open, retryMs);
  });
}

async function whyLost(): Promise<'cut' | 'ended' | 'refused'> {
  try {
    const { status } = await fetch('run', { cache: 'no-store', signal: AbortSignal.timeout(answerMs) });
    return status === 404 || status === 403 ? 'refused' : 'cut';
  } catch {
    const link = run.value?.link;
    return link === 'over' || link === 'records' ? 'ended' : 'cut';
  }
}
