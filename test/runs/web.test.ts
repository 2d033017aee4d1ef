/** The web page of whole runs: `-w`, and `disbatch web` of a run that goes on, was killed, or is over. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { RunAnswer, TasksAnswer } from '../../src/monitor/web/answers.ts';
import { skipWithout } from '../support/needs.ts';
import {
  lives,
  runDisbatch,
  startDisbatch,
  testFolder,
  until,
  writeTasks,
  type Running,
} from '../support/run-disbatch.ts';
import { Terminal } from '../support/terminal.ts';

const held = 'touch there; until [ -e go ]; do sleep 0.02; done';

const words = (tasks: string, ...more: readonly string[]): string[] => [
  '-s',
  'localhost:1',
  '-p',
  'run',
  ...more,
  tasks,
];

/** The address in the file, when it is there. */
async function addressIn(folder: string): Promise<string> {
  const file = join(folder, 'run_url');
  await until('the address is there', () => existsSync(file));
  return readFileSync(file, 'utf8').trim();
}

/** The process that serves the page of a run in this folder. */
function webProcess(folder: string): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return command.includes('--of-run') && command.includes(join(folder, 'run'));
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error('there is no process that serves the page');
  return Number(found);
}

async function get<Answer>(url: string, path: string): Promise<Answer> {
  const response = await fetch(url + path);
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as Answer;
}

/** The run as the page is told of it, when it is so and has so many records. */
async function runThatIs(url: string, link: RunAnswer['link'], records = 0): Promise<RunAnswer> {
  const isSo = (run: RunAnswer): boolean => run.link === link && run.records >= records;
  let run = await get<RunAnswer>(url, 'run');
  for (const end = Date.now() + 20_000; !isSo(run) && Date.now() < end;) run = await get<RunAnswer>(url, 'run');
  expect(run).toMatchObject({ link });
  return run;
}

/** A run with its page, whose last task waits for a file `go`. */
async function startRun(
  tasks: readonly string[] = [],
): Promise<{ folder: string; run: Running; url: string; web: number }> {
  const folder = testFolder();
  const run = startDisbatch(words(writeTasks(folder, [...tasks, held]), '-w'), { cwd: folder });
  const url = await addressIn(folder);
  await until('its last task runs', () => existsSync(join(folder, 'there')));
  const web = webProcess(folder);
  onTestFinished(() => {
    if (lives(web)) process.kill(web, 'SIGKILL');
  });
  return { folder, run, url, web };
}

test('-w shows the run while it runs; the address is for its user alone, and goes with the run', async () => {
  const { folder, run, url, web } = await startRun(['exit 3']);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/$/);
  expect(statSync(join(folder, 'run_url')).mode & 0o777).toBe(0o600);
  expect(await (await fetch(url)).text()).toContain('page.js');
  expect((await fetch(`${url}page.js`)).status).toBe(200);
  // The secret is in no argument list, no environment, and no file that others may read.
  const secret = new URL(url).pathname.slice(1, -1);
  for (const pid of [web, run.child.pid]) {
    for (const name of ['cmdline', 'environ'])
      expect(readFileSync(`/proc/${pid}/${name}`, 'utf8')).not.toContain(secret);
  }
  expect(run.stderr()).not.toContain(secret);
  expect(run.stderr()).toMatch(/Web page: its address is in .*run_url.*\n.*ssh -N -L (\d+):127\.0\.0\.1:\1 /);
  expect(await runThatIs(url, 'live')).toMatchObject({ figures: { total: 2, failed: 1, running: 1 } });
  const port = new URL(url).port;
  expect(
    (
      await fetch(`${url}stop`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Origin: `http://127.0.0.1:${port}` },
        body: '{"what":"run"}',
      })
    ).status,
  ).toBe(200);
  writeTasks(folder, '', 'go');
  expect((await run.finished).stderr).toContain('1 failed');
  await until('the page has gone', () => !lives(web));
  expect(readdirSync(folder).filter((name) => /url|key/.test(name))).toEqual([]);
});

test('whatever becomes of the process that serves the page, the run goes on, with one notice', async () => {
  const { folder, run, web } = await startRun();
  process.kill(web, 'SIGKILL');
  await until('it was noticed', () => run.stderr().includes('There is no web page'));
  expect(existsSync(join(folder, 'run_url'))).toBe(false);
  writeTasks(folder, '', 'go');
  const { status, stderr } = await run.finished;
  expect(status).toBe(0);
  expect(stderr.match(/no web page/g)).toHaveLength(1);
  expect(stderr).toMatch(/its process has ended \(SIGKILL\)\. The run goes on\. To have it again: disbatch web /);
});

