/**
 * What a mistake brings: one sentence that says what, where and what to do, the right exit status, and nothing run.
 */
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runDisbatch, testFolder, writeTasks } from '../support/run-disbatch.ts';

async function complain(args: readonly string[], tasks: string | readonly string[] = 'touch ran\n'): Promise<string> {
  const folder = testFolder();
  writeTasks(folder, tasks);
  const run = await runDisbatch(args, { cwd: folder });
  expect(run.stderr).not.toMatch(/\n\s+at /);
  expect(readdirSync(folder)).not.toContain('ran');
  expect(run.stdout).toBe('');
  return `${run.status} ${run.stderr}`;
}

describe('on the command line', () => {
  test.each([
    [['-s', 'localhost:1'], '2 disbatch: Which tasks? Name a file with one command a line: disbatch Tasks\n'],
    [['--nosuch', 'Tasks'], "2 disbatch: Unknown option '--nosuch'. See disbatch --help.\n"],
    [['--qiet', 'Tasks'], "2 disbatch: Unknown option '--qiet' (Did you mean --quiet?) See disbatch --help.\n"],
    [['-x', 'Tasks'], "2 disbatch: Unknown option '-x'. See disbatch --help.\n"],
    [['--lo', 'INFO', 'Tasks'], '2 disbatch: --lo could be --logfile or --loglevel. Write more of it.\n'],
    [
      ['-c', '0', 'Tasks'],
      "2 disbatch: Option '-c, --cpusPerTask <N>' argument '0' is invalid. It must be a number above 0. See disbatch --help.\n",
    ],
    [
      ['-s', 'localhost', 'Tasks'],
      '2 disbatch: -s: "localhost" is not HOST:CORES. Write, for example, -s localhost:4.\n',
    ],
    [
      ['-s', 'localhost:1', 'Tasks', 'more'],
      '2 disbatch: One task file at a time: "more" is one word too many. Is a blank unquoted?\n',
    ],
    [
      ['--loglevel', 'LOUD', 'Tasks'],
      "2 disbatch: Option '--loglevel <LEVEL>' argument 'LOUD' is invalid. It can be CRITICAL or ERROR or WARNING or INFO or DEBUG. See disbatch --help.\n",
    ],
    [
      ['-s', 'localhost:1', '-c', '2', 'Tasks'],
      /^1 disbatch: No slot can be made: \S+ has 1 core for this run, and a task needs 2 \(-c\)\. Give more cores with -s or fewer with -c\.\n$/,
    ],
  ] as const)('%j', async (args, expected) => {
    const said = await complain(args);
    if (typeof expected === 'string') expect(said).toBe(expected);
    else expect(said).toMatch(expected);
  });
});

