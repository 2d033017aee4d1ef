/** The bed itself: what the other tests of this folder take for granted. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { testFolder, until } from '../support/run-disbatch.ts';
import { startBed } from './bed.ts';

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
