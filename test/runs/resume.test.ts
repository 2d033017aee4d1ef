import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StatusRecord } from '../../src/task/status-record.ts';
import { readRecords, runDisbatch, testFolder, writeTasks } from '../support/run-disbatch.ts';

/** Task ids of the records that a task's own run made. */
const ran = (records: readonly StatusRecord[]): number[] =>
  records
    .filter((record) => record.kind === 'task')
    .map((record) => record.taskId)
    .sort((a, b) => a - b);

const succeeded = (records: readonly StatusRecord[]): number[] =>
  records
    .filter((record) => (record.kind === 'task' || record.kind === 'skipped') && record.exitCode === 0)
    .map((record) => record.taskId)
    .sort((a, b) => a - b);

describe('a resume', () => {
  test('runs what has no record, takes over the rest with S, and chains to any length', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['true', 'test -e go', 'true', 'exit 4', '#DISBATCH BARRIER', 'echo done']);
    await runDisbatch(['-s', 'localhost:2', '-p', 'a', tasks], { cwd: folder });
    expect(ran(readRecords(join(folder, 'a_status.txt')))).toEqual([0, 1, 2, 3, 5]);

    writeFileSync(join(folder, 'go'), '');
    await runDisbatch(['-s', 'localhost:2', '-p', 'b', '-r', 'a_status.txt', '-R', tasks], { cwd: folder });
    const b = readRecords(join(folder, 'b_status.txt'));
    expect(ran(b)).toEqual([1, 3]);

    // The third knows of the first only through the second.
    await runDisbatch(['-s', 'localhost:2', '-p', 'c', '-r', 'b_status.txt', tasks], { cwd: folder });
    const c = readRecords(join(folder, 'c_status.txt'));
    expect(ran(c)).toEqual([]);
    expect(succeeded(c)).toEqual([0, 1, 2, 5]);
    // A skipped record repeats the earlier one, times and PID too.
    const first = readRecords(join(folder, 'a_status.txt')).find((record) => record.taskId === 0);
    expect(c.find((record) => record.taskId === 0)).toEqual({ ...first, kind: 'skipped' });
  });

  test('counts a success in any of several status files, else the last failure', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['test ! -e bad', 'exit 3']);
    await runDisbatch(['-s', 'localhost:1', '-p', 'good', tasks], { cwd: folder });
    writeFileSync(join(folder, 'bad'), '');
    await runDisbatch(['-s', 'localhost:1', '-p', 'bad', tasks], { cwd: folder });
    for (const order of [
      ['good', 'bad'],
      ['bad', 'good'],
    ]) {
      const args = order.flatMap((name) => ['-r', `${name}_status.txt`]);
      const name = `after-${order[0]}`;
      await runDisbatch(['-s', 'localhost:1', '-p', name, ...args, '-R', tasks], { cwd: folder });
      expect(ran(readRecords(join(folder, `${name}_status.txt`)))).toEqual([1]);
    }
  });

  test('under the same prefix keeps the earlier status file under another name', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['echo one', 'exit 1']);
    await runDisbatch(['-s', 'localhost:1', '-p', 'x', tasks], { cwd: folder });
    const before = readFileSync(join(folder, 'x_status.txt'), 'utf8');
    const run = await runDisbatch(['-s', 'localhost:1', '-p', 'x', '-r', 'x_status.txt', '-R', tasks], { cwd: folder });
    expect(run.stderr).toContain('x_status.txt.1');
    expect(readFileSync(join(folder, 'x_status.txt.1'), 'utf8')).toBe(before);
    expect(readRecords(join(folder, 'x_status.txt')).map((record) => record.kind)).toEqual(['skipped', 'task']);
    await runDisbatch(['-s', 'localhost:1', '-p', 'x', tasks], { cwd: folder });
    expect(readdirSync(folder).filter((name) => name.startsWith('x_status.txt'))).toHaveLength(3);
  });

  test('with a task that was changed says which and how, before anything runs', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['echo one', 'echo two']);
    await runDisbatch(['-s', 'localhost:1', '-p', 'x', tasks], { cwd: folder });
    writeTasks(folder, ['touch ran', 'echo 2', 'echo three']);
    const run = await runDisbatch(['-s', 'localhost:1', '-p', 'y', '-r', 'x_status.txt', tasks], { cwd: folder });
    expect(run.status).toBe(1);
    expect(run.stderr).toContain('Tasks:1: task 0');
    expect(run.stderr).toContain('"touch ran"');
    expect(run.stderr).toContain('"echo one"');
    expect(run.stderr).toContain('--force-resume');
    expect(readdirSync(folder)).not.toContain('ran');
    expect(readdirSync(folder)).not.toContain('y_status.txt');

    const forced = await runDisbatch(['-s', 'localhost:1', '-p', 'z', '-r', 'x_status.txt', '--force-resume', tasks], {
      cwd: folder,
    });
    expect(forced.status).toBe(0);
    expect(ran(readRecords(join(folder, 'z_status.txt')))).toEqual([2]);
  });

  test('runs a corrected task again with -R', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['true', 'nosuchcommand']);
    await runDisbatch(['-s', 'localhost:1', '-p', 'x', tasks], { cwd: folder });
    writeTasks(folder, ['true', 'echo corrected']);
    await runDisbatch(['-s', 'localhost:1', '-p', 'y', '-r', 'x_status.txt', '-R', tasks], { cwd: folder });
    const records = readRecords(join(folder, 'y_status.txt'));
    expect(ran(records)).toEqual([1]);
    expect(records.at(-1)).toMatchObject({ exitCode: 0, outputSnippet: 'corrected\n' });
  });

  test('counts taken over failures for -e, but not for BARRIER CHECK', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['false', '#DISBATCH BARRIER CHECK', 'echo behind']);
    await runDisbatch(['-s', 'localhost:1', '-p', 'x', tasks], { cwd: folder });
    const run = await runDisbatch(['-s', 'localhost:1', '-p', 'y', '-r', 'x_status.txt', '-e', tasks], { cwd: folder });
    expect(run.status).toBe(1);
    expect(ran(readRecords(join(folder, 'y_status.txt')))).toEqual([2]);
  });

  test('of a stream takes records over as it meets the tasks', async () => {
    const folder = testFolder();
    const input = 'echo one\nexit 2\necho three\n';
    await runDisbatch(['-s', 'localhost:1', '-p', 'x', '-'], { cwd: folder, input });
    const run = await runDisbatch(['-s', 'localhost:1', '-p', 'y', '-r', 'x_status.txt', '-R', '-'], {
      cwd: folder,
      input,
    });
    expect(run.stderr).toContain('-r x_status.txt -r ');
    const records = readRecords(join(folder, 'y_status.txt'));
    const seen = records.map((record) => `${record.taskId} ${record.kind}`).sort();
    expect(seen).toEqual(['0 skipped', '1 task', '2 skipped']);
  });
});

