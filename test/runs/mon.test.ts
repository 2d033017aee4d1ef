/** The terminal monitor in a real terminal, against real runs. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { statusHeader } from '../../src/task/status-line.ts';
import { skipWithout } from '../support/needs.ts';
import { disbatch, runDisbatch, startDisbatch, testFolder, until, writeTasks } from '../support/run-disbatch.ts';
import { Terminal } from '../support/terminal.ts';

const utf8 = { LC_ALL: 'C.UTF-8' };
const waiting = 'until [ -e go ]; do sleep 0.05; done';

describe('on a terminal', () => {
  beforeEach((ctx) => skipWithout(ctx, 'tmux'));

  test('a run is watched to its end: views, dialogs, sizes, what failed, and its records afterwards', async () => {
    const folder = testFolder();
    const hostile = `printf 'no part \\033[2J\\033[31;7mOWNED\\007' >&2; : \x1b[2J\x1b[31;7mOWNED \x9b7m; exit 3`;
    writeTasks(folder, [hostile, '#DISBATCH REPEAT 20 true', ...Array<string>(4).fill(waiting)]);
    const run = startDisbatch(['-S', '-p', 'run', 'Tasks'], { cwd: folder });
    await until('the run is there', () => existsSync(join(folder, 'run_dbUtil.sh')));
    for (const label of ['one', 'two']) {
      const command = join(folder, 'run_dbUtil.sh');
      startDisbatch(['-s', 'localhost:1', '-l', label], { cwd: folder, command });
    }
    const terminal = new Terminal(folder, 80, 24, utf8);
    terminal.type(`echo before; ${disbatch} mon run; echo status $?`);

    const first = await terminal.shows(/21 of 25 done[^]*1 Engines 2 {3}2 Running 2 {3}3 Failed 1/);
    expect(first).toMatch(/^ disBatch run .* running {2}\d+ s *$/m);
    expect(first).toMatch(/^ █+.*· {2}84% {3}21 of 25 done *$/m);
    expect(first).toContain('slots 2  running 2  finished 21  failed 1  barriers 0');
    expect(first).toMatch(/^ {2}rank {2}context {2}host .* state .* heard {2}slots .* assigned {2}done {2}failed *$/m);
    expect(first).toMatch(/^▶ {4}0 {2}(one|two) .* working /m);
    await terminal.shows(/ 0 +\d+ s +\d+ {2}until \[ -e go/);
    expect(terminal.screen(true)).toContain('\x1b[31mfailed 1');

    terminal.key('3');
    const failed = await terminal.shows('task 0  exit code 3  after');
    expect(failed).toContain('\\x1b[2J\\x1b[31;7mOWNED');
    terminal.key('Enter');
    const whole = await terminal.shows('standard error');
    expect(whole).toContain('   no part \\x1b[2J\\x1b[31;7mOWNED\\x07');
    expect(whole).toContain('exit code 3');
    expect(terminal.screen(true)).not.toMatch(/\x1b\[(7;31|31;7)m/);
    terminal.key('Escape');
    terminal.key('2');
    await terminal.shows(/ for .* command\n▶ .*until \[ -e go.*\n .*until \[ -e go/);
    terminal.key('h');
    await terminal.shows('the context under the cursor');
    terminal.key('h');

    terminal.key('1');
    terminal.key('Down');
    terminal.key('E');
    await terminal.shows(/Stop engine 1 softly\?[^]*y yes {3}n no {3}c cancel/);
    terminal.key('n');
    await terminal.shows('Nothing was stopped.');
    terminal.key('E');
    await terminal.shows('Stop engine 1 softly?');
    terminal.key('y');
    await terminal.shows(/Engine 1 gets no more tasks/);
    await terminal.shows(/▶ {4}1 {2}.* draining /);

    terminal.resize(40, 10);
    await terminal.shows('monitor needs 60 by 14');
    terminal.resize(200, 60);
    await terminal.shows(/ busy .* failed +pid +│ {2}\S+ {2}engine 1 of (one|two) /);
    terminal.resize(80, 24);

    writeFileSync(join(folder, 'go'), '');
    const over = await terminal.shows(/The run is over with exit status \d: 25 tasks run, 1 failed\. q leaves\./);
    expect(over).toContain('Run the failed ones again: disbatch -r run_status.txt -R');
    expect(over).toMatch(/▶ {4}1 {2}.* gone /);
    await run.finished;
    terminal.key('q');
    await terminal.shows(/^before\s+status 0/m);

    terminal.type(`clear; ${disbatch} mon run_status.txt; echo left $?`);
    const records = await terminal.shows('The run is over: 25 tasks run, 1 failed.');
    expect(records).toMatch(/▶ \S+ +25 {7}1/);
    terminal.key('3');
    await terminal.shows('task 0  exit code 3');
    terminal.type('/nothing like it');
    await terminal.shows('None fits the search.');
    terminal.key('C-c');
    await terminal.shows(/^left 0/m);
  });

  test('a killed run is told, without colours and in ASCII; the terminal is given back at Ctrl-Z and at a signal', async () => {
    const folder = testFolder();
    writeTasks(folder, ['true', '#DISBATCH BARRIER', `${waiting}; : é`, '#DISBATCH BARRIER', 'true']);
    const run = startDisbatch(['-s', 'localhost:1', '-p', 'run', 'Tasks'], { cwd: folder });
    await until('the run is there', () => existsSync(join(folder, 'run_dbUtil.sh')));
    const terminal = new Terminal(folder, 100, 30, { LC_ALL: 'C', NO_COLOR: '1' });
    terminal.type(`bash -c 'echo $$ > pid; exec ./run_dbUtil.sh --mon'; echo ended $?; stty -a | grep -o ' echo '`);
    const barrier = await terminal.shows(/Waiting for \d+ s at the barrier of line 4, for 1 task before it\./);
    expect(barrier).toMatch(/^ #+\.+ +\d+% {3}1 of 3 done *$/m);
    expect(barrier).toMatch(/^[ -~\n]*$/);
    terminal.key('C');
    await terminal.shows(/\| Stop context SSH0 softly\?/);
    terminal.key('c');
    await terminal.shows('Nothing was stopped.');
    expect(terminal.screen(true)).not.toMatch(/\x1b\[(?:\d+;)*3[1-7]/);

    run.child.kill('SIGKILL');
    const away = await terminal.shows(/Not reached since \d\d:\d\d \(\d+ s\); it is tried again\./);
    expect(away).toContain('If it was killed, go on with: disbatch -r run_status.txt');
    expect(away).toContain('cannot be reached');

    terminal.key('C-z');
    await terminal.shows(/Stopped .*run_dbUtil\.sh --mon/);
    terminal.type(`fg; echo ended $?; stty -a | grep -o ' echo '`);
    await terminal.shows('cannot be reached');
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 'SIGTERM');
    expect(await terminal.shows(/^ended 143\n echo/m)).not.toContain('cannot be reached');
  });
});

describe('without a run or a terminal', () => {
  test('it says what it needs, and what to do instead', async () => {
    const folder = testFolder();
    expect(await runDisbatch(['mon', 'run'], { cwd: folder })).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^disbatch: There is no run \S+run: /) as string,
    });
    writeFileSync(join(folder, 'run_status.txt'), `${statusHeader}\n`);
    const look = 'Look once with: disbatch ctl run status\n';
    const [piped, dbUtil, many, help] = await Promise.all([
      runDisbatch(['mon', 'run_status.txt'], { cwd: folder }),
      runDisbatch(['--context', 'run', '--mon'], { cwd: folder }),
      runDisbatch(['mon', 'run', 'and'], { cwd: folder }),
      runDisbatch(['mon', '--help'], { cwd: folder }),
    ]);
    for (const each of [piped, dbUtil]) {
      expect(each).toMatchObject({ status: 2, stdout: '' });
      expect(each.stderr).toBe(`disbatch: The monitor needs a terminal, for its keys and its screen. ${look}`);
    }
    expect(many).toMatchObject({ status: 2, stderr: expect.stringContaining('"and" is one word too many') as string });
    expect(help.stdout).toContain('Usage: disbatch mon PREFIX');
  });

  test('a terminal that cannot move its cursor is told so', async (ctx) => {
    skipWithout(ctx, 'tmux');
    const folder = testFolder();
    writeFileSync(join(folder, 'run_status.txt'), `${statusHeader}\n`);
    const terminal = new Terminal(folder, 120, 20);
    terminal.type(`TERM=dumb ${disbatch} mon run; echo status $?`);
    expect(await terminal.shows('status 2')).toContain('(TERM=dumb). Look once with: disbatch ctl run status');
  });
});
