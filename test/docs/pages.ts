/**
 * The pages of the documentation as tests see them: their fenced blocks, headings, tables and links.
 *
 * A comment before a fenced block says what the block is; readers of the page do not see it:
 *   <!-- file: NAME -->             the contents of a file
 *   <!-- runs -->                   commands for bash; `<!-- runs, status 1 -->` when the last of them ends so
 *   <!-- prints -->                 what the block before prints; `<!-- prints, in any order -->` when lines may be swapped
 * Blocks of one page share a folder and are taken in their order.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder of the checkout. */
export const root = resolve(import.meta.dirname, '../..');

export interface Page {
  /** From the folder of the checkout: `docs/errors.md`. */
  readonly name: string;
  readonly text: string;
}

/** README, CHANGELOG and every page of docs/. */
export function allPages(): Page[] {
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', 'CHANGELOG.md', ...docs.map((name) => `docs/${name}`)].map(readPage);
}

export function readPage(name: string): Page {
  return { name, text: readFileSync(join(root, name), 'utf8') };
}

/** The page without its fenced blocks. */
export function prose(page: Page): string {
  return page.text.replace(/^```.*?^```$/gms, '');
}

/** A section: its heading (without the marks), and its text up to the next heading of the same depth or above. */
export function sections(page: Page, depth: number): { readonly heading: string; readonly text: string }[] {
  const heading = new RegExp(`^#{1,${depth}} .*$`, 'gm');
  const starts = [...prose(page).matchAll(heading)].map((match) => match[0]);
  let from = 0;
  const cut = starts.map((line) => {
    const at = page.text.indexOf(`${line}\n`, from);
    from = at + line.length;
    return { line, at };
  });
  return cut
    .map(({ line, at }, i) => ({ line, text: page.text.slice(at + line.length, cut[i + 1]?.at ?? page.text.length) }))
    .filter(({ line }) => line.startsWith(`${'#'.repeat(depth)} `))
    .map(({ line, text }) => ({ heading: line.slice(depth + 1), text }));
}

export type Step =
  | { readonly kind: 'file'; readonly name: string; readonly text: string }
  | { readonly kind: 'runs'; readonly status: number; readonly text: string; readonly line: number }
  | { readonly kind: 'prints'; readonly ordered: boolean; readonly text: string; readonly line: number };

/** The marked blocks of a page. A comment that looks like a mark and is none is an error: it would test nothing. */
export function steps(page: Page): Step[] {
  const found: Step[] = [];
  for (const match of page.text.matchAll(/^<!-- (.*?) -->\n+(?:```[a-z]*\n(.*?)^```$)?/gms)) {
    const [, mark = '', text] = match;
    const line = page.text.slice(0, match.index).split('\n').length;
    if (text === undefined) throw new Error(`${page.name}:${line}: no fenced block follows this mark`);
    const file = /^file: (\S+)$/.exec(mark)?.[1];
    const runs = /^runs(?:, status (\d+))?$/.exec(mark);
    if (file !== undefined) found.push({ kind: 'file', name: file, text });
    else if (runs !== null) found.push({ kind: 'runs', status: Number(runs[1] ?? 0), text, line });
    else if (/^prints(, in any order)?$/.test(mark))
      found.push({ kind: 'prints', ordered: !mark.includes('any order'), text, line });
    else throw new Error(`${page.name}:${line}: "${mark}" is no mark of a block`);
  }
  return found;
}
