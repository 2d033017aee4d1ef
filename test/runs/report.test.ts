/** `disbatch report`: the built command on status files of runs, and its page in a real browser. */
import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ReportData } from '../../src/monitor/report/report-data.ts';
import { statusText } from '../monitor/analysis/tables.ts';
import { skipWithout } from '../support/needs.ts';
import { disbatch, runDisbatch, testFolder, writeTasks } from '../support/run-disbatch.ts';

const env = { ...process.env, LANG: 'C.UTF-8' };
const report = (cwd: string, ...args: string[]) => runDisbatch(['report', ...args], { cwd, env });
/** A line of shell in which $0 is the command. */
const shell = (cwd: string, line: string) => runDisbatch(['-c', line, disbatch], { cwd, env, command: 'sh' });

describe('disbatch report', () => {
  test('tells of a run and of its resume, by their prefixes', async () => {
    const cwd = testFolder();
    const tasks = writeTasks(cwd, [
      'true',
      'echo "no such thing: $DISBATCH_TASKID" >&2; test -e key',
      '#DISBATCH BARRIER',
      'true',
    ]);
    const run = (...args: string[]) => runDisbatch(['-s', 'localhost:2', '-q', ...args, tasks], { cwd });
    await run('-p', 'first');
    const text = (await report(cwd, 'first')).stdout;
    expect(text).toContain('3 tasks: 2 done well, 1 failed\n');
    expect(text).toContain('exit code 1: no such thing: 1\n');
    expect(text).toMatch(/best time with these slots: [\d.]+ s or more/);
    writeFileSync(join(cwd, 'key'), '');
    await run('-p', 'second', '-r', 'first_status.txt', '-R');
    const both = await report(cwd, '--json', 'first', 'second_status.txt');
    const { tasks: counts, runs } = JSON.parse(both.stdout) as ReportData;
    expect(counts).toMatchObject({ total: 3, good: 3, failed: 0, takenOver: 0, ranAgain: 1, barriers: 2 });
    expect(runs.map(({ failed }) => failed)).toEqual([1, 0]);
  });

  test('what is no status file, and a page that cannot be written, are errors in a sentence', async () => {
    const cwd = testFolder();
    writeFileSync(join(cwd, 'other.txt'), 'hello\n');
    writeFileSync(join(cwd, 'x_status.txt'), statusText([{}]));
    const [foreign, unwritable, unknown] = await Promise.all([
      report(cwd, 'other.txt'),
      report(cwd, '--html', 'no/page.html', 'x'),
      report(cwd, '--bad', 'x'),
    ]);
    expect(foreign).toMatchObject({ status: 1, stdout: '' });
    expect(foreign.stderr).toMatch(/^disbatch: other\.txt is not a status file: .*\n$/);
    expect(unwritable).toMatchObject({ status: 2, stdout: '' });
    expect(unwritable.stderr).toMatch(/^disbatch: The report cannot be written to no\/page\.html: no such file .*\n$/);
    expect(unknown).toMatchObject({ status: 2, stderr: expect.stringContaining('no option --bad') as string });
  });
});

test('a page is never written over the status file that it is on, under whatever name', async () => {
  const cwd = testFolder();
  const status = statusText([{}]);
  writeFileSync(join(cwd, 'x_status.txt'), status);
  symlinkSync('x_status.txt', join(cwd, 'link.html'));
  for (const name of ['x_status.txt', 'link.html']) {
    const { status: exit, stderr } = await report(cwd, '--html', name, 'x');
    expect(stderr).toBe(
      `disbatch: --html ${name} would replace the status file that the report is on. Give the page another name.\n`,
    );
    expect(exit).toBe(2);
  }
  expect(readFileSync(join(cwd, 'x_status.txt'), 'utf8')).toBe(status);
});

