/** Lines of the status file: one test a rule of its format, and that reading undoes writing. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBytes, bytesOfText, textOfBytes } from '../../src/base/byte-string.ts';
import {
  formatStatusLine,
  parseStatusLine,
  peekStatusLine,
  snippetText,
  statusFields,
  statusHeader,
  writtenCommand,
} from '../../src/task/status-line.ts';
import type { StatusRecord } from '../../src/task/status-record.ts';
import { anyCommand, anyRecord } from './any-record.ts';
import { askPython, noPython } from './python.ts';

const record: StatusRecord = {
  kind: 'task',
  taskId: 5,
  lineNumber: 12,
  repeatIndex: -1,
  node: 'vm',
  pid: 27373,
  exitCode: 0,
  elapsed: 1.0074,
  start: 1795487061.66,
  finish: 1795487062.6674,
  outputBytes: 0,
  outputSnippet: '',
  errorBytes: 0,
  errorSnippet: '',
  outputCut: false,
  errorCut: false,
  command: asBytes('seq 1 100'),
};

/** The line with some fields of the record changed, cut at its tabs. */
function fieldsWith(change: Partial<StatusRecord>): readonly string[] {
  return formatStatusLine({ ...record, ...change }).split('\t');
}

function parsed(line: string): StatusRecord {
  const result = parseStatusLine(line);
  if (result.kind === 'unreadable') throw new Error(result.problem);
  return result;
}

test('a line has its fifteen fields in order, seconds with three decimals', () => {
  const place = '    \t5\t12\t-1\tvm\t27373\t0\t';
  expect(formatStatusLine(record)).toBe(`${place}1.007\t1795487061.660\t1795487062.667\t0\t''\t0\t''\tseq 1 100`);
  expect(statusHeader.split('\t')).toHaveLength(statusFields);
});

describe('flags', () => {
  test.each([
    [{}, '    '],
    [{ exitCode: 3 }, 'R   '],
    [{ exitCode: -9 }, 'R   '],
    [{ outputBytes: 1 }, ' O  '],
    [{ errorBytes: 1 }, '  E '],
    [{ kind: 'per-engine' }, '   P'],
    [{ outputBytes: 9, outputCut: true }, ' o  '],
    [{ errorBytes: 9, errorCut: true }, '  e '],
    // Whose file could not even be made.
    [{ exitCode: 1, outputCut: true, errorCut: true, kind: 'skipped' }, 'RoeS'],
    [{ kind: 'skipped', exitCode: 1, outputBytes: 1, errorBytes: 1 }, 'ROES'],
    [{ kind: 'late' }, '   Z'],
    [{ kind: 'barrier' }, 'B    '],
    [{ kind: 'check-barrier', exitCode: 1 }, 'C    '],
  ] as const)('of %j are %j', (change, flags) => {
    expect(fieldsWith(change)[0]).toBe(flags);
    const { kind, outputCut, errorCut }: StatusRecord = { ...record, ...change };
    const line = formatStatusLine({ ...record, ...change });
    expect(parsed(line)).toMatchObject({ kind, outputCut, errorCut });
    expect(peekStatusLine(line)).toMatchObject({ kind, outputCut, errorCut });
  });
});

describe('a snippet', () => {
  test('is written as a Python literal', () => {
    expect(fieldsWith({ outputSnippet: "it's\n", errorSnippet: 'é\0' }).slice(11, 14)).toEqual([
      `"it's\\n"`,
      '0',
      `'é\\x00'`,
    ]);
  });

  test('is the first bytes and, when there were more, three dots and the last', () => {
    const [head, tail] = [asBytes('a'.repeat(40)), asBytes('b'.repeat(40))];
    expect(snippetText({ head, tail: asBytes('') })).toBe(head);
    expect(snippetText({ head, tail })).toBe(`${head}...${tail}`);
  });

  test('is UTF-8, with a mark for what is not', () => {
    expect(snippetText({ head: asBytes('caf\xc3\xa9 \xff'), tail: asBytes('') })).toBe('café \ufffd');
    expect(snippetText({ head: asBytes('\xc3'), tail: asBytes('\xa9x') })).toBe('\ufffd...\ufffdx');
    expect(snippetText({ head: asBytes('\xef\xbb\xbfa'), tail: asBytes('') })).toBe('\ufeffa');
  });
});

describe('a command', () => {
  test('is written as it is, tabs included, when it is UTF-8', () => {
    expect(writtenCommand(bytesOfText('\techo\té'))).toBe('\techo\té');
    expect(formatStatusLine({ ...record, command: asBytes('a\tb') })).toMatch(/\t0\t''\ta\tb$/);
  });

  test('is written as a bytes literal when it is not', () => {
    expect(writtenCommand(asBytes(`echo \xff it's`))).toBe(`b"echo \\xff it's"`);
    expect(parsed(formatStatusLine({ ...record, command: asBytes('\xff') })).command).toBe('\xff');
  });

  test('that looks like a bytes literal is kept where it cannot be one that was written', () => {
    for (const text of ["b'x'", "b'\\xFF'", "b'\\xff' x", "b'"]) {
      expect(parsed(formatStatusLine({ ...record, command: asBytes(text) })).command).toBe(text);
    }
  });

  test('that is the very text of a literal is written as the bytes it might stand for', () => {
    const text = asBytes("b'\\xff'");
    expect(writtenCommand(parsed(formatStatusLine({ ...record, command: text })).command)).toBe(writtenCommand(text));
  });
});

