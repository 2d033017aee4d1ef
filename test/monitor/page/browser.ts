/**
 * A real browser for tests of pages: one for a test file, and in it pages that note what goes wrong.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished } from 'vitest';
import { needs, skipWithout } from '../../support/needs.ts';

let browser: Browser | undefined;

/** To be called once by a test file: its tests have a browser, or are skipped. */
export function useBrowser(): void {
  beforeAll(async () => {
    if (needs('chromium'))
      browser = await chromium.launch({
        executablePath: '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-dev-shm-usage'],
      });
  });
  afterAll(() => browser?.close());
  beforeEach((ctx) => skipWithout(ctx, 'chromium'));
}

export interface OpenPage {
  readonly page: Page;
  /** What the browser complained of: errors of scripts, refusals by the policy of the page. */
  readonly complaints: string[];
  /** Addresses that were asked for outside of that of the page. */
  readonly foreign: string[];
}

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

/** Opens an address in a window of its own. The test's end closes it. */
export async function openPage(
  url: string,
  { width = 1280, height = 900, dark = false }: PageOptions = {},
): Promise<OpenPage> {
  const context = await (browser as Browser).newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    timezoneId: 'Europe/Berlin',
  });
  onTestFinished(() => context.close());
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const [complaints, foreign]: [string[], string[]] = [[], []];
  const { origin } = new URL(url);
  page.on('pageerror', (error) => complaints.push(String(error.stack)));
  page.on('console', (message) => {
    // A server that is away is told so by the browser as well.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  page.on('dialog', (dialog) => complaints.push(`a script said ${dialog.message()}`));
  page.on('request', (request) => {
    const asked = request.url();
    if (!asked.startsWith('data:') && new URL(asked).origin !== origin) foreign.push(asked);
  });
  await page.goto(url);
  return { page, complaints, foreign };
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong with a page as it is now: a line for each thing, none when all is well. */
export async function faultsOf(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  const found: unknown = await page.evaluate(`axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html + ' ' + failureSummary)))`);
  return found as string[];
}

/** How much wider a page is than its window. */
export function overhang(page: Page): Promise<number> {
  return page.evaluate<number>('Math.max(0, document.documentElement.scrollWidth - innerWidth)');
}

/** Nothing went wrong, and nothing was asked for elsewhere. */
export function expectCalm({ complaints, foreign }: OpenPage): void {
  expect(complaints).toEqual([]);
  expect(foreign).toEqual([]);
}
