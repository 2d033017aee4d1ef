/**
 * What is asked in the query or the body of a request, understood. Pure.
 */

import type { StopWanted, StorePut, TaskSort, TaskState } from './answers.ts';
import { Refusal } from './refusal.ts';
import type { TasksWanted } from './task-lists.ts';
import type { TimelineWanted } from './timeline.ts';

const states: readonly TaskState[] = ['all', 'failed', 'ok', 'skipped', 'late', 'per-engine', 'barrier'];
const sorts: readonly TaskSort[] = ['recorded', 'task', 'line', 'node', 'exit', 'start', 'finish', 'elapsed'];

/** The most rows of one page. */
const mostRows = 500;
const mostTextCharacters = 1000;
const mostLanes = 2000;
const mostPixels = 10_000;

/** @throws Refusal */
export function tasksWanted(query: URLSearchParams): TasksWanted {
  const text = query.get('text') ?? '';
  if (text.length > mostTextCharacters) throw new Refusal(400, 'The text to look for is too long.');
  return {
    state: oneOf(query, 'state', states),
    node: query.get('node') || undefined,
    text,
    sort: oneOf(query, 'sort', sorts),
    descending: oneOf(query, 'order', ['asc', 'desc']) === 'desc',
    from: whole(query, 'from', 0, 2 ** 32),
    count: whole(query, 'count', 50, mostRows),
  };
}

/** @param whole - of the timeline, for what is not said. @throws Refusal */
export function timelineWanted(query: URLSearchParams, begin: number, end: number): TimelineWanted {
  const [from, to] = [number(query, 'from', begin), number(query, 'to', end)];
  if (to < from) throw new Refusal(400, 'The timeline is asked for backwards.');
  return {
    ...{ from, to },
    firstLane: whole(query, 'lane', 0, 2 ** 32),
    lanes: whole(query, 'lanes', mostLanes, mostLanes),
    pixels: Math.max(1, whole(query, 'pixels', 1000, mostPixels)),
  };
}

/** The whole number with this name, at most `most`. @throws Refusal */
export function whole(query: URLSearchParams, name: string, usual: number, most: number): number {
  const value = number(query, name, usual);
  if (!Number.isInteger(value) || value < 0) throw new Refusal(400, `"${name}" is to be a whole number.`);
  return Math.min(value, most);
}

function number(query: URLSearchParams, name: string, usual: number): number {
  const text = query.get(name) ?? '';
  if (text === '') return usual;
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Refusal(400, `"${name}" is to be a number.`);
  return value;
}

function oneOf<Word extends string>(query: URLSearchParams, name: string, words: readonly Word[]): Word {
  const word = query.get(name) || words[0];
  if (!(words as readonly (string | undefined)[]).includes(word))
    throw new Refusal(400, `"${name}" is to be one of ${words.join(', ')}.`);
  return word as Word;
}

/** @throws Refusal */
export function storePut(body: unknown): StorePut {
  const { key, value } = fields(body);
  if (typeof key !== 'string' || key === '' || typeof value !== 'string')
    throw new Refusal(400, 'What is put needs a key and a value, both texts.');
  return { key, value };
}

/** @throws Refusal */
export function stopWanted(body: unknown): StopWanted {
  const { what, rank, label } = fields(body);
  if (what === 'run') return { what };
  if (what === 'engine' && typeof rank === 'number' && Number.isInteger(rank)) return { what, rank };
  if (what === 'context' && typeof label === 'string') return { what, label };
  throw new Refusal(400, 'What is to stop is an engine with its rank, a context with its label, or the run.');
}

function fields(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}
