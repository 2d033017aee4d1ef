/**
 * The dialog of keys, and the keys themselves.
 */

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Dialog } from '../parts/dialog.tsx';
import { go, views } from '../live/route.ts';
import { recall, remember } from '../live/remembered.ts';
import { nextTheme } from '../live/theme.ts';

const keys: readonly (readonly [string, string])[] = [
  ['1 – 5', 'overview, timeline, tasks, engines, key-value store'],
  ['f', 'the tasks that failed'],
  ['/', 'search in the table'],
  ['c', 'colours: light, dark, as the system'],
  ['?', 'these keys'],
  ['Esc', 'close a dialog'],
];
const timelineKeys: readonly (readonly [string, string])[] = [
  ['+  −', 'closer, farther; so do the wheel and two fingers'],
  ['←  →', 'earlier, later; or drag'],
  ['↑  ↓', 'further rows; or Shift and the wheel'],
  ['0', 'the whole run'],
  ['n  p', 'next, previous failure in view'],
  ['Enter', 'open what is marked'],
];

/** Whether single keys do something: they are in the way of who speaks to the computer. */
const hasKeys = signal(recall('keys') !== 'off');

function switchKeys(): void {
  hasKeys.value = !hasKeys.value;
  remember('keys', hasKeys.value ? 'on' : 'off');
}

export function HelpDialog({ onClose }: { readonly onClose: () => void }) {
  const list = (rows: typeof keys) => (
    <dl class="keys">
      {rows.map(([key, what]) => (
        <div key={key}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
  return (
    <Dialog title="Keys" onClose={onClose}>
      <label class="check">
        <input type="checkbox" checked={hasKeys.value} onChange={switchKeys} /> Single keys do this:
      </label>
      {list(keys)}
      <h3>On the timeline</h3>
      {list(timelineKeys)}
    </Dialog>
  );
}

/** Single keys, as long as nothing is being typed and no dialog is open. */
export function usePageKeys(onHelp: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!hasKeys.value || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('dialog[open]') !== null) return;
      const view = views[Number(event.key) - 1];
      if (view !== undefined) go(view);
      else if (event.key === 'f') go('tasks', { state: 'failed' });
      else if (event.key === 'c') nextTheme();
      else if (event.key === '?') onHelp();
      else if (event.key === '/') document.querySelector<HTMLInputElement>('main input[type=search]')?.focus();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [onHelp]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}
