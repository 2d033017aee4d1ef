/** The web page in a real browser: made-up runs for its looks, real ones for what it does. */

import { once } from 'node:events';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { disbatch, startDisbatch, testFolder, until, writeTasks, type Running } from '../../support/run-disbatch.ts';
import { expectCalm, faultsOf, openPage, overhang, useBrowser } from './browser.ts';
import { Proxy } from './cut-off.ts';
import { madeUp, type MadeUp } from './made-up-run.ts';
import { serveMadeUp, type MadeUpServer } from './made-up-server.ts';
import { writeMillion } from './million-records.ts';

useBrowser();

const views = ['overview', 'timeline', 'tasks', 'engines', 'store'] as const;

async function serve(given: MadeUp): Promise<MadeUpServer> {
  const server = await serveMadeUp(given, dirname(disbatch));
  onTestFinished(() => server.close());
  return server;
}

/** Waits until a view stands. */
async function view(page: Page, name: (typeof views)[number]): Promise<void> {
  await page.evaluate(`location.hash = '#/${name}'`);
  await page.locator(`nav[aria-label=Views] a[aria-current=page][href="#/${name}"]`).waitFor();
  await page.locator('main .panel').first().waitFor();
  await page.waitForLoadState('networkidle').catch(() => {});
}

const text = (page: Page, words: string | RegExp) => page.getByText(words).first();

