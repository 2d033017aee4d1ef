/** `--details` and `--json`: what programs read of a run. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRecords, runDisbatch, startDisbatch, testFolder, until, writeTasks } from '../support/run-disbatch.ts';

type Line = Readonly<Record<string, unknown>>;

function detailsIn(folder: string): Line[] {
  const text = readFileSync(join(folder, 'run_details.jsonl'), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

const start = ['-p', 'run', '--details'];
const mixed = [
  '#DISBATCH PERENGINE START echo begins',
  '#DISBATCH PERENGINE STOP echo stops',
  "printf 'é\\xff\\0'; echo e >&2; exit 3",
  'kill -9 $$',
  '#DISBATCH BARRIER k',
  '#DISBATCH REPEAT 2 start 5 :',
];

describe.each(['native', 'portable'])('with the %s launcher, the details', (launcher) => {
  test('have a line for each line of the status file, with the same fields in the same order', async () => {
    const folder = testFolder();
    const words = ['-s', 'localhost:2', ...start, '--launcher', launcher, '-l', 'here'];
    expect((await runDisbatch([...words, writeTasks(folder, mixed)], { cwd: folder })).status).toBe(0);
    const lines = detailsIn(folder);
    const records = readRecords(join(folder, 'run_status.txt'));
    expect(lines.map(({ kind, taskId, lineNumber }) => [kind, taskId, lineNumber])).toEqual(
      records.map(({ kind, taskId, lineNumber }) => [kind, taskId, lineNumber]),
    );
    const fields = Object.keys(lines[0] as Line);
    for (const line of lines) expect(Object.keys(line)).toEqual(fields);
    // What both files have is the same in both; times have more digits here.
    for (const [i, record] of records.entries()) {
      const { pid, outputBytes, outputSnippet, errorBytes, errorSnippet, elapsed } = record;
      expect(lines[i]).toMatchObject({
        ...{ node: hostname(), pid, outputBytes, output: outputSnippet, errorBytes, error: errorSnippet },
        start: expect.closeTo(record.start, 2) as number,
        elapsed: expect.closeTo(elapsed, 2) as number,
      });
    }
    const of = (kind: string, id: number): Line =>
      lines.find((line) => line['kind'] === kind && line['taskId'] === id) as Line;
    const ran = {
      attempts: 1,
      brokenAttempts: [],
      context: 'here',
      contextRank: 0,
      engine: 0,
      lost: false,
      started: true,
    };
    expect(of('task', 0)).toMatchObject({
      ...{ ...ran, moment: null, failed: true, exitCode: 3, signal: null, repeatIndex: null },
      slot: expect.toBeOneOf([0, 1]) as number,
      ...{
        output: 'é\ufffd\0',
        outputFile: null,
        outputProblem: null,
        command: "printf 'é\\xff\\0'; echo e >&2; exit 3",
      },
    });
    expect(of('task', 1)).toMatchObject({ ...ran, failed: true, exitCode: null, signal: 9 });
    expect(of('task', 4)).toMatchObject({ ...ran, failed: false, exitCode: 0, signal: null, repeatIndex: 6 });
    expect(of('barrier', 2)).toMatchObject({
      attempts: null,
      context: null,
      engine: null,
      slot: null,
      peakMemory: null,
    });
    const perEngine = lines.filter((line) => line['kind'] === 'per-engine');
    expect(perEngine).toMatchObject([
      { ...ran, moment: 'start', slot: null },
      { ...ran, moment: 'stop', slot: null },
    ]);
  });

  test('tell what a script of sh had in memory, all its processes together, and its processor time', async () => {
    const folder = testFolder();
    // tail keeps what may be the last line: 60 MB in one process, 40 MB in each of two, for long enough to be looked at.
    const hold = (megabytes: number): string => `(head -c ${megabytes}000000 /dev/zero; sleep 1.2) | tail -n 1 | wc -c`;
    const busy = 'i=0; while [ $i -lt 150000 ]; do i=$((i + 1)); done';
    const tasks = writeTasks(folder, [hold(60), `${hold(40)} & ${hold(40)}; wait`, `${busy}; sleep 0.5`]);
    await runDisbatch(['-s', 'localhost:3', ...start, '--launcher', launcher, tasks], { cwd: folder });
    const [one, two, busyOne] = detailsIn(folder).toSorted((a, b) => Number(a['taskId']) - Number(b['taskId'])) as [
      Line,
      Line,
      Line,
    ];
    const mega = (line: Line, field: string): number => Number(line[field]) / 1e6;
    expect(mega(one, 'largestProcess')).toBeGreaterThan(55);
    expect(mega(one, 'peakMemory')).toBeGreaterThan(55);
    expect(mega(one, 'peakMemory')).toBeLessThan(90);
    expect(mega(two, 'largestProcess')).toBeLessThan(mega(two, 'peakMemory'));
    expect(mega(two, 'peakMemory')).toBeGreaterThan(75);
    for (const line of [one, two]) expect(line['memoryFrom']).toBe('samples');
    expect(Number(busyOne['userCpu'])).toBeGreaterThan(0.02);
    expect(Number(busyOne['userCpu'])).toBeLessThan(Number(busyOne['elapsed']));
    expect(busyOne['cpuFrom']).toBe(launcher === 'native' ? 'wait4' : 'samples');
  });
});

describe('the details', () => {
  test('of a task that was lost and ran again have each broken attempt', async () => {
    const folder = testFolder();
    const twice = 'echo x >>tries; [ $(wc -l <tries) -gt 2 ] || { kill -9 $PPID; sleep 1000; }; echo done';
    expect(
      (await runDisbatch(['-s', 'localhost:1', ...start, writeTasks(folder, [twice])], { cwd: folder })).status,
    ).toBe(0);
    const [line] = detailsIn(folder) as [Line];
    expect(line).toMatchObject({ failed: false, lost: false, attempts: 3, output: 'done\n' });
    const attempts = line['brokenAttempts'] as { start: number; dead: number }[];
    const where = { engine: 0, slot: 0, node: hostname() };
    expect(attempts).toMatchObject([where, where]);
    const times = [...attempts.flatMap(({ start: began, dead }) => [began, dead]), line['start'], line['finish']];
    expect(times).toEqual(times.toSorted((a, b) => Number(a) - Number(b)));
  });

  test('of a task that is given up as lost have no exit code, and say so', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['kill -9 $PPID; sleep 1000']);
    await runDisbatch(['-s', 'localhost:1', ...start, '--no-rerun', tasks], { cwd: folder });
    expect(detailsIn(folder)).toMatchObject([
      {
        failed: true,
        lost: true,
        exitCode: null,
        signal: null,
        pid: null,
        started: false,
        attempts: 1,
        peakMemory: null,
      },
    ]);
  });

  test('of a run that resumes have what it takes over, too', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['echo one', '[ -e mended ]']);
    await runDisbatch(['-s', 'localhost:1', ...start, tasks], { cwd: folder });
    writeTasks(folder, '', 'mended');
    const words = ['-s', 'localhost:1', ...start, '-r', 'run_status.txt', '-R', tasks];
    expect((await runDisbatch(words, { cwd: folder })).stderr).toContain('The details file that was there is kept as');
    expect(detailsIn(folder)).toMatchObject([
      { kind: 'skipped', taskId: 0, failed: false, output: 'one\n', attempts: null, engine: null },
      { kind: 'task', taskId: 1, failed: false, attempts: 1 },
    ]);
  });

  test('leave aside whatever has their name', async () => {
    const folder = testFolder();
    mkdirSync(join(folder, 'run_details.jsonl/x'), { recursive: true });
    const tasks = writeTasks(folder, ['true']);
    const run = await runDisbatch(['-s', 'localhost:1', ...start, tasks], { cwd: folder });
    expect([run.status, existsSync(join(folder, 'run_details.jsonl.1/x'))]).toEqual([0, true]);
  });
});

describe('--json', () => {
  const summaryOf = (stdout: string): Line => {
    expect(stdout).toMatch(/^\{[^\n]*\}\n$/);
    return JSON.parse(stdout) as Line;
  };

  test('prints the summary as one line on standard output, and nothing else', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['true', 'echo why >&2; exit 3', '#DISBATCH BARRIER', 'kill -9 $$']);
    const words = ['-s', 'localhost:1', ...start, '--results', 'out', '-e', '--json', tasks];
    const { status, stdout, stderr } = await runDisbatch(words, { cwd: folder });
    expect(status).toBe(1);
    expect(stderr).toContain('3 tasks run, 2 failed');
    const summary = summaryOf(stdout);
    expect(summary).toEqual({
      ...{ end: 'done', problem: null, exitStatus: 1, total: 3, finished: 3, failed: 2, skipped: 0, skippedFailed: 0 },
      ...{ interrupted: 0, rerun: 0, late: 0, perEngineFailed: 0, barriers: 1 },
      ...{ start: expect.any(Number) as number, finish: expect.any(Number) as number },
      ...{ elapsed: expect.any(Number) as number, taskSeconds: expect.any(Number) as number },
      firstFailures: [
        {
          ...{ kind: 'task', taskId: 1, lineNumber: 2, node: hostname(), exitCode: 3, how: 'exit code 3' },
          ...{ error: 'why\n', command: 'echo why >&2; exit 3' },
        },
        expect.objectContaining({ exitCode: -9, how: 'killed by signal 9' }) as object,
      ],
      statusFile: join(folder, 'run_status.txt'),
      detailsFile: join(folder, 'run_details.jsonl'),
      resultsFolder: join(folder, 'out'),
      resumeCommand: `disbatch -r ${join(folder, 'run_status.txt')} -R -s localhost:1 -e -p run --details --results out --json Tasks`,
    });
    expect(Number(summary['elapsed'])).toBeCloseTo(Number(summary['finish']) - Number(summary['start']), 3);
  });

  test('is the only thing that is printed with -q', async () => {
    const folder = testFolder();
    const run = await runDisbatch(['-s', 'localhost:1', '-p', 'run', '-q', '--json', writeTasks(folder, ['true'])], {
      cwd: folder,
    });
    expect([run.status, run.stderr]).toEqual([0, '']);
    expect(summaryOf(run.stdout)).toMatchObject({ end: 'done', finished: 1, detailsFile: null, resultsFolder: null });
  });

  test('says by which signal a run was ended', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['touch there; exec sleep 1000', 'true']);
    const run = startDisbatch(['-s', 'localhost:1', '-p', 'run', '--json', tasks], { cwd: folder });
    await until('the task runs', () => existsSync(join(folder, 'there')));
    run.child.kill('SIGTERM');
    const { status, stdout } = await run.finished;
    expect(status).toBe(143);
    expect(summaryOf(stdout)).toMatchObject({
      ...{ end: 'signal', problem: 'SIGTERM', exitStatus: 143, total: 2, finished: 0, interrupted: 1 },
    });
  });

  test.each([
    [
      'a check that failed',
      ['false', '#DISBATCH BARRIER CHECK', 'true'],
      [],
      0,
      { end: 'check-failed', problem: 'the check of barrier 1 failed' },
    ],
    ['-f', ['false', 'true'], ['-f'], 1, { end: 'fail-fast', problem: null, exitStatus: 1, finished: 1, total: 2 }],
  ])('says that it was ended by %s', async (_, lines, words, status, shows) => {
    const folder = testFolder();
    const run = await runDisbatch(['-s', 'localhost:1', '-p', 'run', '--json', ...words, writeTasks(folder, lines)], {
      cwd: folder,
    });
    expect(run.status).toBe(status);
    expect(summaryOf(run.stdout)).toMatchObject(shows);
  });

  test.each([
    ['a file', (folder: string) => ({ words: [writeTasks(folder, ['# nothing'])], input: undefined })],
    ['standard input', () => ({ words: ['-'], input: '' })],
  ])('is there when %s has no tasks', async (_, given) => {
    const folder = testFolder();
    const { words, input } = given(folder);
    const run = await runDisbatch(['-s', 'localhost:1', '-p', 'run', '--json', ...words], {
      cwd: folder,
      ...(input === undefined ? {} : { input }),
    });
    expect(run.status).toBe(0);
    expect(summaryOf(run.stdout)).toMatchObject({ exitStatus: 0 });
    expect(run.stderr).toBe('No tasks to run.\n');
  });

  test('prints nothing when the run cannot begin', async () => {
    const folder = testFolder();
    const run = await runDisbatch(['-s', 'localhost:1', '--json', 'nosuch'], { cwd: folder });
    expect([run.status, run.stdout]).toEqual([1, '']);
    expect(run.stderr).toMatch(/^disbatch: /);
  });
});
