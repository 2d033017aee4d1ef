/**
 * A task that has ended, as news tells of it. Pure.
 *
 * Always true: its size is bounded, whatever the command is and whatever the task wrote.
 */

import { lenientTextOfBytes, type ByteString } from '../base/byte-string.ts';
import { clipped } from '../base/terminal-text.ts';
import { hasFailed, type StatusRecord } from '../task/status-record.ts';

/** What is known of it; times in seconds, those of day since 1970. */
export interface ToldTask {
  readonly kind: 'task' | 'per-engine';
  readonly taskId: number;
  readonly lineNumber: number;
  readonly repeatIndex: number;
  readonly node: string;
  readonly exitCode: number;
  readonly failed: boolean;
  /** How it ended, in words: "killed by signal 9". */
  readonly how: string;
  readonly elapsed: number;
  readonly start: number;
  readonly finish: number;
  readonly command: string;
  readonly output: string;
  readonly error: string;
}

/** Characters of a command or of an output that are kept. */
const keptCharacters = 1000;

/** @param wordsFor - how a task that failed ended */
export function toldTask(
  record: StatusRecord,
  kind: ToldTask['kind'],
  wordsFor: (record: StatusRecord) => string,
): ToldTask {
  const { taskId, lineNumber, repeatIndex, node, exitCode, elapsed, start, finish } = record;
  const failed = hasFailed(record);
  return {
    ...{ kind, taskId, lineNumber, repeatIndex, node, exitCode, failed },
    how: failed ? wordsFor(record) : 'exit code 0',
    ...{ elapsed, start, finish },
    command: beginning(lenientTextOfBytes(record.command.slice(0, 4 * (keptCharacters + 1)) as ByteString)),
    output: beginning(record.outputSnippet),
    error: beginning(record.errorSnippet),
  };
}

function beginning(text: string): string {
  return clipped(
    text.length > 2 * (keptCharacters + 1) ? text.slice(0, 2 * (keptCharacters + 1)) : text,
    keptCharacters,
  );
}
