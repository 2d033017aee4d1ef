/** Links between the pages, and to files of the project: they lead somewhere. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { allPages, prose, readPage, root, type Page } from './pages.ts';

interface Link {
  readonly page: string;
  readonly target: string;
}

const linksOf = (page: Page): Link[] =>
  [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ page: page.name, target }));

const isOurs = ({ target }: Link): boolean => !/^[a-z]+:/.test(target);

/** The name by which a heading is linked to, as GitHub and npm make it. */
function anchor(heading: string): string {
  const plain = heading.replace(/`/g, '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  return plain
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

const anchorsOf = (name: string): string[] =>
  [...prose(readPage(name)).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchor(heading));

function isBroken({ page, target }: Link): boolean {
  const [path = '', fragment] = target.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(root, file))) return true;
  return fragment !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(fragment);
}

test('every link between pages, and each to a heading, leads somewhere', () => {
  const links = allPages().flatMap(linksOf).filter(isOurs);
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter(isBroken)).toEqual([]);
});

test('a link to what is not there is found out', () => {
  expect(isBroken({ page: 'docs/README.md', target: 'nothing.md' })).toBe(true);
  expect(isBroken({ page: 'docs/README.md', target: 'errors.md#nothing' })).toBe(true);
  expect(isBroken({ page: 'docs/README.md', target: 'errors.md#usage' })).toBe(false);
});

test('the index names every page of docs/', () => {
  const named = linksOf(readPage('docs/README.md')).map(({ target }) => `docs/${target}`);
  const pages = allPages().filter(({ name }) => name.startsWith('docs/') && name !== 'docs/README.md');
  expect(pages.map(({ name }) => name).filter((name) => !named.includes(name))).toEqual([]);
});

test('README leads to the index of the pages', () => {
  expect(linksOf(readPage('README.md')).map(({ target }) => target)).toContain('docs/README.md');
});
