/**
 * What the tab of the browser says and shows: enough to know from afar how the run is.
 */

import { computed, effect } from '@preact/signals';
import { grouped, visible } from '../../../base/terminal-text.ts';
import { run, server } from '../live/live.ts';
import { percent, stateOf } from '../parts/words.ts';

const title = computed(() => {
  const it = run.value;
  if (it === undefined) return 'disBatch';
  const { total, done, failed } = it.figures;
  const share = total === null || it.link !== 'live' ? stateOf(it).words : percent(done, total);
  return `${share}${failed > 0 ? `, ${grouped(failed)} failed` : ''} · ${visible(it.taskName)}`;
});

/** A disc that fills like a clock; red when something has failed, grey when it cannot be told. */
const icon = computed(() => {
  const it = run.value;
  const share = it === undefined ? 0 : it.figures.total === null ? 1 : it.figures.done / Math.max(1, it.figures.total);
  const isKnown = server.value.kind === 'open' && it?.link !== 'away';
  const colour = !isKnown ? '#8592a6' : (it?.figures.failed ?? 0) > 0 ? '#c02a26' : '#3d9a97';
  // A stroke as thick as its circle is wide is a slice; 100 is its length. Steps of 5: the sign is made anew rarely.
  const slice = Math.floor(share * 20) * 5;
  return `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="#dfe5ec"/>` +
      `<circle cx="16" cy="16" r="7.5" fill="none" stroke="${colour}" stroke-width="15" pathLength="100" ` +
      `stroke-dasharray="${slice} 100" transform="rotate(-90 16 16)"/></svg>`,
  )}`;
});

export function startTabSign(): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
  effect(() => {
    document.title = title.value;
  });
  effect(() => {
    if (link !== null) link.href = icon.value;
  });
}
