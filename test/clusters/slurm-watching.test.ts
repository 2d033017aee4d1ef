/**
 * A run in a job of a real Slurm, seen from the login host: by `disbatch ctl`, by the monitor on a terminal, by the page of
 * `disbatch web`, and by that of `-w` through the tunnel that the job prints; also while its node cannot be reached. Its end
 * is told by mail.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { shellQuoted } from '../../src/base/terminal-text.ts';
import type { EnginesAnswer, RunAnswer } from '../../src/monitor/web/answers.ts';
import { skipWithout } from '../support/needs.ts';
import type { Finished } from '../support/run-disbatch.ts';
import { Terminal } from '../support/terminal.ts';
import { waitFor } from './bed-run.ts';
import { startBed, untilAsked, type Bed, type BedCommand } from './bed.ts';
import { allDone, SlurmRun } from './slurm-run.ts';

/** For Node on the head: asks URL PATH [BODY], as the page does, and prints the answer as it comes. */
const asking = `
const [url, path, body] = process.argv.slice(1);
const headers = { 'Content-Type': 'application/json', Origin: new URL(url).origin };
fetch(url + path, body && { method: 'POST', headers, body }).then(async (response) => {
  if (!response.ok) throw new Error(await response.text());
  for await (const piece of response.body) process.stdout.write(piece);
});`;

/** For Node on the head, as root: a mail server at port 2525 that prints what it gets. */
const mailServer = `
const { SMTPServer } = require(process.argv[1]);
const onData = (stream, session, done) => stream.on('end', done).pipe(process.stdout, { end: false });
new SMTPServer({ authOptional: true, onData }).listen(2525, () => console.log('listening'));`;

/** A page that is open on the head. */
class OpenPage {
  private readonly words: readonly string[];
  private readonly bed: Bed;
  private readonly run: SlurmRun;
  private readonly events: BedCommand;

  constructor(run: SlurmRun, url: string) {
    this.bed = run.bed;
    this.run = run;
    this.words = [this.bed.node, '-e', asking, url];
    this.events = this.bed.start([...this.words, 'events']);
  }

  /** What it was told so far. */
  private told(): RunAnswer[] {
    const messages = this.events.stdout().matchAll(/^data: (.*)\n\n/gm);
    return [...messages].map(([, json]) => JSON.parse(json as string) as RunAnswer);
  }

  /** Waits until it was told that the run is so, as the last. @returns the first that said it since it was not so */
  async isTold(link: RunAnswer['link']): Promise<RunAnswer> {
    await this.run.until(`the page is told that the run is ${link}`, () => this.told().at(-1)?.link === link);
    const told = this.told();
    return told[told.findLastIndex((answer) => answer.link !== link) + 1] as RunAnswer;
  }

  ask(path: string, body?: object): Promise<Finished> {
    return this.bed.run([...this.words, path, ...(body === undefined ? [] : [JSON.stringify(body)])]);
  }

  async json<Answer>(path: string, body?: object): Promise<Answer> {
    const { status, stdout, stderr } = await this.ask(path, body);
    if (status !== 0) throw new Error(`${path}: ${stderr}`);
    return JSON.parse(stdout) as Answer;
  }

  async engines(): Promise<(string | number)[][]> {
    const { engines } = await this.json<EnginesAnswer>('engines');
    return engines.map(({ rank, node, stage, slots, running }) => [rank, node, stage, slots, running]);
  }
}

/** The monitor on a terminal of the head. @param within - words before the command */
function startMonitor(run: SlurmRun, within: readonly string[] = []): Terminal {
  const terminal = new Terminal(run.folder, 100, 30);
  const env = { TERM: 'screen-256color', LC_ALL: 'C.UTF-8' };
  const words = [...run.bed.prefix({ env }), ...within, join(run.bed.program, 'disbatch'), 'mon', 'run'];
  terminal.type(`${words.map(shellQuoted).join(' ')}; echo left $?`);
  return terminal;
}

/** Types the command that the job printed for the page of `-w`, by way of another host, as from behind a login host. */
async function openTunnel(run: SlurmRun): Promise<BedCommand> {
  const printed = /^From another machine: (ssh -N -L (\d+):127\.0\.0\.1:\2 node1), and open the same address there\.$/m;
  await run.until('the tunnel is printed', () => printed.test(run.said()));
  const [, command = ''] = printed.exec(run.said()) ?? [];
  return run.bed.start(command.replace('ssh ', 'ssh -J node2 ').split(' '));
}

