import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { makeData } from '../../../src/monitor/report/make-data.ts';
import { markup } from '../../../src/monitor/report/markup.ts';
import { reportPage } from '../../../src/monitor/report/report-page.ts';
import { readStatusFiles } from '../../../src/monitor/report/status-files.ts';

const parts = { style: 'p { margin: 0 }', script: 'const text = "</script>";' };

async function pageOf(name: string): Promise<string> {
  const files = await readStatusFiles([resolve(import.meta.dirname, `../../compat/fixtures/${name}-status.txt`)]);
  const data = makeData(files, { version: '4', now: 1_795_600_000, top: 10 });
  return reportPage(data, parts);
}

test('what is put into markup is text, in content and in attributes', () => {
  const text = `<b title="x">&'`;
  const escaped = '&lt;b title=&quot;x&quot;&gt;&amp;&#39;';
  expect(markup`<p title="${text}">${text}${[markup`<i>${1}</i>`]}</p>`.source).toBe(
    `<p title="${escaped}">${escaped}<i>1</i></p>`,
  );
});

test('the policy of the page lets its own style and script run, and nothing else', async () => {
  const page = await pageOf('mixed');
  const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
  const hash = (text: string | undefined): string =>
    `&#39;sha256-${createHash('sha256')
      .update(text ?? '')
      .digest('base64')}&#39;`;
  expect(policy).toContain('default-src &#39;none&#39;');
  expect(policy).toContain(`style-src ${hash(/<style>(.*?)<\/style>/s.exec(page)?.[1])};`);
  expect(policy).toContain(`script-src ${hash(/<script>(.*?)<\/script>/s.exec(page)?.[1])};`);
  expect(page.match(/<script/g)).toHaveLength(1);
});

test('the page names nothing that would have to be loaded', async () => {
  for (const name of ['mixed', 'mixed-resumed', 'odd'])
    expect([...(await pageOf(name)).matchAll(/\s(?:src|href)="([^"]{0,20})/g)].map(([, address]) => address)).toEqual([
      'data:image/svg+xml,%',
    ]);
});