describe('what is no record is told', () => {
  const fields = formatStatusLine(record).split('\t');
  const withField = (at: number, value: string): string => fields.with(at, value).join('\t');
  test.each([
    ['x', 'it has 1 field, not 15'],
    [fields.slice(0, 14).join('\t'), 'it has 14 fields, not 15'],
    [withField(0, 'R'), `'R' are no flags`],
    [withField(0, '   X'), `'   X' are no flags`],
    [withField(1, 'x'), 'its field 2 is no whole number'],
    [withField(5, ''), 'its field 6 is no whole number'],
    [withField(6, '1.5'), 'its field 7 is no whole number'],
    [withField(8, '1.0.0'), 'its field 9 is no number'],
    [withField(11, 'x'), 'its field 12 is no string literal'],
    [withField(13, `'x`), 'its field 14 is no string literal'],
  ])('%j: %s', (line, problem) => {
    expect(parseStatusLine(line)).toEqual({ kind: 'unreadable', problem });
  });

  test('the header is none', () => {
    expect(parseStatusLine(statusHeader).kind).toBe('unreadable');
    expect(peekStatusLine(statusHeader)).toBeUndefined();
  });
});

test('a line of an old version, with other decimals and double quotes, is read', () => {
  const numbers = '314\t315\t-1\tworker032\t8016\t0\t10.0486528873\t1458660919.78\t1458660929.83';
  const line = `    \t${numbers}\t0\t""\t0\t""\tcd /work ; myprog -a 3 > a.log 2>&1`;
  expect(parseStatusLine(line)).toEqual({
    kind: 'task',
    taskId: 314,
    lineNumber: 315,
    repeatIndex: -1,
    node: 'worker032',
    pid: 8016,
    exitCode: 0,
    elapsed: 10.0486528873,
    start: 1458660919.78,
    finish: 1458660929.83,
    outputBytes: 0,
    outputSnippet: '',
    errorBytes: 0,
    errorSnippet: '',
    outputCut: false,
    errorCut: false,
    command: 'cd /work ; myprog -a 3 > a.log 2>&1',
  });
  expect(peekStatusLine(line)).toEqual({
    kind: 'task',
    taskId: 314,
    exitCode: 0,
    outputCut: false,
    errorCut: false,
  });
});

test('what is written is one line, and what it parses to formats to the same line', () => {
  fc.assert(
    fc.property(anyRecord, (any) => {
      const line = formatStatusLine(any);
      expect(line).not.toMatch(/[\r\n]/);
      expect(formatStatusLine(parsed(line))).toBe(line);
    }),
    { numRuns: 1000 },
  );
});

test('what is read is what was written, but for the decimals and the doubtful commands', () => {
  fc.assert(
    fc.property(anyRecord, (any) => {
      const { elapsed, start, finish, command, outputSnippet, errorSnippet, ...rest } = any;
      const read = parsed(formatStatusLine(any));
      expect(read).toMatchObject(rest);
      expect([read.outputSnippet, read.errorSnippet]).toEqual([outputSnippet, errorSnippet]);
      expect(
        Math.abs(read.elapsed - elapsed) + Math.abs(read.start - start) + Math.abs(read.finish - finish),
      ).toBeLessThan(0.002);
      expect(writtenCommand(read.command)).toBe(writtenCommand(command));
    }),
    { numRuns: 1000 },
  );
});

test('a peek sees the same as the whole reading, in text and in bytes', () => {
  fc.assert(
    fc.property(anyRecord, (any) => {
      const line = formatStatusLine(any);
      const { kind, taskId, exitCode, outputCut, errorCut } = any;
      const seen = { kind, taskId, exitCode, outputCut, errorCut };
      expect(peekStatusLine(line)).toEqual(seen);
      expect(peekStatusLine(bytesOfText(line))).toEqual(seen);
    }),
  );
});

test('Python reads the same fields from what is written', { timeout: 120_000 }, (ctx) => {
  if (noPython !== undefined) ctx.skip(noPython);
  const records = fc.sample(anyRecord, { numRuns: 200, seed: 3 });
  const commands = fc.sample(anyCommand, { numRuns: 200, seed: 4 });
  const lines = records.map((any, i) => formatStatusLine({ ...any, command: commands[i]! }));
  const script = `
rows = []
for line, text in input:
    f = line.split('\\t', 14)
    command = f[14].encode() if text else ast.literal_eval(f[14])
    rows.append([f[0][3], int(f[1]), int(f[6]), ast.literal_eval(f[11]), ast.literal_eval(f[13]), command.decode('latin1')])
print(json.dumps(rows))`;
  const flagOf = { 'per-engine': 'P', skipped: 'S', late: 'Z', task: ' ', barrier: ' ', 'check-barrier': ' ' };
  const expected = records.map(({ kind, taskId, exitCode, outputSnippet, errorSnippet }, i) => {
    return [flagOf[kind], taskId, exitCode, outputSnippet, errorSnippet, commands[i]];
  });
  const isText = (i: number): boolean => textOfBytes(commands[i]!) !== undefined;
  const read = askPython(
    script,
    lines.map((line, i) => [line, isText(i)]),
  );
  expect(read).toEqual(expected);
});
