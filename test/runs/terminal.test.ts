import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { disbatch, readRecords, runDisbatch, statusFile, testFolder, writeTasks } from '../support/run-disbatch.ts';
import { Terminal } from '../support/terminal.ts';

describe('on a terminal', () => {
  beforeEach((ctx) => skipWithout(ctx, 'tmux'));

  test('one live line tells how the run goes, and gives way to the summary', async () => {
    const folder = testFolder();
    writeTasks(folder, ['#DISBATCH REPEAT 20 true', 'exit 3', 'until [ -e go ]; do sleep 0.05; done', 'true']);
    const terminal = new Terminal(folder, 110, 20);
    terminal.type(`${disbatch} -s localhost:2 Tasks`);
    const live = await terminal.shows(/22\/23 done {2}1 failed {2}1 running/);
    expect(live).toMatch(/█+.*95% {2}22\/23 done {2}1 failed {2}1 running .*ETA \d+:\d\d {2}elapsed 0:\d\d/);
    expect(live.match(/done/g)).toHaveLength(1);
    terminal.resize(40, 20);
    await terminal.shows(/95% 22\/23 done {2}1 failed/);
    terminal.resize(110, 20);
    writeFileSync(join(folder, 'go'), '');
    const end = await terminal.shows(/run the failed ones again/);
    expect(end).toContain('disBatch: 23 tasks run, 1 failed, in ');
    expect(end).not.toContain('elapsed');
    expect(terminal.screen(true)).toContain('\x1b[31m');
  });

  test('Ctrl-C ends the tasks and leaves the terminal as it was', async () => {
    const folder = testFolder();
    writeTasks(folder, ['echo one', 'sleep 1000']);
    const terminal = new Terminal(folder, 100, 20);
    terminal.type(`${disbatch} -s localhost:1 Tasks; echo status $?`);
    await terminal.shows(/1\/2 done {2}1 running/);
    terminal.key('C-c');
    const end = await terminal.shows(/status 130/);
    expect(end).toContain('Ended by SIGINT. 1 task is left. Of these, 1 ran and was ended.');
    expect(readRecords(statusFile(folder))).toMatchObject([{ taskId: 0 }]);
    terminal.type('echo still $((40 + 2))');
    await terminal.shows('still 42');
  });

  test('there is no colour with NO_COLOR, and no line on a dumb terminal', async () => {
    const folder = testFolder();
    writeTasks(folder, ['exit 3', 'sleep 0.3']);
    const plain = new Terminal(folder, 100, 20, { NO_COLOR: '1' });
    plain.type(`${disbatch} -s localhost:1 Tasks`);
    await plain.shows(/1 failed/);
    await plain.shows(/again:/);
    expect(plain.screen(true)).not.toContain('\x1b[31m');
    const dumb = new Terminal(folder, 100, 20, { TERM: 'dumb' });
    dumb.type(
      `TERM=dumb ${disbatch} -s localhost:1 Tasks 2>&1 | cat -v; echo; TERM=dumb ${disbatch} -s localhost:1 Tasks`,
    );
    expect(await dumb.shows(/(again:[^]*){2}/)).not.toMatch(/\d+\/\d+ done/);
  });

  test('escapes in commands, their output and names never reach it raw', async () => {
    const folder = testFolder();
    writeTasks(
      folder,
      `printf '\\033[2J\\033]0;owned\\007' >&2; : \x1b[2J \x1b]0;owned\x07 \xe2\x80\xae; exit 3\n`,
      'Ta\x1b[2Jsks',
    );
    const terminal = new Terminal(folder, 120, 20);
    terminal.type(`echo before; ${disbatch} -s localhost:1 Ta*sks; ${disbatch} -s localhost:1 --dry-run Ta*sks`);
    const end = await terminal.shows(/run\t? *0 /);
    expect(end).toContain('before');
    expect(end).toContain('\\x1b[2J');
    expect(end).not.toContain('\u202e');
  });
});

