/**
 * How a report words its figures, in text and on the page alike. Pure.
 */

import { clock, counted, duration, grouped } from '../../base/terminal-text.ts';
import type { ReportData, ReportedFailures, ReportedNode } from './report-data.ts';

/** A share of 1: `0.13 %`, `93.1 %`; nothing but all is `100 %`, and nothing but none `0 %`. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0 || value === 100) return `${value} %`;
  if (value < 0.01) return '< 0.01 %';
  const text = value < 1 ? value.toFixed(2) : value.toFixed(1);
  return text === '100.0' ? '99.9 %' : `${text} %`;
}

/** The edge of a stretch of elapsed times: `5 ms`, `20 s`, `33:20`. */
export function edgeText(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  return seconds < 1000 ? `${seconds} s` : clock(seconds);
}

/** The length of a stretch of time that is a round number: `100 ms`, `5 s`, `15 min`, `2 h`, `1 day`. */
export function stretchText(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${seconds / 60} min`;
  return seconds < 86_400 ? `${seconds / 3600} h` : counted(seconds / 86_400, 'day');
}

/** A time that one task took: `7 ms`, else as durations are. */
export function taskTime(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : duration(seconds);
}

/** An amount of memory: `3.2 MB`, `64 MB`, `1.5 GB`; a MB is a million bytes, as elsewhere in this program. */
export function memoryText(bytes: number): string {
  const units = ['kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes / 1000, 0];
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${value < 9.95 ? value.toFixed(1) : grouped(value)} ${units[unit]}`;
}

/** A date and a time of day as they are here: 2026-11-30 07:09:05. */
export function dayAndTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${timeOfDay(seconds)}`;
}

export function timeOfDay(seconds: number): string {
  const date = new Date(seconds * 1000);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((each) => String(each).padStart(2, '0')).join(':');
}

/** From when to when; the day only once when it is the same. */
export function spanText(start: number, finish: number): string {
  const [from, to] = [dayAndTime(start), dayAndTime(finish)];
  return `${from} to ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to}`;
}

/** On which nodes failures were. */
export function whereText({ nodes, count }: Pick<ReportedFailures, 'nodes' | 'count'>, allNodes: number): string {
  const [first] = nodes;
  if (first === undefined) return '';
  if (nodes.length === 1) return count > 1 && allNodes > 1 ? `all on ${first.node}` : `on ${first.node}`;
  if (nodes.length <= 3) return `on ${nodes.map((each) => `${each.node} (${grouped(each.count)})`).join(', ')}`;
  return `on ${grouped(nodes.length)} nodes, most on ${first.node} (${grouped(first.count)})`;
}

/** Whether failures are on a single node though others worked too. */
export function isOfOneNode({ nodes, count }: Pick<ReportedFailures, 'nodes' | 'count'>, allNodes: number): boolean {
  return nodes.length === 1 && count > 1 && allNodes > 1;
}

/** The first tasks of a group. */
export function examplesText({ examples, count }: Pick<ReportedFailures, 'examples' | 'count'>, most: number): string {
  const shown = examples.slice(0, most).map(({ taskId, lineNumber }) => `${taskId} (line ${lineNumber})`);
  return `${count === 1 ? 'task' : 'tasks'} ${shown.join(', ')}${count > shown.length ? ', …' : ''}`;
}

/** Why slots were idle, with the slot time of it. */
export function idleReasons({ idle }: ReportData['slots']): { readonly seconds: number; readonly why: string }[] {
  return [
    { seconds: idle.tails, why: 'while the last tasks before a barrier or the end still ran' },
    { seconds: idle.barriers, why: 'at barriers, after the last task before them' },
    { seconds: idle.other, why: 'between tasks, and while slots came and went' },
  ];
}

/** Made once: it takes a hundred times as long as a comparison. */
const collator = new Intl.Collator('en', { numeric: true });

/** node2 is before node10. */
export function byName(a: Pick<ReportedNode, 'node'>, b: Pick<ReportedNode, 'node'>): number {
  return collator.compare(a.node, b.node);
}

/** Tells of a node whether its failures are more than its share of all: they stand out. */
export function failsMoreAmong(
  all: readonly ReportedNode[],
): (node: Pick<ReportedNode, 'tasks' | 'failed'>) => boolean {
  const [allTasks, allFailed] = [sum(all.map((each) => each.tasks)), sum(all.map((each) => each.failed))];
  return ({ tasks, failed }) => failed > 0 && (all.length === 1 || failed / tasks >= (2 * allFailed) / allTasks);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** A node is slow whose median is so much above that of all. */
export const slowRatio = 1.5;
