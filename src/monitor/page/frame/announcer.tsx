/**
 * Says for a screen reader when the state of the run changes: not each second.
 */

import { counted } from '../../../base/terminal-text.ts';
import { useEffect, useRef, useState } from 'preact/hooks';
import { computed } from '@preact/signals';
import { run, server } from '../live/live.ts';
import { headline, stateOf, troubleOf } from '../parts/words.ts';

const state = computed(() => troubleOf(run.value, server.value) ?? stateOf(run.value).words);
/** Failures by how many digits they have: the first is told, then each tenfold. */
const failures = computed(() => {
  const failed = run.value?.figures.failed ?? 0;
  return failed === 0 ? '' : String(failed).length;
});

export function Announcer() {
  const [said, setSaid] = useState('');
  const isFirst = useRef(true);
  useEffect(() => {
    if (run.value === undefined) return;
    if (!isFirst.current) setSaid(`${state.value}. ${headline(run.value)}`);
    isFirst.current = false;
  }, [state.value]);
  useEffect(() => {
    if (!isFirst.current && failures.value !== '')
      setSaid(`${counted(run.value?.figures.failed ?? 0, 'task')} failed.`);
  }, [failures.value]);
  return (
    <div class="heard-only" aria-live="polite">
      {said}
    </div>
  );
}
