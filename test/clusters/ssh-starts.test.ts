/** Engines started over ssh on hosts with a real sshd, with a fake engine in the place of the real one. */
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { StartQueue } from '../../src/context/start-queue.ts';
import { skipWithout } from '../support/needs.ts';
import { testFolder, until } from '../support/run-disbatch.ts';
import { startBed, type Bed, type BedOptions } from './bed.ts';
import { HostUnderTest } from './hosts.ts';

beforeEach((ctx) => skipWithout(ctx, 'namespaces', 'sshd'));

/** A bed whose program is engine.sh with the fake engine. */
function bedOf(options: BedOptions): Promise<Bed> {
  const program = testFolder();
  copyFileSync(resolve(import.meta.dirname, '../../src/engine/engine.sh'), join(program, 'engine.sh'));
  copyFileSync(resolve(import.meta.dirname, 'fixtures/fake-engine.cjs'), join(program, 'engine.cjs'));
  return startBed({ program, ...options });
}

/** Whether a process of a host lives. */
async function livesOn(bed: Bed, node: number, pid: number): Promise<boolean> {
  return (await bed.on(node, ['sh', '-c', `kill -0 ${pid} 2>/dev/null && echo yes || echo no`])).trim() === 'yes';
}

/** Waits until a process of a host has ended. */
async function endOn(bed: Bed, node: number, pid: number): Promise<boolean> {
  await bed.on(node, ['timeout', '20', 'sh', '-c', `while kill -0 ${pid} 2>/dev/null; do sleep 0.05; done`]);
  return true;
}

test('an engine runs on the other host, has its config from its standard input, and leaves when that ends', async () => {
  const bed = await bedOf({ nodes: 2 });
  const host = new HostUnderTest(bed, 'node2', { engineRank: 3 });
  const told = await host.running();
  expect(told).toMatchObject({ host: 'node2', cwd: bed.home('alice') });
  expect(told.config).toEqual({ runId: 'run-of-the-test', engineRank: 3, key: 'secret-of-the-test' });
  expect(told.env).toMatchObject({ USER: 'alice', PWD: bed.home('alice') });
  expect(told.env['DISBATCH_STARTED_WITH']).toMatch(/^nofile=\d+$/);
  expect(Object.keys(told.env).filter((name) => name.startsWith('_disbatch'))).toEqual([]);

  const commands = await bed.on(2, ['sh', '-c', 'cat /proc/[0-9]*/cmdline']);
  expect(commands).toContain('run-of-the-test');
  expect(commands).not.toContain('secret-of-the-test');
  expect(host.log.join('\n')).not.toContain('secret-of-the-test');

  expect(host.end).toBeUndefined();
  host.host.close();
  expect(await host.ended).toMatchObject({ problem: undefined, dead: true });
  expect(host.ups).toBe(1);
  expect(host.wrap()).toBe('words without a line break\n');
  expect(await livesOn(bed, 2, told.task)).toBe(false);
});

test('a host that does not let the user in says so at once', async () => {
  const bed = await bedOf({ nodes: 1, sshd: { 1: ['DenyUsers alice'] } });
  const host = new HostUnderTest(bed, 'node1');
  expect(await host.ended).toMatchObject({ problem: 'node1: Permission denied (publickey).', dead: true });
  expect(host.ups).toBe(0);
  expect(host.log.filter((line) => line.includes('tried again'))).toEqual([]);
});

test('of three hosts one refuses and one is down; both are tried again, and the third is up long before that ends', async () => {
  const bed = await bedOf({ nodes: 3, withoutSshd: [1], down: [2] });
  const queue = new StartQueue(Math.random);
  const began = performance.now();
  const [refuses, down, well] = ['node1', 'node2', 'node3'].map(
    (node, engineRank) => new HostUnderTest(bed, node, { engineRank, queue }),
  ) as [HostUnderTest, HostUnderTest, HostUnderTest];
  expect(await well.running()).toMatchObject({ host: 'node3' });
  expect(refuses.end).toBeUndefined();

  expect(await refuses.ended).toMatchObject({
    problem: 'node1: connect to host node1 port 22: Connection refused.',
    dead: true,
  });
  expect(await down.ended).toMatchObject({
    problem: 'node2: connect to host node2 port 22: No route to host.',
    dead: true,
  });
  for (const host of [refuses, down])
    expect(host.log.filter((line) => line.includes('tried again')).length).toBeGreaterThan(1);
  expect(performance.now() - began).toBeLessThan(20_000);
  expect(well.end).toBeUndefined();
  well.host.close();
  expect(await well.ended).toMatchObject({ problem: undefined, dead: true });
});

