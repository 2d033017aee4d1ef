/**
 * `npm run screenshots`: makes the pictures in docs/pictures/, of the web page, the terminal monitor and the report.
 *
 * Page and report are of a made-up run (test/monitor/page/made-up-run.ts) and the same each time; the terminal monitor is
 * of a real one that is started for it. Needs chromium and tmux.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { build, install, root } from './steps.mjs';
import { terminalHtml } from './terminal-html.mjs';
import { isMet, reasonWithout } from './test-needs.mjs';

const pictures = join(root, 'docs/pictures');
const dist = join(root, 'dist');
const disbatch = join(dist, 'disbatch');
const columns = 104;

/** By name: the state of the made-up run, the view, and how it is looked at. */
const pagePictures = {
  'page-busy': { state: 'busy' },
  'page-failing': { state: 'failing' },
  'page-timeline': { state: 'failing', view: 'timeline', dark: true, height: 880 },
  'page-tasks': { state: 'failing', view: 'tasks?state=failed', height: 800 },
  'page-phone': { state: 'failing', width: 390, height: 844, scale: 1.5 },
};

for (const need of ['chromium', 'tmux']) {
  if (isMet(need)) continue;
  console.error(reasonWithout(need));
  process.exit(1);
}
install();
build();
mkdirSync(pictures, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'disbatch-pictures-'));
const { chromium } = await import('playwright-core');
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
try {
  const made = await madeUpModule();
  for (const [name, what] of Object.entries(pagePictures)) await picturePage(name, what, made);
  if (has('mon')) await pictureMonitor();
  if (has('report')) await pictureReport(made);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}

/** The made-up run, and what writes its records: TypeScript, bundled since not every Node runs that. */
async function madeUpModule() {
  const { build: bundle } = await import('esbuild');
  const outfile = join(folder, 'made-up.mjs');
  const contents = [
    "export * from './test/monitor/page/made-up-run.ts';",
    "export * from './test/monitor/page/made-up-server.ts';",
    "export { formatStatusLine } from './src/task/status-line.ts';",
    "export { bytesOfText } from './src/base/byte-string.ts';",
  ].join('\n');
  const stdin = { contents, resolveDir: root, loader: 'ts' };
  await bundle({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
  return import(pathToFileURL(outfile).href);
}

/** Whether the command has such a sub-command: without it, the word is the name of a task file. */
function has(word) {
  try {
    return execFileSync(disbatch, [word, '--help'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).includes(
      `disbatch ${word}`,
    );
  } catch {
    return false;
  }
}

async function open({ width = 1280, height = 1000, scale = 1, dark = false }) {
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: scale,
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
  });
  return { context, page: await context.newPage() };
}

async function keep(name, page) {
  const path = join(pictures, `${name}.png`);
  await page.screenshot({ path });
  console.log(`${relative(root, path)}  ${Math.round(statSync(path).size / 1024)} KiB`);
}

async function picturePage(name, what, { serveMadeUp, madeUp }) {
  const server = await serveMadeUp(madeUp[what.state], dist);
  const { context, page } = await open(what);
  // The page's own clock goes on by the same steps each time, whatever the machine does meanwhile.
  await page.clock.install();
  await page.goto(`${server.url}#/${what.view ?? ''}`);
  for (let i = 0; i < 10; i++) {
    await page.clock.runFor(90);
    await pause(60);
  }
  await keep(name, page);
  await context.close();
  await server.close();
}

async function pictureMonitor() {
  const tasks = Array.from({ length: 400 }, (_, i) =>
    i % 37 === 11
      ? `python3 -c 'import time; time.sleep(0.3); raise ValueError("sample ${i} has no data")'`
      : `sleep ${(0.2 + ((i * 7919) % 100) / 60).toFixed(2)} # fit.py --sample ${String(i).padStart(4, '0')}`,
  );
  writeFileSync(join(folder, 'fit-all'), `${tasks.join('\n')}\n`);
  const run = spawn(disbatch, ['-s', 'localhost:8', '-p', 'run', 'fit-all'], { cwd: folder, stdio: 'ignore' });
  try {
    await pause(14_000);
    await keepTerminal('monitor', `'${disbatch}' mon run`, 3000, 26);
  } finally {
    run.kill('SIGTERM');
    await new Promise((done) => run.once('close', done));
  }
}

async function pictureReport({ MadeUpRun, madeUp, formatStatusLine, bytesOfText }) {
  const run = new MadeUpRun(madeUp.finished);
  const lines = Array.from({ length: madeUp.finished.ended }, (_, i) => {
    const row = run.task(i);
    return `${formatStatusLine({ ...row, command: bytesOfText(row.command) })}\n`;
  });
  writeFileSync(join(folder, 'fit-all_status.txt'), lines.join(''));
  execFileSync(disbatch, ['report', '--html', 'report.html', 'fit-all_status.txt'], { cwd: folder, stdio: 'ignore' });
  const { context, page } = await open({ height: 1200 });
  await page.goto(pathToFileURL(join(folder, 'report.html')).href);
  await pause(500);
  await keep('report-page', page);
  await context.close();
}

/** Runs a command in a terminal of its own, and makes a picture of what it shows after so many milliseconds. */
async function keepTerminal(name, command, afterMs, height) {
  const socket = join(folder, 'tmux');
  const tmux = (...words) => execFileSync('tmux', ['-S', socket, ...words], { encoding: 'utf8' });
  const size = ['-x', String(columns), '-y', String(height)];
  tmux(
    '-f',
    '/dev/null',
    'new-session',
    '-d',
    ...size,
    '-c',
    folder,
    '-e',
    'TERM=screen-256color',
    `${command}; sleep 60`,
  );
  try {
    tmux('set', '-g', 'status', 'off');
    tmux('resize-window', ...size);
    await pause(afterMs);
    // Where this machine keeps what is for a while is of no interest; as long as it was, what follows stays in its place.
    const screen = tmux('capture-pane', '-p', '-e').replaceAll(
      `${folder}/`,
      '/home/ada/work/'.padEnd(folder.length + 1),
    );
    const { context, page } = await open({ width: 400, height: 300 });
    await page.setContent(terminalHtml(screen, columns));
    const box = await page.locator('pre').boundingBox();
    await page.setViewportSize({ width: Math.ceil(box.width), height: Math.ceil(box.height) });
    await keep(name, page);
    await context.close();
  } finally {
    tmux('kill-server');
  }
}