describe('a status file that a crash cut off', () => {
  test('is mended with a note, and the task of the cut line runs again', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['echo one', 'echo two', 'echo three']);
    await runDisbatch(['-s', 'localhost:1', '-p', 'x', '--status-header', tasks], { cwd: folder });
    const whole = readFileSync(join(folder, 'x_status.txt'));
    for (const cut of [0, 1, 40, whole.indexOf(10) + 1, whole.indexOf(10) + 60, whole.length - 20, whole.length - 1]) {
      writeFileSync(join(folder, 'cut_status.txt'), whole.subarray(0, cut));
      const kept = whole
        .subarray(0, cut)
        .toString()
        .split('\n')
        .slice(0, -1)
        .filter((line) => !line.startsWith('ROE'));
      const run = await runDisbatch(['-s', 'localhost:1', '-p', `cut${cut}`, '-r', 'cut_status.txt', tasks], {
        cwd: folder,
      });
      expect(run.status).toBe(0);
      const torn = cut > 0 && whole[cut - 1] !== 10;
      expect(run.stderr.includes('was cut off')).toBe(torn);
      const records = readRecords(join(folder, `cut${cut}_status.txt`));
      expect(ran(records)).toHaveLength(3 - kept.length);
      expect(succeeded(records)).toEqual([0, 1, 2]);
    }
  });

  test('or damaged in the middle loses only the damaged lines', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['echo one', 'echo two', 'echo three']);
    await runDisbatch(['-s', 'localhost:1', '-p', 'x', tasks], { cwd: folder });
    const lines = readFileSync(join(folder, 'x_status.txt'), 'utf8').split('\n');
    writeFileSync(join(folder, 'x_status.txt'), [lines[0], '\0\0garbage', lines[2], ''].join('\n'));
    const run = await runDisbatch(['-s', 'localhost:1', '-p', 'y', '-r', 'x_status.txt', tasks], { cwd: folder });
    expect(run.stderr).toContain('x_status.txt:2:');
    expect(ran(readRecords(join(folder, 'y_status.txt')))).toEqual([1]);
  });

  test('or that is something else altogether is refused, and nothing runs', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['touch ran']);
    for (const [name, text] of [
      ['notes.txt', 'milk\nbread\n'],
      ['Tasks2', 'echo\n'],
    ] as const) {
      writeFileSync(join(folder, name), text);
      const run = await runDisbatch(['-s', 'localhost:1', '-r', name, tasks], { cwd: folder });
      expect(run.status).toBe(1);
      expect(run.stderr).toContain(`${name} is not a status file`);
    }
    const missing = await runDisbatch(['-s', 'localhost:1', '-r', 'nosuch', tasks], { cwd: folder });
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain('nosuch cannot be read: no such file or directory');
    expect(readdirSync(folder)).not.toContain('ran');
  });
});

test('a status file of the original with times of many decimals is understood', async () => {
  const folder = testFolder();
  const tasks = writeTasks(folder, ['cd / ; true', 'echo two']);
  const old =
    '    \t0\t1\t-1\tworker032\t8016\t0\t10.0486528873\t1458660919.78\t1458660929.83\t0\t""\t0\t""\tcd / ; true\n';
  writeFileSync(join(folder, 'old_status.txt'), old);
  await runDisbatch(['-s', 'localhost:1', '-p', 'x', '-r', 'old_status.txt', tasks], { cwd: folder });
  expect(ran(readRecords(join(folder, 'x_status.txt')))).toEqual([1]);
});

test('a task file that is not UTF-8 resumes against what was written of it', async () => {
  const folder = testFolder();
  const tasks = writeTasks(folder, Buffer.from("echo \xff\xfe\necho b'quoted'\n", 'latin1'));
  await runDisbatch(['-s', 'localhost:1', '-p', 'x', tasks], { cwd: folder });
  await runDisbatch(['-s', 'localhost:1', '-p', 'y', '-r', 'x_status.txt', tasks], { cwd: folder });
  expect(ran(readRecords(join(folder, 'y_status.txt')))).toEqual([]);
});
