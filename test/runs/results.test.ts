/** `--results`: what each task writes, kept in files of its own. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { disbatch, readRecords, runDisbatch, testFolder, writeTasks, type Finished } from '../support/run-disbatch.ts';

/** All files under `out`, by their paths there, in order. */
function filesIn(folder: string): string[] {
  return readdirSync(join(folder, 'out'), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, 'out').length + 1))
    .toSorted();
}

const kept = ['-s', 'localhost:2', '-p', 'run', '--results', 'out'];
const read = (folder: string, path: string): Buffer => readFileSync(join(folder, 'out', path));

function run(folder: string, lines: readonly string[], ...words: readonly string[]): Promise<Finished> {
  return runDisbatch([...kept, ...words, writeTasks(folder, lines)], { cwd: folder });
}

describe.each(['native', 'portable'])('with the %s launcher, the outputs of tasks', (launcher) => {
  test('are kept byte for byte, each in a file of its own, and the empty ones left out', async () => {
    const folder = testFolder();
    const lines = [
      '#DISBATCH PERENGINE START echo begins',
      '#DISBATCH PERENGINE STOP echo stops >&2',
      `printf 'caf\\xc3\\xa9 \\xff\\0\\r\\n no end'; echo wrong >&2; exit 3`,
      'true',
      '#DISBATCH BARRIER',
      '#DISBATCH REPEAT 2 echo $DISBATCH_REPEAT_INDEX; seq 1 100000',
    ];
    expect((await run(folder, lines, '--launcher', launcher)).status).toBe(0);
    expect(filesIn(folder)).toEqual([
      ...['0/0/0.err', '0/0/0.out', '0/0/3.out', '0/0/4.out'],
      ...['per-engine/0/0/start-0.out', 'per-engine/0/0/stop-0.err'],
    ]);
    expect(read(folder, '0/0/0.out').toString('latin1')).toBe('caf\xc3\xa9 \xff\0\r\n no end');
    expect(read(folder, '0/0/0.err').toString()).toBe('wrong\n');
    expect(read(folder, 'per-engine/0/0/stop-0.err').toString()).toBe('stops\n');
    const numbers = Array.from({ length: 100_000 }, (_, i) => `${i + 1}\n`).join('');
    for (const [i, id] of [3, 4].entries()) expect(read(folder, `0/0/${id}.out`).toString()).toBe(`${i}\n${numbers}`);
    // The status file is as ever.
    const records = readRecords(join(folder, 'run_status.txt')).toSorted((a, b) => a.taskId - b.taskId);
    expect(records.filter(({ kind }) => kind === 'task')).toMatchObject([
      { outputBytes: 17, outputSnippet: 'café \ufffd\0\r\n no end', errorSnippet: 'wrong\n', outputCut: false },
      { outputBytes: 0 },
      { outputBytes: 2 + numbers.length },
      { outputBytes: 2 + numbers.length, outputSnippet: expect.stringContaining('...') as string },
    ]);
  });

  test('take the place of those of the run before, also when there are none this time', async () => {
    const folder = testFolder();
    await run(folder, ['echo before', 'echo before; exit 1', 'echo stays'], '--launcher', launcher);
    writeTasks(folder, '', 'mended');
    const again = ['echo now >&2', '[ -e mended ] || echo not', 'echo stays'];
    const words = ['-r', 'run_status.txt', '-R', '--force-resume'];
    expect((await run(folder, again, '--launcher', launcher, ...words)).status).toBe(0);
    // Task 0 is taken over as it was; task 1 has run again.
    expect(filesIn(folder)).toEqual(['0/0/0.out', '0/0/2.out']);
    await run(folder, again, '--launcher', launcher);
    expect(filesIn(folder)).toEqual(['0/0/0.err', '0/0/2.out']);
    expect(read(folder, '0/0/0.err').toString()).toBe('now\n');
  });

  test('on a full disk cost no more than what does not fit: the record says so, and -R runs it again', async (ctx) => {
    skipWithout(ctx, 'namespaces');
    const folder = testFolder();
    mkdirSync(join(folder, 'out'));
    const big = 'head -c 300000 /dev/zero';
    const tasks = writeTasks(folder, [
      'echo small',
      `${big}; echo end`,
      `${big} >&2`,
      'true',
      `${big} >/dev/null; exit 4`,
    ]);
    const words = ['-s', 'localhost:1', '-p', 'run', '--results', 'out', '-e', '--details', '--launcher', launcher];
    const inSmall = 'mount -t tmpfs -o size=128k none out && exec "$@"';
    const full = await runDisbatch(['-m', '/bin/sh', '-c', inSmall, 'sh', disbatch, ...words, tasks], {
      cwd: folder,
      command: 'unshare',
    });
    expect(full.status).toBe(1);
    const flags = readFileSync(join(folder, 'run_status.txt'), 'utf8').split('\n').slice(0, -1);
    expect(flags.map((line) => line.slice(0, 4))).toEqual([' O  ', ' o  ', '  e ', '    ', 'R   ']);
    expect(readRecords(join(folder, 'run_status.txt'))[1]).toMatchObject({ outputBytes: 300_004, exitCode: 0 });
    const told = full.stderr.split('\n').filter((line) => line.includes('could not be kept whole'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^the output of task 1 could not be kept whole on \S+ \(ENOSPC\): it counts as failed\. /);
    expect(full.stderr).toContain('5 tasks run, 3 failed');
    expect(full.stderr).toContain('not all of its output was kept');
    const details = readFileSync(join(folder, 'run_details.jsonl'), 'utf8').split('\n').slice(0, -1);
    expect(details.map((line) => JSON.parse(line) as object).slice(0, 4)).toMatchObject([
      { failed: false, outputProblem: null, outputFile: join(folder, 'out/0/0/0.out') },
      { failed: true, exitCode: 0, outputProblem: 'ENOSPC', errorProblem: null },
      { failed: true, outputProblem: null, errorProblem: 'ENOSPC' },
      { failed: false },
    ]);
    // Where there is room they run again, and only they.
    const mended = await runDisbatch([...words, '-r', 'run_status.txt', '-R', tasks], { cwd: folder });
    expect(mended.stderr).toContain('3 tasks run, 2 taken over from earlier, 1 failed');
    expect(filesIn(folder)).toEqual(['0/0/1.out', '0/0/2.err']);
    expect(read(folder, '0/0/1.out').length).toBe(300_004);
  });
});

test('of 600 tasks no more than 1,000 files are in one folder', { timeout: 180_000 }, async () => {
  const folder = testFolder();
  const { status } = await run(folder, ['#DISBATCH REPEAT 600 echo $DISBATCH_TASKID; echo e >&2']);
  expect(status).toBe(0);
  const files = filesIn(folder);
  expect(files.length).toBe(1200);
  const counts: Record<string, number> = {};
  for (const file of files) counts[dirname(file)] = (counts[dirname(file)] ?? 0) + 1;
  expect(counts).toEqual({ '0/0': 1000, '0/500': 200 });
  for (const id of [0, 499, 500, 599]) {
    expect(read(folder, `0/${id - (id % 500)}/${id}.out`).toString()).toBe(`${id}\n`);
  }
});

test('a folder for outputs that cannot be made is told before anything runs', async () => {
  const folder = testFolder();
  writeFileSync(join(folder, 'out'), 'a file');
  const { status, stdout, stderr } = await run(folder, ['touch ran'], '--json');
  expect([status, stdout, existsSync(join(folder, 'ran'))]).toEqual([1, '', false]);
  expect(stderr).toBe(
    `disbatch: The folder ${join(folder, 'out')} for what tasks write cannot be made (file already exists). Choose another with --results.\n`,
  );
});