test('a page that cannot be served costs the run one notice', async () => {
  const folder = testFolder();
  const run = startDisbatch(words(writeTasks(folder, [held]), '-w', '--web-address', '192.0.2.1:5000'), {
    cwd: folder,
  });
  await until('it was noticed', () => run.stderr().includes('There is no web page'));
  writeTasks(folder, '', 'go');
  const { status, stderr } = await run.finished;
  expect(status).toBe(0);
  expect(stderr).toMatch(/There is no web page.*cannot listen on 192\.0\.2\.1:5000 .*--web-address HOST:PORT/);
});

test('the page ends with a driver that was killed, and can be had again to see how far it came', async () => {
  const { folder, run, url, web } = await startRun(['echo first']);
  run.child.kill('SIGKILL');
  await until('the page has gone', () => !lives(web));
  expect(existsSync(join(folder, 'run_url'))).toBe(false);
  expect(
    await fetch(url).then(
      () => 'there',
      () => 'gone',
    ),
  ).toBe('gone');
  writeTasks(folder, '', 'go');
  const again = startDisbatch(['web', 'run_status.txt'], { cwd: folder });
  let said = '';
  again.child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until('its address is printed', () => said.includes('\n'));
  expect((await runThatIs(said.trim(), 'away', 1)).problem).toContain('If it was killed, resume it');
  expect((await get<TasksAnswer>(said.trim(), 'tasks')).rows[0]?.command).toBe('echo first');
});

test('disbatch web shows the records of a run that is over, until it is stopped', async () => {
  const folder = testFolder();
  await runDisbatch(words(writeTasks(folder, ['true', 'exit 7'])), { cwd: folder });
  const web = startDisbatch(['web', '--web-address', 'localhost:0', 'run'], { cwd: folder });
  let said = '';
  web.child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until('its address is printed', () => said.includes('\n'));
  expect(said).toMatch(/^http:\/\/localhost:\d+\/[\w-]+\/\n$/);
  expect(await runThatIs(said.trim(), 'records', 2)).toMatchObject({ figures: { finished: 2, failed: 1 } });
  expect((await get<TasksAnswer>(said.trim(), 'tasks?state=failed')).rows.map(({ exitCode }) => exitCode)).toEqual([7]);
  expect(web.stderr()).toMatch(/ssh -N -L (\d+):localhost:\1 /);
  web.child.kill('SIGINT');
  expect((await web.finished).status).toBe(0);
  expect(readdirSync(folder)).not.toContain('run_url');
});

test('the words after web are understood, or said to be wrong', async () => {
  const folder = testFolder();
  const ask = (...more: string[]) => runDisbatch(['web', ...more], { cwd: folder });
  expect(await ask('--help')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('disbatch web PREFIX') as string,
  });
  const all = await Promise.all([ask('nowhere'), ask('a', 'b'), ask('--bad', 'a'), ask('--web-address', 'x', 'a')]);
  expect(all.map(({ status }) => status)).toEqual([1, 2, 2, 2]);
  expect(all.map(({ stderr }) => stderr)).toEqual([
    expect.stringContaining('There is no run') as string,
    expect.stringContaining('disbatch web PREFIX [--web-address HOST:PORT]') as string,
    expect.stringContaining('has no option --bad') as string,
    expect.stringContaining('"x" is not HOST:PORT') as string,
  ]);
});

test('a Ctrl-C, or a signal to all, is for the run: the page sees its end; the terminal shows the whole address', async (ctx) => {
  skipWithout(ctx, 'tmux', 'procps');
  const folder = testFolder();
  writeTasks(folder, [held]);
  const terminal = new Terminal(folder, 160, 24);
  terminal.type(`${join(import.meta.dirname, '../../dist/disbatch')} -w ${words('Tasks').join(' ')}`);
  const url = await addressIn(folder);
  await terminal.shows(`Web page: ${url}`);
  await terminal.shows(/ssh -N -L \d+:127/);
  const web = webProcess(folder);
  const session = (pid: number): string =>
    execFileSync('ps', ['-o', 'sid=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  expect(session(web)).toBe(String(web));
  const events = await fetch(`${url}events`);
  let told = '';
  const over = (async () => {
    const text = new TextDecoder();
    for await (const piece of events.body ?? []) told += text.decode(piece as Uint8Array, { stream: true });
  })();
  await until('the page is told that it is live', () => told.includes('"link":"live"'));
  // As Slurm does when it ends a job.
  process.kill(web, 'SIGTERM');
  terminal.key('C-c');
  await terminal.shows('Ended by SIGINT');
  await over;
  expect(told).toMatch(/"link":"over"[^\n]*"exitStatus":130/);
  expect(terminal.screen()).not.toContain('no web page');
  await until('the page has gone', () => !lives(web));
});
