/**
 * Failures by what they have in common: how the task ended, and what it said last. Pure.
 *
 * Always true: the counts of the groups add up to what was added. There is a bound on groups; what comes after it is grouped
 * by its end alone, as is what is not read.
 */

import type { StatusRecord } from '../../task/status-record.ts';
import { foldedWords, inCommon, wordsOf } from './folded-message.ts';

/** A failed task that shows what its group is of. */
export interface FailureExample {
  readonly taskId: number;
  readonly lineNumber: number;
  readonly node: string;
}

export interface FailureGroup {
  readonly kind: 'task' | 'per-engine';
  readonly exitCode: number;
  /** It could not be started, or was lost, if -1. */
  readonly pid: number;
  /**
   * What all say, `…` where they differ; `e.g.` and what the first says, where nothing is the same. null: they said
   * nothing, or it was not read.
   */
  readonly message: string | null;
  readonly wasRead: boolean;
  readonly count: number;
  /** The first ones. */
  readonly examples: readonly FailureExample[];
  /** Those with the most failures first. */
  readonly nodes: readonly { readonly node: string; readonly count: number }[];
}

type Said = Pick<
  StatusRecord,
  'kind' | 'exitCode' | 'pid' | 'errorSnippet' | 'errorBytes' | 'outputSnippet' | 'outputBytes'
>;

/** What is known of a failure without reading its line. */
export interface KnownFailure extends FailureExample {
  readonly kind: StatusRecord['kind'];
  readonly exitCode: number;
}

interface Group {
  readonly kind: 'task' | 'per-engine';
  readonly exitCode: number;
  readonly pid: number;
  words: string[];
  /** Those of the first. */
  readonly first: readonly string[];
  readonly wasRead: boolean;
  count: number;
  readonly examples: FailureExample[];
  readonly nodes: Map<string, number>;
}

const mostGroups = 5000;
const mostExamples = 5;

export class FailureGroups {
  private readonly byKey = new Map<string, Group>();

  /** A failure whose record was read. */
  add(record: Said & FailureExample): void {
    const isSilent = record.errorSnippet.trim() === '';
    const snippet = isSilent ? record.outputSnippet : record.errorSnippet;
    const written = isSilent ? record.outputBytes : record.errorBytes;
    const words = wordsOf(snippet, written);
    const key = `${keyOf(record)} ${record.pid < 0} ${foldedWords(words).join('\0')}`;
    const group = this.byKey.get(key);
    if (group === undefined && this.byKey.size >= mostGroups) return this.addUnread(record);
    if (group !== undefined) group.words = inCommon(group.words, words);
    this.note(key, record, { pid: record.pid, words, first: words, wasRead: true });
  }

  /** A failure of which no more is known. */
  addUnread(failure: KnownFailure): void {
    this.note(`${keyOf(failure)} unread`, failure, { pid: 0, words: [], first: [], wasRead: false });
  }

  /** The largest first, at most so many. */
  groups(most: number): FailureGroup[] {
    // Equal ones stay in the order in which they came.
    const sorted = [...this.byKey.values()].toSorted((a, b) => b.count - a.count);
    return sorted.slice(0, most).map(({ words, first, nodes, ...group }) => ({
      ...group,
      message: messageOf(words, first),
      nodes: [...nodes].map(([node, count]) => ({ node, count })).toSorted((a, b) => b.count - a.count),
    }));
  }

  get size(): number {
    return this.byKey.size;
  }

  private note(key: string, failure: KnownFailure, begin: Pick<Group, 'pid' | 'words' | 'first' | 'wasRead'>): void {
    let group = this.byKey.get(key);
    if (group === undefined) {
      const kind = failure.kind === 'per-engine' ? 'per-engine' : 'task';
      group = { kind, exitCode: failure.exitCode, ...begin, count: 0, examples: [], nodes: new Map() };
      this.byKey.set(key, group);
    }
    const { taskId, lineNumber, node } = failure;
    group.count++;
    if (group.examples.length < mostExamples) group.examples.push({ taskId, lineNumber, node });
    group.nodes.set(node, (group.nodes.get(node) ?? 0) + 1);
  }
}

function messageOf(words: readonly string[], first: readonly string[]): string | null {
  if (words.length === 0) return null;
  const [all, example] = [words.join(' '), first.join(' ')];
  // Gaps alone tell nothing.
  return all === example || /[\p{L}\p{N}]/u.test(all) ? all : `e.g. ${example}`;
}

function keyOf({ kind, exitCode }: Pick<KnownFailure, 'kind' | 'exitCode'>): string {
  return `${kind === 'per-engine' ? 'P' : 'T'} ${exitCode}`;
}
