/**
 * A result as a run puts it into the store, checked once and trusted from then on. Pure. Source of the fields: the original.
 */

import { bytesOfText } from '../base/byte-string.ts';
import type { StatusRecord } from '../task/status-record.ts';

/**
 * The record of a task; undefined for what an engine ran for itself, which the original puts among them.
 *
 * @throws Error when it is no result
 */
export function recordOfResult(json: string): StatusRecord | undefined {
  const parsed: unknown = JSON.parse(json);
  if (typeof parsed !== 'object' || parsed === null) throw new Error('a result that is no object');
  const fields = parsed as Readonly<Record<string, unknown>>;
  const number = (name: string): number => {
    const value = fields[name];
    if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`a result whose ${name} is no number`);
    return value;
  };
  const whole = (name: string): number => {
    const value = number(name);
    if (!Number.isSafeInteger(value)) throw new Error(`a result whose ${name} is no whole number`);
    return value;
  };
  const text = (name: string): string => {
    const value = fields[name];
    if (typeof value !== 'string') throw new Error(`a result whose ${name} is no text`);
    return value;
  };
  const flags = text('Flags');
  const mark = flags.charAt(3);
  if (mark !== ' ' && mark !== 'S') return undefined;
  const node = text('Host');
  if (/[\t\n]/.test(node)) throw new Error('a result whose Host is none');
  return {
    kind: mark === 'S' ? 'skipped' : 'task',
    taskId: whole('TaskId'),
    lineNumber: whole('TaskStreamIndex'),
    repeatIndex: whole('TaskRepIndex'),
    node,
    pid: whole('PID'),
    exitCode: whole('ReturnCode'),
    elapsed: number('Elapsed'),
    start: number('Start'),
    finish: number('End'),
    outputBytes: whole('OutBytes'),
    outputSnippet: text('OutData'),
    outputCut: flags.charAt(1) === 'o',
    errorBytes: whole('ErrBytes'),
    errorSnippet: text('ErrData'),
    errorCut: flags.charAt(2) === 'e',
    // The line of a task has no end of line in it; what came over the store might.
    command: bytesOfText(text('TaskCmd').replace(/[\r\n]/g, ' ')),
  };
}