describe('the page of a made-up run', () => {
  test('has nothing that axe objects to, in any view, light and dark, nor in its dialogs', async () => {
    const server = await serve({ ...madeUp.failing, withStore: true });
    const opened = await openPage(server.url);
    const { page } = opened;
    const faults: string[] = [];
    const look = async (what: string): Promise<void> => {
      faults.push(...(await faultsOf(page)).map((fault) => `${what}: ${fault}`));
    };
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const name of views) {
        await view(page, name);
        await look(`${name}, ${colorScheme}`);
      }
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).waitFor();
      await look(`keys, ${colorScheme}`);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Stop the run…' }).click();
      await page.getByRole('dialog', { name: 'Stop the run?' }).waitFor();
      await look(`stop, ${colorScheme}`);
      await page.keyboard.press('Escape');
      await page.keyboard.press('f');
      await page
        .getByRole('button', { name: /^Details of task/ })
        .first()
        .click();
      await page.getByRole('dialog', { name: /^Task / }).waitFor();
      await look(`details, ${colorScheme}`);
      await page.keyboard.press('Escape');
    }
    expect(faults).toEqual([]);
    expectCalm(opened);
  });

  test.each(['empty', 'starting', 'away', 'finished', 'records'] as const)(
    'shows a run that is %s, with nothing that axe objects to',
    async (state) => {
      const opened = await openPage((await serve(madeUp[state])).url, { dark: state === 'away' });
      const words = {
        ...{ empty: 'waiting for hosts', starting: 'starting', away: 'cannot be reached' },
        ...{ finished: 'over, exit status 0', records: 'over' },
      }[state];
      await opened.page.locator('.state', { hasText: words }).waitFor();
      await opened.page.locator('main .panel').first().waitFor();
      expect(await faultsOf(opened.page)).toEqual([]);
      expectCalm(opened);
    },
  );

  test('is no wider than a phone, whatever it shows', async () => {
    const long = 'a-very-long-name-'.repeat(8);
    const server = await serve({
      ...{ ...madeUp.failing, withStore: true, taskName: long, nodes: [`${long}1`, `${long}2`] },
      ...{ commands: [`/${long}${long}`], errors: [long + long] },
    });
    const opened = await openPage(server.url, { width: 360, height: 740 });
    for (const name of views) {
      await view(opened.page, name);
      expect({ name, overhang: await overhang(opened.page) }).toEqual({ name, overhang: 0 });
    }
    await view(opened.page, 'tasks');
    await opened.page
      .getByRole('button', { name: /^Details of task/ })
      .first()
      .click();
    await opened.page.getByRole('dialog').waitFor();
    expect(await overhang(opened.page)).toBe(0);
    expectCalm(opened);
  });

  test('can be used by keyboard: views, failures on the timeline, details', async () => {
    const opened = await openPage((await serve(madeUp.failing)).url);
    const { page } = opened;
    await text(page, 'What failed').waitFor();
    await page.keyboard.press('2');
    const canvas = page.getByRole('application');
    await expect.poll(() => canvas.getAttribute('aria-label')).toMatch(/2,400 tasks in 64 rows on 8 nodes; 149 failed/);
    await canvas.focus();
    await page.keyboard.press('n');
    await page.locator('.hover', { hasText: /exit code|killed/ }).waitFor();
    await page.keyboard.press('+');
    await expect.poll(() => canvas.getAttribute('aria-label')).toMatch(/^In view/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: /^Task \d+$/ }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.tagName')).toBe('CANVAS');
    // Light as the system has it, then light, then dark, which is remembered.
    for (let i = 0; i < 2; i++) await page.keyboard.press('c');
    await page.reload();
    await text(page, 'Timeline').waitFor();
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
    expectCalm(opened);
  });

  test('puts what is typed, and shows a page of HTML without its scripts and pictures', async () => {
    // Somebody else: what a browser only thinks of asking for is no request yet.
    let connections = 0;
    const other = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const there = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const html =
      `<link rel=preconnect href="${there}"><img src="${there}/x.png" onerror="alert(1)"><iframe src="${there}"></iframe>` +
      `<style>@import "${there}";</style><script>alert(1)</script><p onclick="alert(1)" style="color:red"><a href="${there}">a link</a></p>` +
      `<meta http-equiv=refresh content="0;url=${there}">`;
    const server = await serve({ ...madeUp.busy, html });
    const { page } = await openPage(server.url);
    await view(page, 'store');
    await page.getByLabel('learning rate').fill('0.01');
    await page.keyboard.press('Enter');
    await expect.poll(() => server.run.put).toEqual([{ key: 'learning rate?%f', value: '0.01' }]);
    await page.getByText('Put a value').click();
    await page.getByLabel('key', { exact: true }).fill('a key');
    await page.getByLabel('value', { exact: true }).fill('a value');
    await page.locator('.put').getByRole('button', { name: 'Put' }).click();
    await expect.poll(() => server.run.put[1]).toEqual({ key: 'a key', value: 'a value' });
    let said = '';
    page.on('dialog', (dialog) => (said = dialog.message()));
    await page.getByRole('button', { name: 'As a page' }).click();
    await page.locator('.page-value b', { hasText: 'best 0.0132' }).waitFor();
    expect(await page.locator('.page-value').innerHTML()).toBe(
      '<p class="page-heading">Fits</p><p>417 of 2,000, <b>best 0.0132</b></p><p>a link</p>',
    );
    // A request of the page itself is answered after all that was asked for before.
    await page.evaluate(`fetch('run').then((answer) => answer.text())`);
    expect({ said, connections }).toEqual({ said: '', connections: 0 });
  });

  test('says when its server is gone, and goes on when it is back', async () => {
    const server = await serve(madeUp.busy);
    const opened = await openPage(server.url);
    await text(opened.page, 'running').waitFor();
    await server.pause();
    await text(opened.page, /The server of this page cannot be reached since/).waitFor();
    await server.resume();
    await opened.page.locator('.trouble').waitFor({ state: 'detached' });
    expect(await opened.page.locator('.state').textContent()).toBe('running');
    // After the run's end the server goes: then it is no trouble of the network.
    server.tell({ link: 'over', exitStatus: 0 });
    await text(opened.page, 'over, exit status 0').waitFor();
    await server.pause();
    await text(opened.page, /The server of this page has ended with the run/).waitFor();
    expectCalm(opened);
  });

  test('is redrawn at once over 100,000 tasks that are zoomed and dragged', async () => {
    const opened = await openPage(
      (await serve({ ...madeUp.busy, ended: 100_000, total: 200_000, typicalSeconds: 5 })).url,
    );
    const { page } = opened;
    await view(page, 'timeline');
    const canvas = page.getByRole('application');
    await expect.poll(() => canvas.getAttribute('aria-label')).toMatch(/100,000 tasks in 64 rows/);
    const box = (await canvas.boundingBox()) as { x: number; y: number };
    await page.mouse.move(box.x + 600, box.y + 150);
    // The longest that the page was deaf, in milliseconds, while the wheel turned.
    await page.evaluate(`globalThis.longest = 0; let last = performance.now();
      const step = () => { const now = performance.now(); longest = Math.max(longest, now - last); last = now; requestAnimationFrame(step); };
      requestAnimationFrame(step);`);
    for (let i = 0; i < 12; i++) await page.mouse.wheel(0, -200);
    await expect.poll(() => canvas.getAttribute('aria-label')).toMatch(/^In view/);
    await page.mouse.down();
    for (let i = 0; i < 12; i++) await page.mouse.move(box.x + 600 - 20 * i, box.y + 150);
    await page.mouse.up();
    expect(await page.evaluate<number>('longest')).toBeLessThan(1500);
    expectCalm(opened);
  });
});

