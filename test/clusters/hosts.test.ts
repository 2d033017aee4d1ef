/** Runs over several hosts with a real sshd: who takes part, what tasks find there, and what is said of hosts that fail. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { BedRun, waitFor } from './bed-run.ts';
import { startBed, type Bed } from './bed.ts';

beforeEach((ctx) => skipWithout(ctx, 'namespaces', 'sshd'));

/** A per-engine task that waits until it runs on all of the hosts, so that none begins before the others. */
function together(...hosts: readonly string[]): string {
  const all = hosts.map((host) => `[ -e here-${host} ]`).join(' && ');
  return `#DISBATCH PERENGINE START touch here-$(hostname); ${waitFor(`{ ${all}; }`)}`;
}

/** How often each value is there. */
function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** A folder that all hosts have, outside of the homes. */
async function sharedFolder(bed: Bed, name: string): Promise<string> {
  const folder = join(bed.folder, 'shared', name);
  mkdirSync(folder, { recursive: true });
  await bed.run(['chown', '-R', 'alice:alice', dirname(folder)], { user: 'root' });
  return folder;
}

/** The variables in a file that `env -0` wrote. */
function variables(path: string): Record<string, string> {
  const entries = readFileSync(path, 'utf8').split('\0').slice(0, -1);
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

describe('hosts', () => {
  test('share 1,000 short tasks, each of which is recorded once with the host that ran it', async () => {
    const bed = await startBed({ nodes: 3 });
    const hosts = ['node1', 'node2', 'node3'];
    const tasks = [together(...hosts), ...Array.from({ length: 1000 }, () => 'true')];
    const run = BedRun.of(bed, ['-s', 'node1:2,node2:2,node3:2'], tasks);
    const { status, stderr } = await run.finished();
    expect(status).toBe(0);
    expect(stderr).toContain('1,000 tasks run, none failed');
    const records = run.taskRecords();
    expect(records.map(({ taskId }) => taskId)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(records.map(({ lineNumber }) => lineNumber)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 2));
    expect(records.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
    const shares = tally(records.map(({ node }) => node));
    expect(Object.keys(shares).sort()).toEqual(hosts);
    for (const share of Object.values(shares)) expect(share).toBeGreaterThan(100);
    await run.nothingRuns();
    expect(run.left()).toEqual([]);
  });

  test('get tasks as they have slots, in the order of the file, so that those beside each other may wait for each other', async () => {
    const bed = await startBed({ nodes: 2 });
    // A task ends when all five of its wave run: five at a time, on five slots, and none of a later wave before them.
    const wave = (i: number): string[] =>
      Array.from({ length: 5 }, (_, k) => `touch w${i}-${k}; ${waitFor(`[ "$(ls w${i}-* | wc -l)" = 5 ]`)}`);
    const tasks = Array.from({ length: 8 }, (_, i) => wave(i)).flat();
    const run = BedRun.of(bed, ['-s', 'node1:4,node2:1'], tasks);
    expect((await run.finished()).status).toBe(0);
    expect(tally(run.taskRecords().map(({ node }) => node))).toEqual({ node1: 32, node2: 8 });
  });

  test('and the own host are used together, as -c, -t, -l and the list in the environment say', async () => {
    const bed = await startBed({ nodes: 1 });
    const folder = await sharedFolder(bed, 'a folder');
    const run = BedRun.of(
      bed,
      ['-c', '1.5', '-l', 'lab'],
      [
        '#DISBATCH PERENGINE START echo $DISBATCH_CYLINDER_RANK $DISBATCH_ENGINE_RANK on $(hostname) >>started',
        '#DISBATCH PERENGINE STOP echo $(hostname) >>stopped',
        `#DISBATCH REPEAT 5 start 3 step 2 env -0 >env-$DISBATCH_TASKID; ${waitFor('[ -e env-4 ]')}`,
      ],
      { cwd: folder, env: { DISBATCH_SSH_NODELIST: 'localhost:3,node1:2,node1:3', ONLY_HERE: 'yes' } },
    );
    const { status } = await run.finished();
    expect(status).toBe(0);
    // 3 // 1.5 and (2 + 3) // 1.5.
    const records = run.taskRecords();
    expect(tally(records.map(({ node }) => node))).toEqual({ head: 2, node1: 3 });
    expect(run.lines('started').sort()).toEqual(['-1 0 on head', '-1 1 on node1']);
    expect(run.lines('stopped').sort()).toEqual(['head', 'node1']);

    for (const { taskId, node } of records) {
      const env = variables(join(folder, `env-${taskId}`));
      const padded = (value: number): string => String(value).padStart(6, '0');
      expect(env).toMatchObject({
        DISBATCH_JOBID: 'run',
        DISBATCH_NAMETASKS: 'run.tasks',
        DISBATCH_CORES_PER_TASK: '1',
        DISBATCH_ENGINE_RANK: node === 'head' ? '0' : '1',
        DISBATCH_STREAM_INDEX: '3',
        DISBATCH_STREAM_INDEX_ZP: '000003',
        DISBATCH_REPEAT_INDEX: String(3 + 2 * taskId),
        DISBATCH_REPEAT_INDEX_ZP: padded(3 + 2 * taskId),
        DISBATCH_TASKID: String(taskId),
        DISBATCH_TASKID_ZP: padded(taskId),
        PWD: folder,
        USER: 'alice',
      });
      expect(env['DISBATCH_KVSSTCP_HOST']).toMatch(/^127\.0\.0\.1:\d+$/);
      // The environment of the shell that started the run is not that of a login on another host.
      expect(env['ONLY_HERE']).toBe(node === 'head' ? 'yes' : undefined);
      expect(Object.keys(env).filter((name) => /_disbatch|STARTED_WITH/.test(name))).toEqual([]);
    }
    const ranks = records.map(({ taskId, node }) => {
      return `${node} ${variables(join(folder, `env-${taskId}`))['DISBATCH_CYLINDER_RANK']}`;
    });
    expect(ranks.sort()).toEqual(['head 0', 'head 1', 'node1 0', 'node1 1', 'node1 2']);

    expect(run.files()).toEqual(
      [
        ...['_dbUtil.sh', '_driver.log', '_lab.context.log', '_status.txt'],
        ...['_lab_head_engine_0.log', '_lab_head_engine_wrap.log'],
        ...['_lab_node1_engine_1.log', '_lab_node1_engine_wrap.log'],
      ].sort(),
    );
    expect(run.read('run_lab.context.log')).toMatch(
      /engine 0 on head: 2 slots, 3 cores\n.*engine 1 on node1: 3 slots, 5/,
    );
    expect(run.read('run_lab_node1_engine_1.log')).toMatch(/ on node1 \(PID \d+\), connected to /);

    const three = waitFor('[ -e t-0 ] && [ -e t-1 ] && [ -e t-2 ]');
    const fixed = BedRun.of(
      bed,
      ['-s', 'node1:1', '-t', '3', '-q'],
      [0, 1, 2].map((i) => `touch t-${i}; ${three}`),
      { name: 'fixed' },
    );
    expect(await fixed.finished()).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(fixed.files()).toContain('_SSH0_node1_engine_0.log');
  });
});

describe('hosts that fail', () => {
  test('leave the run to the others, and what they said reaches the user', async () => {
    const bed = await startBed({
      nodes: 6,
      down: [3],
      withoutSshd: [2],
      sshd: { 4: ['AuthorizedKeysFile none'] },
    });
    const folder = await sharedFolder(bed, 'work');
    await bed.on(5, ['mount', '--bind', '/dev/null', bed.node]);
    await bed.on(6, ['mount', '-t', 'tmpfs', 'tmpfs', dirname(folder)]);
    const hosts = ['node1:1', 'node2:1', 'node3:1', 'node4:1', 'node5:1', 'node6:1', 'nowhere:1', 'node1:1'];
    const run = BedRun.of(
      bed,
      ['-s', hosts.join()],
      [`touch a; ${waitFor('[ -e b ]')}`, `touch b; ${waitFor('[ -e go ]')}`],
      {
        cwd: folder,
      },
    );
    // It is not waited for those that fail.
    await run.has('a', 'b');
    const sentences = [
      'node2: connect to host node2 port 22: Connection refused.',
      'node3: connect to host node3 port 22: No route to host.',
      'node4: Permission denied (publickey).',
      `node5: there is no Node at ${bed.node}, its path on the host where the run was started; install it there at the same path, or use one on a shared disk.`,
      `node6: the folder ${folder} is not there; the hosts of a run share the folder it is started in.`,
      /^nowhere: Could not resolve hostname nowhere: .*\.$/m,
    ];
    for (const sentence of sentences) {
      await run.until(String(sentence), () =>
        typeof sentence === 'string'
          ? run.command.stderr().includes(`${sentence}\n`)
          : sentence.test(run.command.stderr()),
      );
    }
    run.touch('go');
    const { status, stderr } = await run.finished();
    expect(status).toBe(0);
    expect(stderr).toContain('2 tasks run, none failed');
    expect(stderr.match(/^node\d: /gm)).toHaveLength(5);
    // Named twice: one engine with two slots.
    expect(run.taskRecords().map(({ node }) => node)).toEqual(['node1', 'node1']);
    expect(run.files().filter((name) => /node1_engine_\d/.test(name))).toEqual(['_SSH0_node1_engine_0.log']);
    expect(run.read('run_SSH0.context.log')).toContain('engine 0 on node1: 2 slots, 2 cores');
    expect(run.read('run_SSH0_node4_engine_wrap.log')).toContain('Permission denied (publickey)');
  });

  test('end the run with a sentence and the command that resumes it when none is left', async () => {
    const bed = await startBed({ nodes: 2, sshd: { 1: ['DenyUsers alice'] } });
    const run = BedRun.of(bed, ['-s', 'node1:1,nowhere:1'], ['touch never', 'true']);
    const { status, stderr } = await run.finished();
    expect(status).toBe(1);
    expect(stderr).toContain('node1: Permission denied (publickey).\n');
    expect(stderr).toMatch(/^ {2}No engine is left to run tasks: (node1|nowhere): .*\. 2 tasks are left\.$/m);
    const [, resume] = /resume:\n +(disbatch -r .*)\n/.exec(stderr) ?? [];
    expect(resume).toContain('-s node1:1,nowhere:1');
    expect(run.taskRecords()).toEqual([]);
    expect(existsSync(join(run.folder, 'never'))).toBe(false);
    expect(run.left()).toEqual([]);

    // What it printed is a command, and does the rest where there is a host that works.
    const words = resume?.replace('node1:1', 'node2:1') ?? '';
    const again = await bed.run(['bash', '-c', `PATH=${bed.program}:$PATH; ${words}`], { cwd: run.folder });
    expect(again.status).toBe(0);
    expect(existsSync(join(run.folder, 'never'))).toBe(true);
  });
});

test('40 hosts at once behind one sshd with MaxStartups 3:50:5 all take part', async () => {
  const bed = await startBed({ nodes: 1, sshd: { 1: ['MaxStartups 3:50:5'] } });
  const hosts = Array.from({ length: 40 }, (_, i) => `many-${i + 1}`);
  mkdirSync(join(bed.home('alice'), 'there'), { mode: 0o777 });
  await bed.run(['chmod', '777', 'there'], { user: 'root', cwd: bed.home('alice') });
  const run = BedRun.of(
    bed,
    ['-s', hosts.map((host) => `${host}:1`).join()],
    Array.from({ length: 40 }, () => `touch there/$DISBATCH_ENGINE_RANK; until [ -e go ]; do sleep 0.3; done`),
  );
  await run.until('a task runs on each', () => readdirSync(join(run.folder, 'there')).length === 40);
  run.touch('go');
  const { status, stderr } = await run.finished();
  expect(status).toBe(0);
  expect(stderr).toContain('40 tasks run, none failed');
  expect(stderr).not.toMatch(/many-\d/);
  expect(run.taskRecords().map(({ node }) => node)).toEqual(hosts.map(() => 'node1'));
  // sshd did drop some, or this test shows nothing.
  expect(run.read('run_SSH0.context.log')).toMatch(/many-\d+: Connection (closed|reset) by .*; tried again/);
  expect(run.files().filter((name) => /_SSH0_many-\d+_engine_\d+\.log$/.test(name))).toHaveLength(40);
});
