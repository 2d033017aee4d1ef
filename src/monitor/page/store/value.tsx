/**
 * The value of a key: JSON as a tree, a page of HTML as such when that is wanted, anything else as text.
 */

import { useState } from 'preact/hooks';
import type { StoreKey } from '../../web/answers.ts';
import { visibleLines } from '../parts/words.ts';
import { HtmlValue } from './html-value.tsx';
import { JsonTree } from './json-tree.tsx';

export function Value({ of: { encoding, value, cut } }: { readonly of: StoreKey }) {
  const [isPage, setPage] = useState(false);
  if (value === null) return <span class="dim">no value</span>;
  const tree = encoding === 'JSON' && !cut ? parsed(value) : undefined;
  if (tree !== undefined) return <JsonTree value={tree.value} />;
  const mayBePage = /^\s*<html>/i.test(value) && !cut;
  return (
    <>
      {isPage ? (
        <HtmlValue html={value} />
      ) : (
        <pre class="value">
          {visibleLines(value)}
          {cut && <span class="dim"> …</span>}
        </pre>
      )}
      {mayBePage && (
        <button type="button" class="quiet small" aria-pressed={isPage} onClick={() => setPage(!isPage)}>
          {isPage ? 'As text' : 'As a page'}
        </button>
      )}
    </>
  );
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