describe('without a terminal', () => {
  test('nothing is said until the end, and then all that is needed to go on', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, [
      'true',
      'echo wrong >&2; exit 3',
      'nosuchcommand',
      '#DISBATCH REPEAT 5 exit 4',
      'kill -9 $$',
    ]);
    const run = await runDisbatch(['-s', 'localhost:1', tasks], { cwd: folder });
    const path = statusFile(folder);
    expect(run.stdout).toBe('');
    const lines = run.stderr.split('\n');
    expect(lines[0]).toMatch(/^disBatch: 9 tasks run, 8 failed, in [\d.]+ s \(task time [\d.]+ s, [\d.]+ tasks\/s\)$/);
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/^ {2}failed {2}task 1 \(line 2\) on \S+, exit code 3: echo wrong >&2; exit 3$/),
      '          wrong',
      expect.stringMatching(/^ {2}failed {2}task 2 \(line 3\) on \S+, exit code 127: nosuchcommand$/),
      '          /bin/bash: line 1: nosuchcommand: comman...d not found',
      expect.stringMatching(/^ {2}failed {2}task 3 /),
      expect.stringMatching(/^ {2}failed {2}task 4 /),
      expect.stringMatching(/^ {2}failed {2}task 5 /),
      '  … and 3 more that failed: the lines with R, o or e at their beginning in the status file',
      `  status  ${path}`,
      '  run the failed ones again:',
      `          disbatch -r ${path} -R -s localhost:1 Tasks`,
      '',
    ]);
  });

  test('with -q nothing at all is said of a run that went well, or of failed tasks', async () => {
    const folder = testFolder();
    const run = await runDisbatch(['-s', 'localhost:1', '-q', writeTasks(folder, ['true', 'false'])], { cwd: folder });
    expect(run).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  test('the command that it prints resumes the run', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['true', 'test -e go', 'true'], "it's Tasks");
    const first = await runDisbatch(['-s', 'localhost:1', '-p', 'a b', '--exit-code', tasks], { cwd: folder });
    expect(first.status).toBe(1);
    writeFileSync(join(folder, 'go'), '');
    const command = /again:\n +(.*)\n/.exec(first.stderr)?.[1] as string;
    const path = `${join(disbatch, '..')}:${process.env['PATH']}`;
    const second = await runDisbatch(['--norc', '-c', command], {
      cwd: folder,
      command: '/bin/bash',
      env: { ...process.env, PATH: path },
    });
    expect(second.status).toBe(0);
    expect(readRecords(join(folder, 'a b_status.txt')).filter((record) => record.kind === 'task')).toMatchObject([
      { taskId: 1 },
    ]);
  });

  test('--dry-run prints what would run, and makes no file', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, [
      '#DISBATCH PERENGINE STOP rm x',
      '#DISBATCH PREFIX nice ',
      'one',
      '#DISBATCH REPEAT 2 start 5 step 2 rep',
      '#DISBATCH BARRIER CHECK k',
      'touch ran',
    ]);
    const run = await runDisbatch(['-s', 'localhost:5', '-c', '2', '--dry-run', tasks], { cwd: folder });
    expect(run.stdout.split('\n')).toEqual([
      expect.stringMatching(/^# \S+: 2 slots, cores for each: 2$/),
      '# what\tTaskID\tLineNum\tRepeatIndex\tCommand',
      'stop\t0\t1\t-1\trm x',
      'run\t0\t3\t-1\tnice one',
      'run\t1\t4\t5\tnice rep',
      'run\t2\t4\t7\tnice rep',
      'check\t3\t5\t-1\t#DISBATCH BARRIER CHECK k',
      'run\t4\t6\t-1\tnice touch ran',
      '',
    ]);
    expect(() => statusFile(folder)).toThrow(/0 status files in \S+: Tasks$/);
  });
});
