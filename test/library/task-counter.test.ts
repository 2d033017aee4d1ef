/** What a program submits, counted beside what the run makes of it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DisbatchError } from '../../src/base/errors.ts';
import { TaskCounter } from '../../src/library/task-counter.ts';
import { linesOfMessage } from '../../src/task/line-splitter.ts';
import { TaskStream } from '../../src/task/task-stream.ts';

const line = fc.oneof(
  fc.constantFrom(
    'true',
    'é',
    '',
    '# comment',
    '#DISBATCH PREFIX p ',
    '#DISBATCH SUFFIX  s',
    '#DISBATCH BARRIER',
    'a\rb',
  ),
  fc.constantFrom('#DISBATCH BARIER', '#DISBATCH PERENGINE START x', '#DISBATCH PERENGINE STOP y', '#DISBATCH NO'),
  fc.nat({ max: 4 }).map((n) => `#DISBATCH REPEAT ${n} x`),
);

describe('the ids of what is submitted', () => {
  test('are those that the run gives to the messages that were accepted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(line, { maxLength: 4 })),
        fc.constantFrom('refuse' as const, 'warn' as const),
        (calls, mistakes) => {
          const counter = new TaskCounter(mistakes);
          const options = { mistakes, onWarning: () => {} };
          const stream = new TaskStream(options);
          let messages = 0;
          for (const lines of calls) {
            const before = counter.nextId;
            try {
              const { message, taskIds, barriers } = counter.take(lines);
              const items = [...stream.items(linesOfMessage(message, ++messages))];
              expect(taskIds).toEqual(items.flatMap((item) => (item.kind === 'task' ? [item.taskId] : [])));
              expect(barriers).toEqual(items.flatMap((item) => (item.kind === 'barrier' ? [item.taskId] : [])));
              expect(counter.nextId).toBe(before + taskIds.length + barriers.length);
            } catch (error) {
              // A refusal has changed nothing: the next messages are still counted as the run counts them.
              expect((error as DisbatchError).code).toBe('task-file-mistake');
              expect(counter.nextId).toBe(before);
            }
          }
        },
      ),
    );
  });

  test('are not given for more tasks than an array holds well', () => {
    const counter = new TaskCounter('refuse');
    expect(() => counter.take('#DISBATCH REPEAT 9000000000 true')).toThrow(/several calls/);
    expect(counter.take('true').taskIds).toEqual([0]);
  });
});
