/** docs/errors.md against the catalogue of errors. */
import { describe, expect, test } from 'vitest';
import { catalogue, type ErrorCode } from '../../src/base/errors.ts';
import { readPage, sections } from './pages.ts';

const codes = Object.keys(catalogue) as ErrorCode[];
const page = readPage('docs/errors.md');
const errors = sections(page, 3);

describe('docs/errors.md', () => {
  test('has a section for each error of the catalogue, in its order, and for no other', () => {
    expect(errors.map(({ heading }) => heading.replace(/`/g, ''))).toEqual(codes);
  });

  test.each(codes)('%s: has its exit status, an example, and what to do', (code) => {
    const text = errors.find(({ heading }) => heading === `\`${code}\``)?.text ?? '';
    const [status] = catalogue[code];
    expect(/^Exit status (\d)\. /m.exec(text)?.[1]).toBe(String(status));
    expect(text).toMatch(/^```text\n(?:disbatch: | {2}\S|(?:lab1: .*\n)?disBatch: .*\n {2}\S)/m);
    expect(text).toMatch(/^What to do: \S/m);
  });

  test('each error is in the table at the top, with what the catalogue says', () => {
    for (const code of codes) {
      const [status, meaning] = catalogue[code];
      expect(page.text.replace(/ +/g, ' ')).toContain(`| [\`${code}\`](#${code}) | ${status} | ${meaning} |`);
    }
  });
});
