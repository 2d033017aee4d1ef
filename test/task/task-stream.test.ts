/** From lines to tasks: ids, line numbers, repeat indexes, prefix and suffix, and what mistakes do. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { LineSplitter } from '../../src/task/line-splitter.ts';
import { TaskFileMistake, type Mistake } from '../../src/task/task-file-mistake.ts';
import { TaskStream } from '../../src/task/task-stream.ts';
import type { StreamItem } from '../../src/task/task.ts';

/** The items of a file that is warned about, and its warnings. */
function follow(...chunks: readonly string[]): { readonly items: readonly StreamItem[]; readonly warnings: Mistake[] } {
  const warnings: Mistake[] = [];
  const stream = new TaskStream({ mistakes: 'warn', onWarning: (mistake) => warnings.push(mistake) });
  const splitter = new LineSplitter();
  const items: StreamItem[] = [];
  for (const chunk of chunks) items.push(...stream.items(splitter.push(asBytes(chunk))));
  items.push(...stream.items(splitter.end()));
  return { items, warnings };
}

/** The items of a file that must have no mistake. */
function itemsOf(file: string): readonly StreamItem[] {
  const { items, warnings } = follow(file);
  expect(warnings).toEqual([]);
  return items;
}

function refuse(file: string): readonly Mistake[] {
  const warnings: Mistake[] = [];
  const stream = new TaskStream({ mistakes: 'refuse', onWarning: (mistake) => warnings.push(mistake) });
  try {
    for (const item of stream.items(new LineSplitter().push(asBytes(file)))) expect(item).toBeDefined();
  } catch (error) {
    expect(error).toBeInstanceOf(TaskFileMistake);
    expect(warnings).toEqual([]);
    return (error as TaskFileMistake).mistakes;
  }
  return [];
}

const task = (taskId: number, lineNumber: number, command: string, repeatIndex = -1) => {
  return { kind: 'task', taskId, lineNumber, repeatIndex, command };
};

describe('task ids and line numbers', () => {
  test('count tasks and barriers from 0 and lines from 1, comments and blank lines included', () => {
    expect(itemsOf('# c\na\n\n#DISBATCH BARRIER\n  b\n')).toEqual([
      task(0, 2, 'a'),
      { kind: 'barrier', taskId: 1, lineNumber: 4, check: false, key: undefined, text: '#DISBATCH BARRIER' },
      task(2, 5, '  b'),
    ]);
  });

  test('give the parts of a line with a lone carriage return ids of their own and one number', () => {
    expect(itemsOf('a\rb\nc\n')).toEqual([task(0, 1, 'a'), task(1, 1, 'b'), task(2, 2, 'c')]);
  });

  test('give every task of a REPEAT the line of the REPEAT', () => {
    expect(itemsOf('#DISBATCH REPEAT 3 start 100 step 50 x\ny\n')).toEqual([
      task(0, 1, 'x', 100),
      task(1, 1, 'x', 150),
      task(2, 1, 'x', 200),
      task(3, 2, 'y'),
    ]);
  });

  test('are not used up by a REPEAT of none', () => {
    expect(itemsOf('#DISBATCH REPEAT 0 x\ny\n')).toEqual([task(0, 2, 'y')]);
  });
});

test('a barrier keeps its check, its key and its text', () => {
  const text = '#DISBATCH BARRIER CHECK my key';
  expect(itemsOf(`${text}\n`)).toEqual([
    { kind: 'barrier', taskId: 0, lineNumber: 1, check: true, key: 'my key', text },
  ]);
});

describe('PREFIX and SUFFIX', () => {
  test('dress tasks, REPEATs and per-engine tasks that follow, and not barriers', () => {
    const commands = itemsOf(
      '#DISBATCH PREFIX ( \n#DISBATCH SUFFIX  )\n#DISBATCH PERENGINE START p\na\n#DISBATCH REPEAT 1\n#DISBATCH BARRIER k\n',
    ).map((item) => (item.kind === 'barrier' ? item.text : item.command));
    expect(commands).toEqual(['( p )', '( a )', '(  )', '#DISBATCH BARRIER k']);
  });

  test('hold until they are replaced, by nothing if need be', () => {
    const commands = itemsOf('a\n#DISBATCH PREFIX x \nb\n#DISBATCH PREFIX y \nc\n#DISBATCH PREFIX \nd').map((item) =>
      item.kind === 'barrier' ? '' : item.command,
    );
    expect(commands).toEqual(['a', 'x b', 'y c', 'd']);
  });
});

