import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  disbatch,
  lives,
  readRecords,
  runDisbatch,
  startDisbatch,
  statusFile,
  testFolder,
  writeTasks,
} from '../support/run-disbatch.ts';

describe.each(['native', 'portable'])('when the %s launcher is killed', (launcher) => {
  test('what it ran is recorded as lost and dead, its slots work again, and the run goes on', async () => {
    const folder = testFolder();
    const kill = 'echo $$ > b.pid; until [ -e a.pid ]; do sleep 0.02; done; kill -9 $PPID; sleep 1000';
    const tasks = writeTasks(folder, ['echo $$ > a.pid; sleep 1000', kill, 'echo three', 'echo four']);
    const run = await runDisbatch(['-s', 'localhost:2', '-e', '--launcher', launcher, tasks], { cwd: folder });
    expect(run.status).toBe(1);
    const records = readRecords(statusFile(folder)).sort((a, b) => a.taskId - b.taskId);
    expect(records).toMatchObject([
      { taskId: 0, pid: -1, exitCode: -100, outputBytes: 0 },
      { taskId: 1, pid: -1, exitCode: -100 },
      { taskId: 2, exitCode: 0, outputSnippet: 'three\n' },
      { taskId: 3, exitCode: 0, outputSnippet: 'four\n' },
    ]);
    for (const name of ['a.pid', 'b.pid']) expect(lives(Number(readFileSync(join(folder, name), 'utf8')))).toBe(false);
    expect(run.stderr).toContain('lost when its launcher or engine died');
  });

  test('again and again, with no task ended between, the run ends with a sentence', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['#DISBATCH REPEAT 20 kill -9 $PPID; sleep 1000']);
    const run = await runDisbatch(['-s', 'localhost:1', '--launcher', launcher, tasks], { cwd: folder });
    expect(run.status).toBe(1);
    expect(run.stderr).toMatch(/launcher died 10 times in a row/);
    expect(run.stderr).toContain('disbatch -r ');
    // Three of them were run three times each; the last has no record, and runs on a resume.
    expect(readRecords(statusFile(folder)).map((record) => record.exitCode)).toEqual([-100, -100, -100]);
  });

  test('a plain kill of its parent by a task does nothing', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['kill $PPID; kill -INT $PPID; kill -HUP $PPID; echo fine', 'echo also']);
    const run = await runDisbatch(['-s', 'localhost:1', '--launcher', launcher, tasks], { cwd: folder });
    expect(run.status).toBe(0);
    expect(readRecords(statusFile(folder))).toMatchObject([{ outputSnippet: 'fine\n' }, { outputSnippet: 'also\n' }]);
  });
});

test('a native launcher that cannot run is replaced by the portable one', async () => {
  const folder = testFolder();
  for (const name of ['disbatch', 'disbatch.cjs', 'start.cjs', 'portable-launcher.cjs']) {
    const mode = name === 'disbatch' ? 0o755 : 0o644;
    writeFileSync(join(folder, name), readFileSync(join(disbatch, '..', name)), { mode });
  }
  writeFileSync(join(folder, `launcher-${process.platform}-${process.arch}`), 'not a program', { mode: 0o755 });
  const tasks = writeTasks(folder, ['echo fine']);
  const run = await runDisbatch(['-s', 'localhost:1', tasks], { cwd: folder, command: join(folder, 'disbatch') });
  expect(run.status).toBe(0);
  expect(readRecords(statusFile(folder))).toMatchObject([{ outputSnippet: 'fine\n' }]);
});

