/** Telling the lines of a status file apart. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBytes, bytesOfText } from '../../src/base/byte-string.ts';
import { formatStatusLine, statusHeader } from '../../src/task/status-line.ts';
import { StatusScan, type StatusLineClass } from '../../src/task/status-scan.ts';
import { anyRecord } from './any-record.ts';

const record = ` O  \t0\t7\t-1\tvm\t27224\t0\t0.010\t1795487059.639\t1795487059.649\t6\t'hello\\n'\t0\t''\techo hello`;

/** The classes of all lines of a file. */
function scan(file: string): readonly StatusLineClass[] {
  const lines = file.split('\n');
  const ends = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  const statusScan = new StatusScan();
  return ends.map((line, i) => {
    const last = i === ends.length - 1;
    return statusScan.classify(asBytes(line), { newline: !last || ends.length < lines.length, last });
  });
}

const kindsOf = (file: string) => scan(file).map((line) => line.kind);

test('header and records are known, with what an index needs', () => {
  expect(scan(`${statusHeader}\n${record}\n`)).toEqual([
    { kind: 'header' },
    { kind: 'record', peek: { kind: 'task', taskId: 0, exitCode: 0, outputCut: false, errorCut: false } },
  ]);
  expect(kindsOf(`${record}\n`)).toEqual(['record']);
});

test('a record whose outputs could not be kept is one, and says so', () => {
  const cut = record.replace(' O  ', ' oe ');
  expect(scan(`${cut}\n${cut.slice(0, 3)}`)).toMatchObject([
    { kind: 'record', peek: { outputCut: true, errorCut: true } },
    { kind: 'torn' },
  ]);
});

describe('a last line is torn', () => {
  test('when it lacks its newline, wherever it was cut, the first bytes and the whole record included', () => {
    for (let length = 1; length <= record.length; length++) {
      expect(kindsOf(`${record}\n${record.slice(0, length)}`)).toEqual(['record', 'torn']);
      expect(kindsOf(record.slice(0, length))).toEqual(['torn']);
    }
    for (let length = 1; length <= statusHeader.length; length++) {
      expect(kindsOf(statusHeader.slice(0, length))).toEqual(['torn']);
    }
  });

  test('when it has a newline but too few fields', () => {
    expect(kindsOf(`${record}\n ${record.slice(1, 30)}\n`)).toEqual(['record', 'torn']);
  });

  test('when a crash left a block of NULs', () => {
    expect(kindsOf(`${record}\n\0\0\0\0\0\0`)).toEqual(['record', 'torn']);
  });
});

describe('a line is foreign', () => {
  test('when it is something else in a status file, and its problem is told', () => {
    expect(scan(`${record}\nhello\n${record}\n`)[1]).toEqual({ kind: 'foreign', problem: 'it has 1 field, not 15' });
    expect(scan(`${record}\n\xff\n${record}\n`)[1]).toEqual({ kind: 'foreign', problem: 'it is not UTF-8' });
  });

  test('when a record was appended to a torn one, so that neither counts as what it is not', () => {
    for (let length = 1; length < record.length - 'echo hello'.length; length++) {
      const [line] = scan(`${record}\n${record.slice(0, length)}${record}\n${record}\n`).slice(1);
      expect([length, line?.kind]).toEqual([length, 'foreign']);
    }
  });
});

test('a file whose first line is neither header nor record is no status file', () => {
  expect(scan('echo hello\necho x\n')[0]).toEqual({ kind: 'not-a-status-file', problem: 'it has 1 field, not 15' });
  expect(kindsOf('#!/bin/bash')[0]).toBe('not-a-status-file');
  expect(kindsOf('\x7fELF\x02\x01\n')[0]).toBe('not-a-status-file');
  expect(kindsOf(`${record.slice(0, 20)}\n${record}\n`)[0]).toBe('not-a-status-file');
});

test('of any file that was cut at any byte, all whole lines are records and only the cut one is torn', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 4 }), fc.boolean(), fc.nat(), (records, header, cut) => {
      const lines = records.map((any) => bytesOfText(formatStatusLine(any)));
      const whole = [...(header ? [statusHeader] : []), ...lines].map((line) => `${line}\n`).join('');
      const file = whole.slice(0, cut % (whole.length + 1));
      const complete = file.split('\n').length - 1;
      const kinds = kindsOf(file);
      const expected = Array.from({ length: complete }, (_, i) => (header && i === 0 ? 'header' : 'record'));
      expect(kinds).toEqual(file === '' || file.endsWith('\n') ? expected : [...expected, 'torn']);
    }),
    { numRuns: 500 },
  );
});
