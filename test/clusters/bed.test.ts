/** The bed itself: what the other tests of this folder take for granted. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { lives, testFolder, until } from '../support/run-disbatch.ts';
import { startBed, type Bed } from './bed.ts';
import { deleteGridEngineJob, gridEngineJobEnded, gridEngineJobIs, submitGridEngine } from './grid-engine.ts';
import {
  jobEnded,
  jobIs,
  jobNodes,
  jobState,
  nodesIdle,
  nodeStates,
  setNodeDown,
  stepProcesses,
  submit,
} from './slurm.ts';

beforeEach((ctx) => skipWithout(ctx, 'namespaces', 'sshd'));

/** A folder with one file, which only its owner can read. */
function program(): string {
  const folder = testFolder();
  writeFileSync(join(folder, 'marker'), 'here', { mode: 0o600 });
  return folder;
}

function commandIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

test('hosts have names, processes and networks of their own, and a file system together', async () => {
  const bed = await startBed({ nodes: 2, program: program() });
  const all = 'hostname; id -un; pwd; cat "$1"; ls /proc | grep -c "^[0-9]"';
  for (const [user, host] of [
    ['alice', 'node1'],
    ['bob', 'node2'],
    ['root', 'node1'],
  ] as const) {
    const home = user === 'root' ? '/root' : bed.home(user);
    const { status, stdout, stderr } = await bed.run(['ssh', host, `sh -c '${all}' sh ${bed.program}/marker`], {
      user,
    });
    expect(stderr).not.toContain('denied');
    expect(status).toBe(0);
    const [name, who, where, marker] = stdout.replace('here', 'here\n').split('\n');
    expect([name, who, where, marker]).toEqual([host, user, home, 'here']);
  }
  const { stdout } = await bed.run(['sh', '-c', 'hostname; "$1" -p 1+1', 'sh', 'node'], { cwd: '/' });
  expect(stdout).toBe('head\n2\n');
  expect((await bed.on(2, ['hostname'])).trim()).toBe('node2');
});

test('two beds are up at a time and do not see each other', async () => {
  const [first, second] = await Promise.all([1, 2].map(() => startBed({ nodes: 1, program: program() })));
  await first?.crash(1);
  const { status, stdout } = (await second?.run(['ssh', 'node1', 'hostname'])) ?? {};
  expect([status, stdout]).toEqual([0, 'node1\n']);
  expect(second?.folder).not.toBe(first?.folder);
});

