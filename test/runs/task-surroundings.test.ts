/**
 * What a task finds around it: its environment, its session, its descriptors, its limits; and how its end is recorded.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRecords, runDisbatch, statusFile, testFolder, writeTasks } from '../support/run-disbatch.ts';

/** The variables in a file that `env -0` wrote. */
function variables(path: string): Record<string, string> {
  return Object.fromEntries(
    readFileSync(path, 'utf8')
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry): [string, string] => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

describe.each(['native', 'portable'])('with the %s launcher', (launcher) => {
  test('the environment is that of the command, and what the original adds, and nothing else', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, [
      '#DISBATCH PERENGINE START env -0 > start.env',
      '#DISBATCH REPEAT 2 start 41 env -0 > $DISBATCH_TASKID.env',
    ]);
    const env = {
      PATH: process.env['PATH'],
      HOME: folder,
      'BASH_FUNC_module%%': '() {  echo "$@"\n}',
      ODD: ' two\nlines, (parentheses) "quotes" = é ',
      EMPTY: '',
      'with-dash': 'kept',
      NODE_OPTIONS: '--no-warnings',
      SHLVL: '3',
      PWD: folder,
    };
    await runDisbatch(['-s', 'localhost:3', '-c', '1.5', '-t', '2', '--launcher', launcher, tasks], {
      cwd: folder,
      env,
    });
    const status = statusFile(folder);
    const bash = ['SHLVL', '_', 'OLDPWD', 'PWD'];
    const seen = (name: string): Record<string, string> =>
      Object.fromEntries(
        Object.entries(variables(join(folder, name))).filter(([variable]) => !bash.includes(variable)),
      );
    const common = {
      ...Object.fromEntries(Object.entries(env).filter(([name]) => !bash.includes(name))),
      DISBATCH_JOBID: basename(status).replace('_status.txt', ''),
      DISBATCH_NAMETASKS: 'Tasks',
      DISBATCH_CORES_PER_TASK: '1',
      DISBATCH_ENGINE_RANK: '0',
    };
    const second = seen('1.env');
    expect(second['DISBATCH_RUN_ID']).toMatch(/^[0-9a-f]{16}$/);
    expect(second['DISBATCH_KVSSTCP_HOST']).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(['0', '1']).toContain(second['DISBATCH_CYLINDER_RANK']);
    const ofRun = {
      DISBATCH_RUN_ID: second['DISBATCH_RUN_ID'],
      DISBATCH_KVSSTCP_HOST: second['DISBATCH_KVSSTCP_HOST'],
    };
    expect(second).toEqual({
      ...common,
      ...ofRun,
      DISBATCH_CYLINDER_RANK: second['DISBATCH_CYLINDER_RANK'],
      DISBATCH_TASKID: '1',
      DISBATCH_TASKID_ZP: '000001',
      DISBATCH_REPEAT_INDEX: '42',
      DISBATCH_REPEAT_INDEX_ZP: '000042',
      DISBATCH_STREAM_INDEX: '2',
      DISBATCH_STREAM_INDEX_ZP: '000002',
    });
    expect(seen('start.env')).toEqual({
      ...common,
      ...ofRun,
      DISBATCH_CYLINDER_RANK: '-1',
      DISBATCH_TASKID: '0',
      DISBATCH_TASKID_ZP: '000000',
      DISBATCH_REPEAT_INDEX: '-1',
      DISBATCH_REPEAT_INDEX_ZP: '-00001',
      DISBATCH_STREAM_INDEX: '1',
      DISBATCH_STREAM_INDEX_ZP: '000001',
    });
    // As if the user's own shell had started it: no shell of ours in between counts.
    await runDisbatch(['--norc', '-c', 'env -0 > direct.env'], { cwd: folder, env, command: '/bin/bash' });
    const [task, direct] = [variables(join(folder, '0.env')), variables(join(folder, 'direct.env'))];
    for (const name of ['SHLVL', 'PWD', 'OLDPWD']) expect([name, task[name]]).toEqual([name, direct[name]]);
  });

  test('a value that is not UTF-8 reaches it byte for byte', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['env -0 > task.env']);
    const disbatch = join(import.meta.dirname, '../../dist/disbatch');
    const script = `export LATIN=$'caf\\xe9' REAL=$'\\xef\\xbf\\xbd' BOTH=$'\\xff\\xc3\\xa9'; exec ${disbatch} -s localhost:1 --launcher ${launcher} ${tasks}`;
    await runDisbatch(['--norc', '-c', script], { cwd: folder, command: '/bin/bash' });
    const entries = readFileSync(join(folder, 'task.env'), 'latin1').split('\0');
    expect(entries).toContain('LATIN=caf\xe9');
    expect(entries).toContain('REAL=\xef\xbf\xbd');
    expect(entries).toContain('BOTH=\xff\xc3\xa9');
  });

  test('it runs in the folder of the command, in a session of its own, with /dev/null, two pipes and nothing more', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, [
      'pwd; read line || echo end of file',
      'ps -o pid=,sid=,pgid= $$',
      'readlink /proc/$$/fd/{0,1,2,3,4,5,6,7,8,9,10,11,12,255} > descriptors; true',
      'echo out > /dev/stdout; echo err > /dev/stderr',
    ]);
    await runDisbatch(['-s', 'localhost:1', '--launcher', launcher, tasks], { cwd: folder });
    const [first, second, third, fourth] = readRecords(statusFile(folder));
    expect(first?.outputSnippet).toContain(`/${basename(folder)}\nend of file\n`);
    expect(second?.outputSnippet.trim().split(/\s+/)).toEqual([1, 2, 3].map(() => String(second?.pid)));
    expect(third?.exitCode).toBe(0);
    const pipe = launcher === 'native' ? String.raw`pipe:\[\d+\]` : String.raw`\S+/disbatch-pipes-\S+ \(deleted\)`;
    const descriptors = readFileSync(join(folder, 'descriptors'), 'utf8');
    expect(descriptors).toMatch(new RegExp(`^/dev/null\\n${pipe}\\n${pipe}\\n$`));
    expect(fourth).toMatchObject({ exitCode: 0, outputSnippet: 'out\n', errorSnippet: 'err\n' });
  });

  test('the limit on open files is the one that the command was started with', async () => {
    const folder = testFolder();
    const tasks = writeTasks(folder, ['ulimit -Sn; ulimit -Hn']);
    const disbatch = join(import.meta.dirname, '../../dist/disbatch');
    const script = `ulimit -Sn 777; exec ${disbatch} -s localhost:1 --launcher ${launcher} ${tasks}`;
    await runDisbatch(['--norc', '-c', script], { cwd: folder, command: '/bin/bash' });
    expect(readRecords(statusFile(folder))[0]?.outputSnippet).toMatch(/^777\n\d+\n$/);
  });

  test('every exit code from 0 to 255 is recorded as bash has it, and every signal that kills as its negative', async () => {
    const folder = testFolder();
    const codes = Array.from({ length: 256 }, (_, code) => code);
    // bash ignores QUIT; CHLD, CONT, URG and WINCH end nothing; four more only stop.
    const spared = [3, 17, 18, 19, 20, 21, 22, 23, 28];
    const signals = Array.from({ length: 31 }, (_, i) => i + 1).filter((signal) => !spared.includes(signal));
    const tasks = writeTasks(folder, [
      ...codes.map((code) => `exit ${code}`),
      ...signals.map((signal) => `ulimit -c 0; kill -${signal} $$; sleep 1000`),
    ]);
    await runDisbatch(['-s', 'localhost:4', '--launcher', launcher, tasks], { cwd: folder });
    const records = readRecords(statusFile(folder)).sort((a, b) => a.taskId - b.taskId);
    expect(records.map((record) => record.exitCode)).toEqual([...codes, ...signals.map((signal) => -signal)]);
  });

  test('a command that the system cannot take, or that holds a NUL, is recorded as failed with the reason', async () => {
    const folder = testFolder();
    const long = `: ${'x'.repeat(131_072 - 2)}`;
    const tasks = writeTasks(folder, Buffer.from(`${long}\necho a\0b\n${long.slice(0, -1)}\n`, 'latin1'));
    await runDisbatch(['-s', 'localhost:1', '--launcher', launcher, tasks], { cwd: folder });
    const [tooLong, nul, justFits] = readRecords(statusFile(folder)).sort((a, b) => a.taskId - b.taskId);
    expect(tooLong).toMatchObject({ pid: -1, exitCode: 7, outputBytes: 0 });
    expect(tooLong?.errorSnippet).toMatch(/^Argument list too long/);
    expect(nul).toMatchObject({ pid: -1, exitCode: 200 });
    expect(nul?.errorSnippet).toContain('NUL');
    expect(justFits).toMatchObject({ exitCode: 0 });
  });
});

test('with less than a core for each task, DISBATCH_CORES_PER_TASK is 1', async () => {
  const folder = testFolder();
  const tasks = writeTasks(folder, ['echo $DISBATCH_CORES_PER_TASK']);
  await runDisbatch(['-s', 'localhost:2', '-c', '0.5', tasks], { cwd: folder });
  expect(readRecords(statusFile(folder))[0]?.outputSnippet).toBe('1\n');
});
