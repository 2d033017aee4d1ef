/**
 * The value of a key that is a page of HTML: its text, headings, lists and tables. Whoever can put to the store may have
 * written it, so it is built anew from elements that do nothing; all else is left out, or only its text kept. Not even a
 * frame without permissions would do: a `<link rel=preconnect>` in it reaches other hosts.
 */

import { createElement, type ComponentChild } from 'preact';
import { useMemo } from 'preact/hooks';
import { visible } from '../../../base/terminal-text.ts';

/** What becomes of elements; of those that are not named here the content is kept. */
const known: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      'p',
      'div',
      'b',
      'strong',
      'i',
      'em',
      'u',
      's',
      'small',
      'sub',
      'sup',
      'code',
      'pre',
      'kbd',
      'blockquote',
      'br',
      'hr',
    ]
      .concat(['ul', 'ol', 'li', 'dl', 'dt', 'dd', 'table', 'caption', 'thead', 'tbody', 'tfoot', 'tr', 'th', 'td'])
      .map((name) => [name, name]),
  ),
  // The headings of the page are its own.
  ...Object.fromEntries(['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((name) => [name, 'p'])),
  center: 'div',
};
/** Their content is no text. */
const dropped = new Set([
  'script',
  'style',
  'template',
  'title',
  'head',
  'iframe',
  'object',
  'noscript',
  'svg',
  'math',
]);
const empty = new Set(['br', 'hr']);
const deepest = 60;

export function HtmlValue({ html }: { readonly html: string }) {
  // A document that was parsed so is never shown: it loads and runs nothing.
  const children = useMemo(() => rebuilt(new DOMParser().parseFromString(html, 'text/html').body, 0), [html]);
  return <div class="page-value">{children}</div>;
}

function rebuilt(parent: Node, depth: number): ComponentChild[] {
  return [...parent.childNodes].map((node): ComponentChild => {
    if (node instanceof Text) return visible(node.data.replace(/\s+/g, ' '));
    if (!(node instanceof Element) || depth > deepest) return null;
    const name = node.localName;
    if (dropped.has(name)) return null;
    const children = rebuilt(node, depth + 1);
    const kept = known[name];
    if (kept === undefined) return children;
    if (empty.has(kept)) return createElement(kept, {});
    return createElement(
      kept,
      { ...spanned(node), ...(name.startsWith('h') && kept === 'p' ? { class: 'page-heading' } : {}) },
      ...children,
    );
  });
}

/** Cells over several columns and rows. */
function spanned(element: Element): Record<string, number> {
  const found: Record<string, number> = {};
  for (const name of ['colspan', 'rowspan']) {
    const value = Number(element.getAttribute(name));
    if (Number.isInteger(value) && value > 1 && value < 100) found[name] = value;
  }
  return found;
}