describe('when the disk is full', () => {
  /** Runs a script as root on a small disk of its own. */
  const onSmallDisk = (folder: string, script: string): ReturnType<typeof runDisbatch> => {
    const mounted = `mkdir disk && mount -t tmpfs -o size=192k tmpfs disk && cd disk && ${script}`;
    return runDisbatch(['--mount', 'bash', '-c', mounted], { cwd: folder, command: '/usr/bin/unshare' });
  };
  const isRoot = process.getuid?.() === 0;

  test('no new task is started, what was written stays, and the sentence says what to do', async (ctx) => {
    if (!isRoot) ctx.skip('needs root, to make a small disk');
    const folder = testFolder();
    // The first record is written beside the next task, which must not be faster.
    const fill = 'until [ -s *_status.txt ]; do sleep 0.01; done; head -c 1M /dev/zero > filler; echo $?';
    writeTasks(folder, [
      'echo one',
      '#DISBATCH BARRIER',
      fill,
      '#DISBATCH BARRIER',
      '#DISBATCH REPEAT 150 echo much text to record',
    ]);
    const script = `${disbatch} -s localhost:2 ../Tasks; echo status $?; cp *_status.txt ../kept_status.txt; grep -c REPEAT ../Tasks`;
    const run = await onSmallDisk(folder, script);
    expect(run.stdout).toContain('status 1\n');
    expect(run.stderr).toMatch(
      /_status\.txt cannot be written \(no space left on device\)|records could not be written/,
    );
    expect(run.stderr).not.toMatch(/\n\s+at /);
    // What stands in the file is whole, but for at most the last line.
    const text = readFileSync(join(folder, 'kept_status.txt'), 'utf8');
    writeFileSync(join(folder, 'whole_status.txt'), text.slice(0, text.lastIndexOf('\n') + 1));
    const kept = readRecords(join(folder, 'whole_status.txt'));
    expect(kept[0]).toMatchObject({ taskId: 0, exitCode: 0 });
    const resumed = await runDisbatch(['-s', 'localhost:2', '-p', 'next', '-r', 'kept_status.txt', 'Tasks'], {
      cwd: folder,
    });
    expect(resumed.status).toBe(0);
    const all = readRecords(join(folder, 'next_status.txt')).filter(
      (record) => record.kind === 'task' || record.kind === 'skipped',
    );
    expect(new Set(all.map((record) => record.taskId)).size).toBe(152);
    expect(all).toHaveLength(152);
  });

  test('for a while only, no record is lost', async (ctx) => {
    if (!isRoot) ctx.skip('needs root, to make a small disk');
    const folder = testFolder();
    writeTasks(folder, [
      // The third task ends while there is no room; the second makes room again and ends after it.
      'head -c 1M /dev/zero > filler; touch ../full',
      'until [ -e ../ended ]; do sleep 0.05; done; sleep 1.5; rm filler',
      'until [ -e ../full ]; do sleep 0.05; done; touch ../ended; head -c 3000 /dev/zero | tr "\\0" x >&2',
    ]);
    const script = `${disbatch} -s localhost:3 ../Tasks; echo status $?; cp *_status.txt ../kept_status.txt`;
    const run = await onSmallDisk(folder, script);
    expect(run.stdout).toMatch(/status [01]\n/);
    expect(readRecords(join(folder, 'kept_status.txt'))).toHaveLength(3);
  });
});

test('a terminal that goes away does not take the records with it', async () => {
  const folder = testFolder();
  const tasks = writeTasks(folder, ['until [ -e go ]; do sleep 0.05; done; echo one', 'echo two', 'exit 3']);
  const run = startDisbatch(['-s', 'localhost:1', tasks], { cwd: folder });
  run.child.stderr?.destroy();
  run.child.stdout?.destroy();
  writeFileSync(join(folder, 'go'), '');
  await run.finished;
  expect(readRecords(statusFile(folder))).toHaveLength(3);
});

test('a log that cannot be written any more does not harm the run', async (ctx) => {
  if (!existsSync('/dev/full')) ctx.skip('there is no /dev/full here');
  const folder = testFolder();
  const tasks = writeTasks(folder, ['#DISBATCH REPEAT 50 exit 1']);
  const run = await runDisbatch(['-s', 'localhost:2', '--logfile', '/dev/full', tasks], { cwd: folder });
  expect(run.status).toBe(0);
  expect(readRecords(statusFile(folder))).toHaveLength(50);
});