test('a host that is booted while it is tried comes up', async () => {
  const bed = await bedOf({ nodes: 1, down: [1] });
  const host = new HostUnderTest(bed, 'node1');
  await until('a first try failed', () => host.log.some((line) => line.includes('tried again')));
  await bed.boot(1);
  expect(await host.running()).toMatchObject({ host: 'node1' });
});

test('what no second try would mend is said in one sentence, at once', async () => {
  const bed = await bedOf({ nodes: 1 });
  const said = async (node: string, options: ConstructorParameters<typeof HostUnderTest>[2] = {}): Promise<unknown> => {
    const host = new HostUnderTest(bed, node, options);
    const { problem, dead } = await host.ended;
    expect(dead).toBe(true);
    expect(host.log.filter((line) => line.includes('tried again'))).toEqual([]);
    return problem;
  };
  expect(await said('nosuch')).toBe('nosuch: Could not resolve hostname nosuch: Name or service not known.');
  expect(await said('node1', { ssh: [...bed.prefix(), 'ssh', '-o', 'GlobalKnownHostsFile=/dev/null'] })).toBe(
    'node1: Host key verification failed.',
  );
  expect(await said('node1', { ssh: ['no-such-ssh'] })).toBe(
    'node1: ssh cannot be started (spawn no-such-ssh ENOENT).',
  );
  expect(await said('node1', { cwd: "/only here's it" })).toBe(
    "node1: the folder /only here's it is not there; the hosts of a run share the folder it is started in.",
  );
  expect(await said('node1', { folder: '/opt/nowhere' })).toBe(
    'node1: disBatch is not at /opt/nowhere, its path on the host where the run was started; install it at the same path.',
  );

  const { node } = bed;
  await bed.on(1, ['mount', '--bind', '/dev/null', node]);
  expect(await said('node1')).toBe(
    `node1: there is no Node at ${node}, its path on the host where the run was started; install it there at the same path, or use one on a shared disk.`,
  );
  const broken = join(bed.folder, 'broken-node');
  writeFileSync(broken, '\x7fELF of another processor', { mode: 0o755 });
  await bed.on(1, ['umount', node]);
  await bed.on(1, ['mount', '--bind', broken, node]);
  expect(await said('node1')).toBe(`node1: the Node at ${node} does not start there (exit status 126).`);
});

test('a login that greets on both outputs, without a line break, is no hindrance', async () => {
  const bed = await bedOf({ nodes: 1, sshd: { 1: ['Banner /etc/hosts'] } });
  writeFileSync(join(bed.home('alice'), '.bashrc'), 'printf "Welcome"; printf "to this host" >&2\n');
  const host = new HostUnderTest(bed, 'node1');
  await host.running();
  host.host.close();
  expect(await host.ended).toMatchObject({ problem: undefined, dead: true });
  expect(host.wrap()).toContain('Welcome\n');
  expect(host.wrap()).toContain('to this host');
  expect(host.wrap()).not.toContain('disbatch-engine: ');
});

test('an account that may not run anything is told of with the words of its shell', async () => {
  const bed = await bedOf({ nodes: 1, sshd: { 1: ['ForceCommand echo This account is for mail only; exit 3'] } });
  const host = new HostUnderTest(bed, 'node1');
  expect(await host.ended).toMatchObject({
    problem:
      'node1: the login there ended with exit status 3 before anything was started: This account is for mail only.',
    dead: true,
  });
});

test('40 hosts at once against one sshd with MaxStartups 3:50:5 all come up', async () => {
  const bed = await bedOf({ nodes: 1, sshd: { 1: ['MaxStartups 3:50:5'] } });
  const queue = new StartQueue(Math.random);
  const hosts = Array.from(
    { length: 40 },
    (_, rank) => new HostUnderTest(bed, `many-${rank + 1}`, { engineRank: rank, queue }),
  );
  for (const host of hosts) await host.running(60);
  expect(hosts.map((host) => host.ups)).toEqual(hosts.map(() => 1));
  // sshd did drop some, or this test shows nothing.
  const dropped = hosts.flatMap((host) => host.log).filter((line) => /Connection (closed|reset) by/.test(line));
  expect(dropped.length).toBeGreaterThan(0);
  for (const host of hosts) host.host.close();
  for (const host of hosts) expect(await host.ended).toMatchObject({ problem: undefined, dead: true });
});

