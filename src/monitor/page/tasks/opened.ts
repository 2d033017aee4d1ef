/**
 * The task whose details are open above the page.
 */

import { signal } from '@preact/signals';
import type { TaskRow } from '../../web/answers.ts';

/** A record that is at hand, or the index of one that is asked for. */
export const opened = signal<TaskRow | number | undefined>(undefined);

export function openTask(row: TaskRow | number): void {
  opened.value = row;
}