/** Serves a run by `disbatch web`. @returns the address of its page */
async function serveRun(cwd: string, prefix: string): Promise<string> {
  const running: Running = startDisbatch(['web', prefix], { cwd });
  let said = '';
  running.child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until('the page is served', () => /^http\S+\n/.test(said));
  return said.split('\n')[0] as string;
}

const hostile = '<img src=x onerror=alert(1)>';

describe('the page of a real run', () => {
  test('shows it live with its failures, takes what is typed, and stops an engine and the run', async () => {
    const folder = testFolder();
    const waits = `rate=$('${disbatch}' kvs get 'learning rate?%.2f'); echo "got $rate"; sleep 0.2; exit 9`;
    const tasks = [
      `echo '${hostile}' >&2; exit 3 # ${hostile}`,
      waits,
      ...Array.from({ length: 200 }, () => 'sleep 1'),
    ];
    writeTasks(folder, tasks);
    const run = startDisbatch(['-w', '-S', '-p', 'run', 'Tasks'], { cwd: folder });
    const urlFile = join(folder, 'run_url');
    await until('the address is there', () => {
      try {
        return readFileSync(urlFile, 'utf8').endsWith('\n');
      } catch {
        return false;
      }
    });
    const opened = await openPage(readFileSync(urlFile, 'utf8').trim());
    const { page } = opened;
    await page.locator('.state', { hasText: 'waiting for hosts' }).waitFor();
    startDisbatch(['-s', 'localhost:2'], { cwd: folder, command: join(folder, 'run_dbUtil.sh') });
    await page.locator('.failure', { hasText: 'exit code 3' }).waitFor();
    expect(await page.locator('.failure .snippet').first().textContent()).toContain(hostile);

    // What a task waits for is typed.
    await page.getByRole('link', { name: /^Store/ }).click();
    await page.getByLabel('learning rate').fill('0.5');
    await page.locator('.input-box').getByRole('button', { name: 'Put' }).click();
    await page.getByRole('link', { name: /^Tasks/ }).click();
    await page.getByRole('button', { name: 'Failed', exact: true }).click();
    await page.locator('tr', { hasText: 'exit code 9' }).click();
    await page.getByRole('dialog').getByText('got 0.50').waitFor();
    await page.keyboard.press('Escape');

    // The link to the driver is cut for another page of the same run.
    const info = JSON.parse(readFileSync(join(folder, 'run_key.json'), 'utf8')) as {
      addresses: { host: string; port: number }[];
    };
    const proxy = new Proxy(info.addresses[0] as { host: string; port: number });
    await proxy.open();
    writeFileSync(
      join(folder, 'far_key.json'),
      JSON.stringify({ ...info, addresses: [{ host: '127.0.0.1', port: proxy.port }] }),
      { mode: 0o600 },
    );
    symlinkSync(join(folder, 'run_status.txt'), join(folder, 'far_status.txt'));
    const far = await openPage(await serveRun(folder, 'far'));
    await far.page.locator('.state', { hasText: 'running' }).waitFor();
    proxy.cut();
    await text(far.page, /The run cannot be reached since .*was it killed\?/).waitFor();
    await proxy.open();
    await far.page.locator('.state', { hasText: 'running' }).waitFor();
    expectCalm(far);

    // Softly: an engine first, then what is left of the run.
    await page.getByRole('link', { name: /^Engines/ }).click();
    await page.getByRole('button', { name: /^Stop engine 0/ }).click();
    await page
      .getByRole('dialog', { name: /^Stop the engine/ })
      .getByRole('button', { name: 'Stop it softly' })
      .click();
    await page.locator('.engines-table', { hasText: /stopping softly|its STOP tasks|leaving|gone/ }).waitFor();
    await page.locator('.state', { hasText: 'waiting for hosts' }).waitFor();
    await page.getByRole('button', { name: 'Stop the run…' }).click();
    await page
      .getByRole('dialog')
      .getByText(/will not have run/)
      .waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop it softly' }).click();
    await page.locator('.state', { hasText: /^over/ }).waitFor();
    expect(await page.title()).toMatch(/2 failed · Tasks$/);
    expectCalm(opened);
    await run.finished;
  });

  test('has a table of a million tasks that is filtered, sorted and searched, and shows hostile text as text', async () => {
    const folder = testFolder();
    await writeMillion(join(folder, 'big_status.txt'), hostile);
    const opened = await openPage(`${await serveRun(folder, 'big')}#/tasks`);
    const { page } = opened;
    const where = page.locator('main .pager-where');
    const command = (row: number) => page.locator('tbody tr').nth(row).locator('td.command');
    await expect.poll(() => where.textContent(), { timeout: 30_000 }).toBe('1–50 of 1,000,000');
    // The last record first: its texts are shown as they are.
    expect(await command(0).textContent()).toBe(`echo ${hostile}`);
    expect(await page.locator('tbody tr').first().textContent()).toContain('<b>node</b>');
    await page.getByRole('button', { name: 'Last page' }).click();
    await expect.poll(() => where.textContent()).toBe('999,951–1,000,000 of 1,000,000');
    await page.getByRole('columnheader', { name: 'elapsed' }).getByRole('button').click();
    await page.getByRole('columnheader', { name: 'elapsed' }).getByRole('button').click();
    await expect.poll(() => command(0).textContent()).toBe('work 777777');
    await page.getByRole('button', { name: 'Failed', exact: true }).click();
    await expect.poll(() => where.textContent()).toBe('1–50 of 1,000');
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await page.getByLabel('Search commands and snippets').fill('WORK 123456');
    await expect.poll(() => where.textContent(), { timeout: 20_000 }).toBe('1–1 of 1');
    await page.getByLabel('Search commands and snippets').fill('');
    await expect.poll(() => where.textContent()).toBe('1–50 of 1,000,000');
    await page.getByLabel('Node', { exact: true }).fill('<b>node</b>');
    await expect.poll(() => where.textContent()).toBe('1–1 of 1');
    await page.locator('tbody tr').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(hostile, { exact: true }).first().waitFor();
    expect(await page.locator('img, script:not([src]), b').count()).toBe(0);
    await page.keyboard.press('Escape');
    for (const name of ['overview', 'timeline'] as const) await view(page, name);
    expectCalm(opened);
  });
});