test('a run in a job is watched, cut off and stopped in part from the login host; its files tell all of it', async (ctx) => {
  skipWithout(ctx, 'namespaces', 'sshd', 'slurm', 'tmux');
  // Slurm is not to give up the node that is cut off.
  const slurm = { cpus: 2, extra: ['SlurmdTimeout=300'] };
  const bed = await startBed({ nodes: 2, services: ['sshd', 'slurm'], slurm });
  const disbatch = join(bed.program, 'disbatch');
  const work = `${waitFor('[ -e go ]')}; head -c 40000000 /dev/zero | tail -c 30000000 | wc -c`;
  const tasks = Array.from({ length: 12 }, (_, i) => `touch there-${i}; ${work}`);
  const smtpServer = createRequire(import.meta.url).resolve('smtp-server');
  const mails = bed.start([bed.node, '-e', mailServer, smtpServer], { user: 'root' });
  const job = ['-N', '2', '-n', '4'];
  const words = ['-w', '--details', '--results', 'out', '--mailTo', 'alice@head', '--mailFreq', '100'];
  const run = await SlurmRun.submit(bed, job, words, tasks, { env: { DISBATCH_SMTP_URL: 'smtp://head:2525' } });
  await run.has('there-0', 'there-1', 'there-2', 'there-3', 'run_url');

  const web = bed.start([disbatch, 'web', 'run']);
  const monitor = startMonitor(run);
  const inJob = startMonitor(run, ['srun', `--jobid=${run.job}`, '--overlap', '-N', '1', '-n', '1', '--pty']);
  expect(await bed.run([disbatch, 'ctl', 'run', 'status'])).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(
      /0 of 12 tasks done, 4 running\n.*\n +0 +node1 .*working\n +1 +node2 .*working\n$/,
    ) as string,
  });
  await run.until('the address is printed', () => web.stdout().includes('\n'));
  const page = new OpenPage(run, web.stdout().trim());
  expect(await page.isTold('live')).toMatchObject({ host: 'head', figures: { total: 12, running: 4 } });
  expect(await page.engines()).toEqual([
    [0, 'node1', 'working', 2, 2],
    [1, 'node2', 'working', 2, 2],
  ]);
  const { stdout: metrics } = await page.ask('metrics');
  expect(metrics).toContain('disbatch_engines{run="run",stage="working"} 2\n');
  expect(metrics).toContain('disbatch_engine_slots{run="run",engine="1",node="node2"} 2\n');
  const bothWork = /0 +J\d+ +node1 +working [^]*1 +J\d+ +node2 +working /;
  await monitor.shows(bothWork);
  await inJob.shows(bothWork);
  inJob.key('q');
  await inJob.shows('left 0');

  expect(statSync(run.path('_url')).mode & 0o777).toBe(0o600);
  const ownUrl = run.read('run_url').trim();
  const tunnel = await openTunnel(run);
  // What the job prints may be read by others.
  expect(run.said()).not.toContain(new URL(ownUrl).pathname);
  const ask = [bed.node, '-e', asking, ownUrl, 'run'];
  await untilAsked('the tunnel is there', async () => (await bed.run(ask)).status === 0);
  const ownPage = new OpenPage(run, ownUrl);
  expect(await ownPage.isTold('live')).toMatchObject({ host: 'node1', figures: { running: 4 } });

  const cutAt = Date.now() / 1000;
  await bed.cut(1);
  const away = await page.isTold('away');
  // It was asked a second ago at the most, or two on a busy machine, and has not answered.
  expect(away.awaySince).toBeGreaterThan(cutAt - 2);
  expect(away.now - (away.awaySince as number)).toBeGreaterThan(5);
  expect(away.problem).toMatch(/^The run does not answer \(no answer for \d+ s\)\.$/);
  await monitor.shows(/cannot be reached {2}\d[^]*Not reached since \d\d:\d\d \(\d+ s\); it is tried again\./);
  expect((await page.ask('stop', { what: 'run' })).stderr).toContain('The run cannot be reached now');
  await bed.heal(1);
  expect(await page.isTold('live')).toMatchObject({ problem: null, figures: { running: 4 } });
  await monitor.shows(/^ disBatch run .* running {2}\d/m);
  expect(await ownPage.json('run')).toMatchObject({ link: 'live' });

  expect(await page.json('stop', { what: 'engine', rank: 1 })).toEqual({ problem: null });
  await monitor.shows(/1 +J\d+ +node2 +draining /);
  run.touch('go');
  expect(await run.ended()).toBe(0);
  const over = { phase: 'over', exitStatus: 0, figures: { finished: 12, failed: 0 } };
  expect(await page.isTold('over')).toMatchObject(over);
  expect(await ownPage.isTold('over')).toMatchObject(over);
  await monitor.shows('The run is over with exit status 0: 12 tasks run, none failed.');
  expect(existsSync(run.path('_url'))).toBe(false);
  monitor.key('q');
  await monitor.shows('left 0');
  web.kill('SIGINT');
  tunnel.kill('SIGTERM');
  expect((await web.finished).status).toBe(0);
  expect(await run.outcome()).toEqual(allDone);

  expect(run.shares()).toEqual({ node1: 10, node2: 2 });
  const details = run.lines('run_details.jsonl').map((line) => JSON.parse(line) as Record<string, unknown>);
  const ofTasks = details.filter(({ kind }) => kind === 'task');
  expect(ofTasks).toHaveLength(12);
  expect(ofTasks.filter(({ node }) => node === 'node2')).toHaveLength(2);
  for (const { taskId, peakMemory, outputFile } of ofTasks) {
    expect(peakMemory).toBeGreaterThan(30e6);
    expect(outputFile).toBe(join(run.folder, `out/0/0/${String(taskId)}.out`));
    expect(readFileSync(outputFile as string, 'utf8')).toBe('30000000\n');
  }
  expect(mails.stdout().match(/^Subject: .*/gm)).toEqual([
    'Subject: disBatch run.tasks: finished, none failed, 12 of 12 done',
  ]);
  expect(mails.stdout()).toMatch(/^disBatch: 12 tasks run, none failed[^]*^host {4}node1\r?$/m);
  const report = await bed.output([disbatch, 'report', 'run']);
  expect(report).toMatch(/^12 tasks: 12 done well, none failed$/m);
  expect(report).toMatch(/^ +node1 +10 +0 .*\n +node2 +2 +0 /m);
});