test('kill -9 of ssh: the host is not known to be dead, but its engine and its task end', async () => {
  const bed = await bedOf({ nodes: 1 });
  const host = new HostUnderTest(bed, 'node1');
  const told = await host.running();
  process.kill(host.sshPid(), 'SIGKILL');
  expect(await host.ended).toMatchObject({ problem: 'node1: ssh was ended by SIGKILL.', dead: false });
  for (const pid of [told.pid, told.task]) expect(await endOn(bed, 1, pid)).toBe(true);
});

test('kill -9 of an engine: its task is swept, and that is told', async () => {
  const bed = await bedOf({ nodes: 1 });
  const host = new HostUnderTest(bed, 'node1');
  const told = await host.running();
  await bed.on(1, ['kill', '-9', String(told.pid)]);
  expect(await host.ended).toMatchObject({
    problem: 'node1: the engine ended with signal 9; all its tasks have ended.',
    dead: true,
  });
  expect(await livesOn(bed, 1, told.task)).toBe(false);
});

test('an engine that was killed and whose task cannot be swept is not told to be dead', async () => {
  const bed = await bedOf({ nodes: 1 });
  const host = new HostUnderTest(bed, 'node1');
  const told = await host.running();
  writeFileSync(join(bed.home('alice'), 'sweep-fails'), '');
  await bed.on(1, ['kill', '-9', String(told.pid)]);
  expect(await host.ended).toMatchObject({
    problem: 'node1: the engine ended with signal 9, and some of its tasks may still run.',
    dead: false,
  });
  expect(await livesOn(bed, 1, told.task)).toBe(true);
});

test('kill -9 of the engine after kill -9 of ssh: its task is swept though nobody listens', async () => {
  const bed = await bedOf({ nodes: 1 });
  const host = new HostUnderTest(bed, 'node1');
  const told = await host.running();
  // Stopped, so that it does not see the end of its input.
  await bed.on(1, ['kill', '-STOP', String(told.pid)]);
  process.kill(host.sshPid(), 'SIGKILL');
  await host.ended;
  await bed.on(1, ['kill', '-9', String(told.pid)]);
  expect(await endOn(bed, 1, told.task)).toBe(true);
});

test("a host that crashes ends its ssh as the user's ssh_config says, and is not known to be dead", async () => {
  const bed = await bedOf({ nodes: 1 });
  mkdirSync(join(bed.home('alice'), '.ssh'));
  writeFileSync(
    join(bed.home('alice'), '.ssh/config'),
    'Host node1\n  ServerAliveInterval 1\n  ServerAliveCountMax 2\n',
  );
  const host = new HostUnderTest(bed, 'node1');
  await host.running();
  await bed.crash(1);
  expect(await host.ended).toMatchObject({ problem: 'node1: Timeout, server node1 not responding.', dead: false });
});

test('a host that crashes or is cut off keeps its ssh, and kill() ends that', async () => {
  const bed = await bedOf({ nodes: 2 });
  const hosts = ['node1', 'node2'].map((node, engineRank) => new HostUnderTest(bed, node, { engineRank }));
  for (const host of hosts) await host.running();
  await bed.crash(1);
  await bed.cut(2);
  for (const host of hosts) {
    expect(host.end).toBeUndefined();
    host.host.kill();
    expect(await host.ended).toMatchObject({ problem: undefined, dead: false });
  }
});

test('close() while a start is under way, or waits, leaves no engine anywhere', async () => {
  const bed = await bedOf({ nodes: 1 });
  // Holds the login for as long as a file is there.
  const hold = join(bed.home('alice'), 'hold');
  writeFileSync(hold, '');
  writeFileSync(join(bed.home('alice'), '.bashrc'), 'touch held; while [ -e hold ]; do sleep 0.05; done\n');
  const queue = new StartQueue(Math.random, 1);
  const [first, second] = [0, 1].map((engineRank) => new HostUnderTest(bed, 'node1', { engineRank, queue })) as [
    HostUnderTest,
    HostUnderTest,
  ];
  await until('the login waits', () => existsSync(join(bed.home('alice'), 'held')));
  second.host.close();
  first.host.close();
  for (const host of [first, second]) expect(await host.ended).toMatchObject({ problem: undefined, dead: true });
  rmSync(hold);
  await until('nothing of it runs', () => !/engine|bash/.test(bed.commandsOf('alice')));
  expect(existsSync(join(bed.home('alice'), 'engine-0.json'))).toBe(false);
  expect(existsSync(join(bed.home('alice'), 'engine-1.json'))).toBe(false);
});
