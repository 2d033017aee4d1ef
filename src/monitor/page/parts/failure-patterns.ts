/**
 * What failures have in common, of some of them: those that ended alike and said alike, and where. Pure.
 */

import { counted, visible } from '../../../base/terminal-text.ts';
import type { TaskRow } from '../../web/answers.ts';

/** A node with so large a share of the failures stands out. */
const standsOut = 0.6;

/** Failures that are alike. */
export interface FailureGroup {
  /** The first of the rows that is so. */
  readonly example: TaskRow;
  readonly count: number;
  readonly nodes: number;
}

/** Those that ended in the same way, and whose last line is the same but for numbers; the most frequent first. */
export function failureGroups(rows: readonly TaskRow[]): FailureGroup[] {
  const groups = new Map<string, { example: TaskRow; count: number; nodes: Set<string> }>();
  for (const row of rows) {
    const key = `${row.how}\n${saidBy(row).trimEnd().split('\n').at(-1)?.replace(/\d+/g, '0') ?? ''}`;
    const group = groups.get(key) ?? { example: row, count: 0, nodes: new Set() };
    group.count++;
    group.nodes.add(row.node);
    groups.set(key, group);
  }
  return [...groups.values()]
    .map(({ example, count, nodes }) => ({ example, count, nodes: nodes.size }))
    .sort((a, b) => b.count - a.count);
}

/** What a task said, for who looks for the reason. */
export function saidBy({ errorSnippet, outputSnippet }: Pick<TaskRow, 'errorSnippet' | 'outputSnippet'>): string {
  return errorSnippet.trim() === '' ? outputSnippet : errorSnippet;
}

/** @returns where they were: "all on node06", "27 of them on node06", "on 8 nodes" */
export function whereFailed(rows: readonly Pick<TaskRow, 'node'>[]): string {
  const counts = new Map<string, number>();
  for (const { node } of rows) counts.set(node, (counts.get(node) ?? 0) + 1);
  const [node, most] = [...counts].reduce((one, other) => (other[1] > one[1] ? other : one), ['', 0]);
  if (counts.size === 1) return `all on ${visible(node)}`;
  return most >= rows.length * standsOut ? `${most} of them on ${visible(node)}` : `on ${counted(counts.size, 'node')}`;
}

/** The end of what a task wrote: there the reason stands, as a rule. */
export function lastLines(text: string, count: number): string {
  const lines = text.trimEnd().split('\n');
  return lines.length <= count ? lines.join('\n') : `…\n${lines.slice(-count).join('\n')}`;
}
