/** Results as a run puts them into the store. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordOfResult } from '../../src/library/joined-results.ts';
import { resultOf } from '../../src/library/result-of-record.ts';
import { resultJson } from '../../src/programs/task-results.ts';
import { formatStatusLine, parseStatusLine } from '../../src/task/status-line.ts';
import type { StatusRecord } from '../../src/task/status-record.ts';
import { recordOf } from '../driver/records.ts';

describe('a result from the store', () => {
  test('is that of the record which the run has, also when it has been through a file', () => {
    const kind = fc.constantFrom('task' as const, 'skipped' as const);
    fc.assert(
      fc.property(
        kind,
        fc.integer({ min: -100, max: 255 }),
        fc.boolean(),
        fc.string(),
        (kind, exitCode, outputCut, snippet) => {
          const record: StatusRecord = {
            ...recordOf(7),
            kind,
            exitCode,
            outputCut,
            outputSnippet: snippet,
            outputBytes: 9,
          };
          const got = recordOfResult(resultJson(record)) as StatusRecord;
          expect(resultOf(got)).toEqual(resultOf(record));
          expect(resultOf(parseStatusLine(formatStatusLine(got)) as StatusRecord)).toEqual(resultOf(record));
        },
      ),
    );
  });

  test('of what an engine ran for itself, or of a late report, is none', () => {
    expect(recordOfResult(resultJson({ ...recordOf(0), kind: 'per-engine' }))).toBeUndefined();
    expect(recordOfResult(resultJson({ ...recordOf(0), kind: 'late' }))).toBeUndefined();
  });

  test('is refused when it is not what it should be', () => {
    const fields = JSON.parse(resultJson(recordOf(0))) as Record<string, unknown>;
    for (const name of Object.keys(fields)) {
      for (const wrong of [undefined, null, {}, name === 'TaskId' ? 0.5 : []]) {
        expect(() => recordOfResult(JSON.stringify({ ...fields, [name]: wrong }))).toThrow(name);
      }
    }
    for (const text of ['', '7', 'null', '{', '[]']) expect(() => recordOfResult(text)).toThrow(Error);
    expect(() => recordOfResult(JSON.stringify({ ...fields, Host: 'a\tb' }))).toThrow('Host');
  });
});