test('a host crashes, and is back when it is booted', async () => {
  const bed = await startBed({ nodes: 1, program: program() });
  const reach = ['ssh', '-o', 'ConnectTimeout=1', 'node1', 'hostname'];
  const child = await bed.on(1, ['sh', '-c', 'setsid sleep 1234 >/dev/null 2>&1 & echo $!']);
  expect(child).toMatch(/^\d+\n$/);
  await bed.crash(1);
  expect((await bed.run(reach)).status).toBe(255);
  await bed.boot(1);
  expect((await bed.run(reach)).stdout).toBe('node1\n');
  expect(await bed.on(1, ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'])).not.toContain('sleep 1234');
});

test('a host that is cut off cannot be reached and goes on; healed, it is as before', async () => {
  const bed = await startBed({ nodes: 1, program: program() });
  const command = bed.start(
    ['ssh', 'node1', 'read line; echo $line; i=0; while [ ! -e stop ]; do sleep 0.05; done; echo end'],
    {
      input: 'begun\n',
    },
  );
  await until('it runs', () => command.stdout() === 'begun\n');
  await bed.cut(1);
  expect((await bed.run(['ssh', '-o', 'ConnectTimeout=1', 'node1', 'true'])).status).toBe(255);
  await bed.run(['touch', 'stop']);
  expect(command.stdout()).toBe('begun\n');
  await bed.heal(1);
  expect((await command.finished).stdout).toBe('begun\nend\n');
});

test('a frozen host does nothing until it is thawed', async () => {
  const bed = await startBed({ nodes: 1, program: program() });
  const states = (): Promise<string> => bed.on(1, ['sh', '-c', 'grep -h ^State: /proc/[0-9]*/status']);
  await bed.on(1, ['sh', '-c', 'setsid sleep 1000 >/dev/null 2>&1 &']);
  await bed.freeze(1);
  expect(await states()).toContain('T (stopped)');
  await bed.thaw(1);
  expect(await states()).not.toContain('T (stopped)');
});

test('a command on the head can be killed, and the bed takes what is left with it', async () => {
  const folder = testFolder();
  const script = join(import.meta.dirname, 'bed.sh');
  const bed = await startBed({ nodes: 1, program: program() });
  const command = bed.start(['sleep', '1000']);
  await until('it runs', () => bed.commandsOf('alice').includes('sleep 1000'));
  command.kill('SIGKILL');
  expect((await command.finished).signal ?? 'SIGKILL').toBe('SIGKILL');
  await until('it is gone', () => !bed.commandsOf('alice').includes('sleep 1000'));

  // By hand, without a test that would end it: its standard input ends, and all of it is gone.
  writeFileSync(join(folder, 'settings'), `NODES=1\nUSERS=alice\nSERVICES=\nDOWN=\nNODE=${process.execPath}\n`);
  const { stdout, status } = spawnSync('bash', [script, 'up', folder], { input: '', encoding: 'utf8' });
  expect([stdout, status]).toEqual(['ready\n', 0]);
  expect(existsSync('/run/netns/node1')).toBe(false);
  expect(readFileSync('/etc/hosts', 'utf8')).not.toContain('10.77.0.11');
  const { stdout: left } = spawnSync('sh', ['-c', `grep -l ${folder} /proc/[0-9]*/cmdline 2>/dev/null`], {
    encoding: 'utf8',
  });
  expect(left.split('\n').filter((file) => file !== '' && commandIn(file).startsWith('bash'))).toEqual([]);
});

/** What of the bed has not gone with it. */
function leftOf(bed: Bed, pids: readonly number[]): unknown[] {
  return [
    ...pids.filter((pid) => lives(pid)),
    ...readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(bed.folder)),
    ...(existsSync(bed.folder) ? [bed.folder] : []),
  ];
}

/** Names, sizes and times of a folder's files. */
function filesOf(folder: string): string {
  return spawnSync('find', [folder, '-printf', '%p %s %T@\n'], { encoding: 'utf8' }).stdout;
}

describe('a bed with Slurm', () => {
  beforeEach((ctx) => skipWithout(ctx, 'slurm'));

  test('lets users run jobs over all nodes, and leaves nothing behind', async () => {
    const before = filesOf('/etc/slurm');
    const bed = await startBed({ nodes: 4, services: ['slurm'], program: program() });
    const hostnames = await bed.output(['srun', '-N4', 'sh', '-c', 'echo $(hostname) $(id -un)']);
    expect(hostnames.split('\n').sort()).toEqual(['', 'node1 alice', 'node2 alice', 'node3 alice', 'node4 alice']);

    const script = '#!/bin/bash\nhostname\nsrun --overlap hostname | sort\npwd\ncommand -v node\n';
    const id = await submit(bed, ['-N2', '-w', 'node[2-3]', '-o', 'out'], { user: 'bob', input: script });
    await jobEnded(bed, id);
    expect(readFileSync(join(bed.home('bob'), 'out'), 'utf8').split('\n')).toEqual([
      'node2',
      'node2',
      'node3',
      bed.home('bob'),
      bed.node,
      '',
    ]);
    expect([await jobState(bed, id), await jobNodes(bed, id)]).toEqual(['COMPLETED', ['node2', 'node3']]);

    const array = await submit(bed, ['--array=0-2', '-n4', '--wrap', 'srun sleep 1000']);
    await jobIs(bed, array, 'RUNNING');
    await until('each has a step', () => stepProcesses(bed).length === 6);
    const processes = bed.processes();
    const commands = processes.map(({ command }) => command);
    expect(commands).toEqual(expect.arrayContaining(['slurmctld', 'slurmd -N node1', 'slurmd -N node4']));
    const pids = processes.map(({ pid }) => pid);
    await bed.end();
    expect(leftOf(bed, pids)).toEqual([]);
    expect(filesOf('/etc/slurm')).toBe(before);
  });

  test('gives each task a GPU of its own', async () => {
    const bed = await startBed({
      ...{ nodes: 3, services: ['slurm'], program: program() },
      slurm: { gpus: 2, gpuNodes: 2, unevenCpus: { 2: 6 }, extra: ['SelectTypeParameters=CR_Core_Memory'] },
    });
    const resources = await bed.output(['sinfo', '-h', '-N', '-o', '%N %c %G']);
    expect(resources).toBe('node1 4 gpu:2\nnode2 6 gpu:2\nnode3 4 (null)\n');
    const words = [
      '-N2',
      '-n4',
      '--mem=100',
      '--gpus-per-task=1',
      'sh',
      '-c',
      'echo $(hostname) $CUDA_VISIBLE_DEVICES',
    ];
    const seen = await bed.run(['srun', ...words]);
    expect(seen.stderr).toBe('');
    expect(seen.stdout.split('\n').sort()).toEqual(['', 'node1 0', 'node1 1', 'node2 0', 'node2 1']);
  });

  test('binds tasks to processors with task/affinity', async () => {
    const bed = await startBed({
      ...{ nodes: 1, services: ['slurm'], program: program() },
      slurm: { cpus: 2, taskPlugin: 'affinity' },
    });
    const masks = await bed.output([
      'srun',
      '-n2',
      '--cpu-bind=cores',
      'sh',
      '-c',
      'grep Cpus_allowed_list /proc/$$/status',
    ]);
    expect(masks.split('\n').sort()).toEqual(['', 'Cpus_allowed_list:\t0', 'Cpus_allowed_list:\t1']);
  });

  test('knows of a node that is set down, of one that crashes, and when all are idle', async () => {
    const bed = await startBed({ nodes: 3, services: ['slurm'], program: program() });
    const id = await submit(bed, ['-N3', '--no-kill', '--wrap', 'srun --no-kill sleep 1000']);
    await until('each node has a step', () => stepProcesses(bed).length === 4);
    await setNodeDown(bed, 3);
    await jobIs(bed, id, 'RUNNING');
    expect(await nodeStates(bed)).toEqual({ node1: 'mixed', node2: 'mixed', node3: 'down' });
    await bed.output(['scancel', id]);
    await jobEnded(bed, id);
    expect(await jobState(bed, id)).toBe('CANCELLED');
    await nodesIdle(bed, [3]);
    expect(await nodeStates(bed)).toEqual({ node1: 'idle', node2: 'idle', node3: 'down' });
    await bed.output(['scontrol', 'update', 'nodename=node3', 'state=resume'], { user: 'root' });
    await bed.crash(2);
    await bed.boot(2);
    await nodesIdle(bed);
    expect((await bed.output(['srun', '-N3', 'hostname'])).split('\n').sort()).toEqual(['', 'node1', 'node2', 'node3']);
  });

  test('has sixteen nodes', async () => {
    const bed = await startBed({ nodes: 16, services: ['slurm'], program: program() });
    const names = new Set((await bed.output(['srun', '-N16', '-n64', 'hostname'])).trim().split('\n'));
    expect(names.size).toBe(16);
  });
});

describe('a bed with Grid Engine', () => {
  beforeEach((ctx) => skipWithout(ctx, 'grid-engine'));

  test('runs parallel jobs of users that start commands on the other nodes, and leaves nothing behind', async () => {
    const before = filesOf('/var/spool/gridengine');
    const bed = await startBed({ nodes: 2, services: ['grid-engine'], program: program() });
    const script = [
      '#!/bin/bash',
      'cut -d" " -f1,2 $PE_HOSTFILE | sort',
      'for host in $(cut -d" " -f1 $PE_HOSTFILE | sort); do',
      '  qrsh -inherit -nostdin $host "echo \\$(hostname) \\$(id -un); exit 3"; echo $?',
      'done',
    ].join('\n');
    const options = ['-pe', 'mpi', '4', '-j', 'y', '-o', 'out'];
    const id = await submitGridEngine(bed, options, { user: 'bob', input: script });
    await gridEngineJobEnded(bed, id);
    expect(readFileSync(join(bed.home('bob'), 'out'), 'utf8').split('\n')).toEqual([
      ...['node1 2', 'node2 2'],
      ...['node1 bob', '3', 'node2 bob', '3', ''],
    ]);

    const long = await submitGridEngine(bed, ['-b', 'y', '/bin/sleep', '1000'], { user: 'bob' });
    await gridEngineJobIs(bed, long, 'r');
    await until('it runs', () => bed.processes().some(({ command }) => command === '/bin/sleep 1000'));
    await deleteGridEngineJob(bed, long, { user: 'bob' });
    await gridEngineJobEnded(bed, long);
    await until('nothing of it runs', () => !bed.processes().some(({ command }) => command.endsWith('sleep 1000')));

    const pids = bed.processes().map(({ pid }) => pid);
    await bed.end();
    expect(leftOf(bed, pids)).toEqual([]);
    expect(filesOf('/var/spool/gridengine')).toBe(before);
  });

  test('has a host back that crashed', async () => {
    const bed = await startBed({ nodes: 2, services: ['grid-engine'], gridEngine: { slots: 3 }, program: program() });
    await bed.crash(2);
    await bed.boot(2);
    const input = '#!/bin/bash\nhostname\n';
    const id = await submitGridEngine(bed, ['-q', 'all.q@node2', '-pe', 'mpi', '3', '-o', 'out'], { input });
    await gridEngineJobEnded(bed, id);
    expect(readFileSync(join(bed.home('alice'), 'out'), 'utf8')).toBe('node2\n');
  });
});