describe('about files', () => {
  test('a task file that is not there', async () => {
    expect(await complain(['-s', 'localhost:1', 'NoTasks'])).toBe(
      '1 disbatch: The task file NoTasks cannot be read: no such file or directory. Name a file with one command a line, or - for standard input.\n',
    );
  });

  test('a folder as the task file', async () => {
    expect(await complain(['-s', 'localhost:1', '.'])).toMatch(
      /^1 disbatch: The task file \. cannot be read: it is a folder\./,
    );
  });

  test('a prefix in a folder that is not there', async () => {
    expect(await complain(['-s', 'localhost:1', '-p', 'no/such', 'Tasks'])).toMatch(
      /^1 disbatch: There is no folder \S+\/no for the files of this run\. Make it \(mkdir -p '\S+\/no'\), or choose another with -p\.\n$/,
    );
    expect(await complain(['-s', 'localhost:1', '-p', 'nosuch/', 'Tasks'])).toMatch(/There is no folder \S+\/nosuch /);
  });

  test('a folder that may not be written to', async () => {
    const folder = testFolder();
    writeTasks(folder, ['touch ran']);
    mkdirSync(join(folder, 'closed'));
    chmodSync(join(folder, 'closed'), 0o555);
    // root may write anywhere: a file where a folder is needed stands for it.
    writeFileSync(join(folder, 'closed_driver.log'), '');
    chmodSync(join(folder, 'closed_driver.log'), 0o444);
    const asRoot = process.getuid?.() === 0;
    const prefix = asRoot ? '/proc/closed' : 'closed';
    const run = await runDisbatch(['-s', 'localhost:1', '-p', prefix, 'Tasks'], { cwd: folder });
    expect(run.status).toBe(1);
    expect(run.stderr).toMatch(
      /^disbatch: The file \S+_driver\.log cannot be written \([a-z ]+\)\. Choose a place that you may write to with -p\.\n$/,
    );
    expect(readdirSync(folder)).not.toContain('ran');
  });

  test('mistaken directives: all of them at once, with line, text and what was meant', async () => {
    const said = await complain(
      ['-s', 'localhost:1', 'Tasks'],
      [
        'touch ran',
        '#DISBATCH BARIER',
        '#DISBATCH REPEAT echo',
        'true',
        '#DISBATCH PERENGINE START true',
        '#DISBATCH PREFIX',
      ],
    );
    expect(said).toMatch(/^1 disbatch: Tasks:2: "#DISBATCH BARIER" .*did you mean "#DISBATCH BARRIER"/);
    expect(said).toMatch(/\nTasks:3: "#DISBATCH REPEAT echo" /);
    expect(said).toMatch(/\nTasks:5: "#DISBATCH PERENGINE START true" comes too late/);
    expect(said).toMatch(/\nTasks:6: "#DISBATCH PREFIX" /);
    expect(said).toContain('--unknown-directives warn');
  });

  test('a mistaken directive on standard input ends the run when it comes, and what ran before is recorded', async () => {
    const folder = testFolder();
    const input = 'echo one\n#DISBATCH BARIER\necho two\n';
    const run = await runDisbatch(['-s', 'localhost:1', '-p', 'x', '-'], { cwd: folder, input });
    expect(run.status).toBe(1);
    expect(run.stderr).toContain('standard input:2: "#DISBATCH BARIER"');
    expect(run.stderr).toContain('disbatch -r ');
  });

  test('with --unknown-directives warn a mistake is seen and passed over', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['echo one', '#DISBATCH BARIER', 'echo two']);
    const run = await runDisbatch(['-s', 'localhost:1', '-q', '--unknown-directives', 'warn', tasks], { cwd: folder });
    expect(run.status).toBe(0);
    expect(run.stderr).toBe(
      'Warning: Tasks:2: "#DISBATCH BARIER" is no directive that disBatch knows; did you mean "#DISBATCH BARRIER"?\n',
    );
  });

  test('an empty task file is no mistake, but said', async () => {
    for (const text of ['', '# nothing\n\n', '#DISBATCH REPEAT 0 true\n']) {
      const folder = testFolder();
      const run = await runDisbatch(['-s', 'localhost:1', writeTasks(folder, text)], { cwd: folder });
      expect(run).toMatchObject({ status: 0, stderr: 'No tasks to run.\n' });
      const streamed = await runDisbatch(['-s', 'localhost:1', '-'], { cwd: folder, input: text });
      expect(streamed).toMatchObject({ status: 0, stderr: 'No tasks to run.\n' });
    }
  });
});

/** An environment whose PATH has what disbatch needs of a machine, and these commands, but no resource manager's. */
function bareMachine(...commands: readonly string[]): NodeJS.ProcessEnv {
  const folder = testFolder();
  symlinkSync(process.execPath, join(folder, 'node'));
  for (const command of commands) writeFileSync(join(folder, command), '#!/bin/sh\n', { mode: 0o755 });
  return { ...process.env, PATH: folder };
}

describe('about where to run', () => {
  test('without -s all cores are used, and said', async () => {
    const folder = testFolder();
    const run = await runDisbatch([writeTasks(folder, 'true\n')], { cwd: folder, env: bareMachine() });
    expect(run.status).toBe(0);
    expect(run.stderr).toMatch(/^No -s given: using all \d+ cores? of this machine, \d+ tasks at a time\.\n/);
  });

  test.each(['sbatch', 'qsub'])('without -s on a machine with %s it is asked for', async (command) => {
    const folder = testFolder();
    const env = bareMachine(command);
    const run = await runDisbatch([writeTasks(folder, ': >ran\n')], { cwd: folder, env });
    expect(run.status).toBe(2);
    expect(run.stderr).toContain(`There is ${command} on this machine`);
    expect(run.stderr).toContain('-s localhost:CORES');
    expect(readdirSync(folder)).not.toContain('ran');
  });

  test('inside a Slurm job whose nodes cannot be told it says so, and does not look for other hosts', async () => {
    const folder = testFolder();
    const env = { ...bareMachine(), SLURM_JOBID: '7', DISBATCH_SSH_NODELIST: 'localhost:2' };
    const run = await runDisbatch([writeTasks(folder, ': >ran\n')], { cwd: folder, env });
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('This is inside the Slurm job 7, but SLURM_JOB_NODELIST does not say');
    const named = await runDisbatch([writeTasks(folder, ': >ran\n')], {
      cwd: folder,
      env: { ...env, SLURM_JOB_NODELIST: 'node1' },
    });
    expect(named.status).toBe(2);
    expect(named.stderr).toMatch(/The nodes of this Slurm job \(node1\) cannot be told: scontrol .*ENOENT/);
    expect(readdirSync(folder)).not.toContain('ran');
  });

  test('DISBATCH_SSH_NODELIST is taken where -s is not given', async () => {
    const folder = testFolder();
    const env = { ...process.env, DISBATCH_SSH_NODELIST: 'localhost:3, localhost:2' };
    const run = await runDisbatch(['--dry-run', writeTasks(folder, 'true\n')], { cwd: folder, env });
    expect(run.stdout).toMatch(/^# \S+: 5 slots, cores for each: 1\n/);
  });
});