describe('per-engine tasks', () => {
  test('count from 0 for each moment on their own, and take no task ids', () => {
    const p = '#DISBATCH PERENGINE';
    expect(itemsOf(`${p} START a\n${p} STOP b\n#DISBATCH PREFIX \n${p} START c\nd\n`)).toEqual([
      { kind: 'per-engine', moment: 'start', taskId: 0, lineNumber: 1, command: 'a' },
      { kind: 'per-engine', moment: 'stop', taskId: 0, lineNumber: 2, command: 'b' },
      { kind: 'per-engine', moment: 'start', taskId: 1, lineNumber: 4, command: 'c' },
      task(0, 5, 'd'),
    ]);
  });

  test.each(['x', '#DISBATCH REPEAT 1', '#DISBATCH REPEAT 0', '#DISBATCH BARRIER'])(
    'are too late after %j',
    (before) => {
      const file = `${before}\n#DISBATCH PERENGINE STOP a\n`;
      const late = {
        lineNumber: 2,
        problem: 'comes too late, after the first task, REPEAT or barrier',
        suggestion: 'PERENGINE lines come before all tasks, REPEATs and barriers',
      };
      expect(refuse(file)).toMatchObject([late]);
      const { items, warnings } = follow(file);
      expect(warnings).toMatchObject([late]);
      expect(items.filter((item) => item.kind === 'per-engine')).toEqual([]);
    },
  );

  test('are too late after an unknown directive that was warned of, as in the original', () => {
    const { items, warnings } = follow('#DISBATCH NONSENSE\n#DISBATCH PERENGINE START a\nb\n');
    expect(warnings.map((warning) => warning.lineNumber)).toEqual([1, 2]);
    expect(items).toEqual([task(0, 3, 'b')]);
  });

  test('that come too late do not take the rest of the file with them', () => {
    expect(follow('a\n#DISBATCH PERENGINE START p\nb\n').items).toEqual([task(0, 1, 'a'), task(1, 3, 'b')]);
  });
});

describe('a mistake', () => {
  test('is thrown when mistakes are refused, with its line, and what came before was yielded', () => {
    const stream = new TaskStream({ mistakes: 'refuse', onWarning: () => expect.unreachable() });
    const items = stream.items(new LineSplitter().push(asBytes('a\n#DISBATCH BARIER\nb\n')));
    expect(items.next().value).toEqual(task(0, 1, 'a'));
    expect(() => items.next()).toThrow('"#DISBATCH BARIER" is no directive that disBatch knows; did you mean');
    expect(refuse('a\n#DISBATCH BARIER\n')).toMatchObject([{ lineNumber: 2, text: '#DISBATCH BARIER', canGoOn: true }]);
  });

  test('that is warned of is taken as the original takes it', () => {
    const file =
      '#DISBATCH BARIER\n#DISBATCH BARRIERS\n#disbatch barrier\n#DISBATCHFOO\n#DISBATCH REPEAT 2 step 2 start 3\n';
    const { items, warnings } = follow(file);
    expect(warnings.map((warning) => warning.lineNumber)).toEqual([1, 2, 3, 4, 5]);
    expect(items).toEqual([
      { kind: 'barrier', taskId: 0, lineNumber: 2, check: false, key: undefined, text: '#DISBATCH BARRIERS' },
      task(1, 4, '#DISBATCHFOO'),
      task(2, 5, 'start 3', 0),
      task(3, 5, 'start 3', 2),
    ]);
  });

  test('that cannot be followed is thrown even when mistakes are warned of', () => {
    expect(() => follow('#DISBATCH REPEAT 99999999999999999999\n')).toThrow(TaskFileMistake);
  });
});

test('a REPEAT of thousands of millions yields its first tasks at once, and the ids after it are right', () => {
  const stream = new TaskStream({ mistakes: 'refuse', onWarning: () => expect.unreachable() });
  const [first, second] = new LineSplitter().push(asBytes('#DISBATCH REPEAT 9000000000 step 2 x\ny\n'));
  const items = stream.items([first!]);
  expect(items.next().value).toEqual(task(0, 1, 'x', 0));
  expect(items.next().value).toEqual(task(1, 1, 'x', 2));
  expect([...stream.items([second!])]).toEqual([task(9000000000, 2, 'y')]);
});

const anyFile = fc
  .array(
    fc.oneof(
      fc.constantFrom('a', ' b # x', '', '# c', '#DISBATCH NONSENSE', '#disbatch barrier', '\0', '\xff\xfe'),
      fc.constantFrom('#DISBATCH BARRIER', '#DISBATCH BARRIER CHECK k', '#DISBATCH PREFIX p ', '#DISBATCH SUFFIX '),
      fc.constantFrom('#DISBATCH PERENGINE START s', '#DISBATCH PERENGINE STOP s', '\r', 'a\rb'),
      fc.tuple(fc.nat(5), fc.nat(9), fc.nat(3)).map(([n, s, t]) => `#DISBATCH REPEAT ${n} start ${s} step ${t} r`),
    ),
    { maxLength: 30 },
  )
  .chain((lines) => fc.constantFrom(lines.join('\n'), lines.join('\r\n'), `${lines.join('\n')}\n`));

test('of any file the task ids are 0, 1, 2 and so on, and line numbers never fall', () => {
  fc.assert(
    fc.property(anyFile, (file) => {
      const { items } = follow(file);
      const inOrder = items.filter((item) => item.kind !== 'per-engine');
      expect(inOrder.map((item) => item.taskId)).toEqual(inOrder.map((_, i) => i));
      const numbers = items.map((item) => item.lineNumber);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      const firstTask = items.findIndex((item) => item.kind !== 'per-engine');
      if (firstTask >= 0) expect(items.slice(firstTask).some((item) => item.kind === 'per-engine')).toBe(false);
    }),
  );
});

test('any chunking of the bytes gives the same items and the same warnings', () => {
  fc.assert(
    fc.property(anyFile, fc.array(fc.nat(200)), (file, cuts) => {
      const at = [0, ...cuts.map((cut) => Math.min(cut, file.length)), file.length].sort((a, b) => a - b);
      expect(follow(...at.slice(1).map((end, i) => file.slice(at[i], end)))).toEqual(follow(file));
    }),
  );
});