test('a page follows a link to its file, and goes into a pipe', async () => {
  const cwd = testFolder();
  writeFileSync(join(cwd, 'x_status.txt'), statusText([{}]));
  writeFileSync(join(cwd, 'old.html'), 'an older one');
  symlinkSync('old.html', join(cwd, 'latest.html'));
  await report(cwd, '--html', 'latest.html', 'x');
  expect(lstatSync(join(cwd, 'latest.html')).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(cwd, 'old.html'), 'utf8')).toMatch(/^<!doctype html>/);
  const piped = await shell(cwd, '"$0" report --html /dev/stdout x | cat');
  expect(piped.stdout).toMatch(/^<!doctype html>[^]*<\/html>\s*$/);
});

test('a report that a full disk cuts short is no success', async () => {
  const cwd = testFolder();
  writeFileSync(join(cwd, 'x_status.txt'), statusText([{}]));
  const { status, stderr } = await shell(cwd, '"$0" report x > /dev/full');
  expect(stderr).toMatch(/^disbatch: Standard output cannot be written \(no space left on device\)/);
  expect(status).toBe(1);
});

describe('the page', () => {
  const attack = `</pre></script><script>document.title = "owned"</script><img src=x onerror="document.title='owned'">`;

  test('is whole in a browser: no errors, no requests, accessible, hostile text is text, tables sort', async (ctx) => {
    skipWithout(ctx, 'chromium');
    const cwd = testFolder();
    const commandOf = (text: string) => Buffer.from(text).toString('latin1') as never;
    const records = Array.from({ length: 300 }, (_, n) => ({
      ...{ node: `node${n % 5}`, start: Math.floor(n / 10) * 3, elapsed: 1 + (n % 7) * (n % 5 === 3 ? 4 : 1) },
      ...(n % 50 === 9 ? { exitCode: 1, errorSnippet: attack, errorBytes: attack.length } : {}),
      command: commandOf(attack),
    }));
    const barrier = { kind: 'barrier', start: 200, elapsed: 1 } as const;
    writeFileSync(
      join(cwd, 'a_status.txt'),
      statusText([...records, barrier, { node: attack + 'n'.repeat(200), start: 201, exitCode: 3 }]),
    );
    writeFileSync(join(cwd, 'page.html'), 'an older one');
    const made = await report(cwd, '--html', 'page.html', 'a');
    expect(made).toMatchObject({ status: 0, stdout: 'The report is in page.html\n', stderr: '' });
    expect(readdirSync(cwd).toSorted()).toEqual(['a_status.txt', 'page.html']);

    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    });
    onTestFinished(() => browser.close());
    const address = `file://${join(cwd, 'page.html')}`;
    const page = await browser.newPage({ viewport: { width: 375, height: 700 } });
    const [problems, requests]: [string[], string[]] = [[], []];
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('request', (request) => requests.push(request.url().slice(0, 60)));
    await page.goto(address);
    expect(await page.title()).toBe('a: disBatch report');
    expect(await page.getByText('</pre></script><script>').count()).toBeGreaterThan(10);
    // Wide tables are scrolled by themselves: the page is no wider than a phone.
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(375);

    const slowest = page.getByRole('region', { name: 'Tasks and times by node' }).locator('tbody th').first();
    expect(await slowest.textContent()).not.toBe('node3');
    await page.getByRole('button', { name: 'of all' }).click();
    expect(await slowest.textContent()).toBe('node3');
    await page.locator('.drawing').first().hover();
    expect(await page.locator('.readout').first().textContent()).toMatch(/: \d+ ended, \d+ failed, [\d.]+ ran$/);
    expect(problems).toEqual([]);
    expect(requests.filter((url) => url !== address.slice(0, 60) && !url.startsWith('data:'))).toEqual([]);

    // The checker is a script of its own, which the page's policy would not let in.
    for (const colorScheme of ['light', 'dark'] as const) {
      const checked = await browser.newPage({ bypassCSP: true, colorScheme });
      await checked.goto(address);
      await checked.addScriptTag({ content: axe.source });
      const violations = await checked.evaluate('axe.run().then((found) => found.violations.map((each) => each.id))');
      expect(violations).toEqual([]);
    }
  });
});
