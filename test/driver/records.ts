/** Records for the tests of what is done with them. */
import { bytesOfText } from '../../src/base/byte-string.ts';
import type { StatusRecord } from '../../src/task/status-record.ts';

/** The record of a task that succeeded. */
export function recordOf(taskId: number, command = `echo ${taskId}`): StatusRecord {
  return {
    kind: 'task',
    taskId,
    lineNumber: taskId + 1,
    repeatIndex: -1,
    node: 'node1',
    pid: 1000 + taskId,
    exitCode: 0,
    elapsed: 1,
    start: 1000,
    finish: 1001,
    outputBytes: 2,
    outputSnippet: 'ä',
    outputCut: false,
    errorBytes: 0,
    errorSnippet: '',
    errorCut: false,
    command: bytesOfText(command),
  };
}
