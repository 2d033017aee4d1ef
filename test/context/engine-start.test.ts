/**
 * EngineStart over ssh with a program in the place of ssh that runs on this machine and fails as it is told: what is hard to bring
 * about with a real sshd. test/clusters/ssh-starts.test.ts has the rest.
 */
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EngineStart, type EngineEnd } from '../../src/context/engine-start.ts';
import { overSsh } from '../../src/context/ssh.ts';
import { StartQueue } from '../../src/context/start-queue.ts';
import { lives, testFolder, until } from '../support/run-disbatch.ts';

/**
 * The stand-in: `fake-ssh FOLDER …`. For the n-th try it sources FOLDER/try-n if there is one; else it runs the remote
 * command, the last of its arguments.
 */
const fakeSsh = `
folder=$1; shift
if [ "$1" = -G ]; then echo "asked $3" >>"$folder/calls"; cat "$folder/settings" 2>/dev/null; exit 0; fi
echo "$*" >>"$folder/calls"
n=$(grep -c -- ^-T "$folder/calls")
for last; do :; done
if [ -e "$folder/try-$n" ]; then . "$folder/try-$n"; fi
cd /; exec /bin/sh -c "$last"
`;

interface Setup {
  readonly folder: string;
  readonly host: EngineStart;
  readonly ended: Promise<EngineEnd>;
  readonly log: string[];
  readonly seen: { ups: number; ends: number };
  wrap(): string;
  calls(): string[];
  told(): { pid: number; task: number; config: Record<string, unknown> };
}

/** @param tries - shell text for the first tries */
function setUp(tries: readonly string[] = [], settings = ''): Setup {
  const base = testFolder();
  const folder = join(base, "the program's place");
  const cwd = join(base, 'work');
  mkdirSync(folder);
  mkdirSync(cwd);
  copyFileSync(resolve('src/engine/engine.sh'), join(folder, 'engine.sh'));
  copyFileSync(resolve('test/clusters/fixtures/fake-engine.cjs'), join(folder, 'engine.cjs'));
  writeFileSync(join(base, 'fake-ssh'), fakeSsh);
  writeFileSync(join(base, 'settings'), settings);
  tries.forEach((text, index) => writeFileSync(join(base, `try-${index + 1}`), text));
  const wrapPath = join(base, 'wrap');
  const wrapFd = openSync(wrapPath, 'w');
  const log: string[] = [];
  const seen = { ups: 0, ends: 0 };
  let settle: (ended: EngineEnd) => void;
  const ended = new Promise<EngineEnd>((done) => (settle = done));
  const host = new EngineStart(
    {
      node: { name: 'node7', cores: 1, slots: 1, coresPerTask: 1 },
      transport: overSsh(['/bin/sh', join(base, 'fake-ssh'), base]),
      command: {
        ...{ nodePath: process.execPath, folder, cwd, runId: 'r', engineRank: 0 },
        ...{ launcher: undefined, resources: [] },
      },
      config: '{"runId":"r","engineRank":0,"key":"secret"}',
      queue: new StartQueue(() => 0),
      wrapFd,
      log: (level, text) => log.push(`${level} ${text}`),
    },
    {
      up: () => (seen.ups += 1),
      ended: (how) => {
        seen.ends += 1;
        if (seen.ends === 1) closeSync(wrapFd);
        settle(how);
      },
    },
  );
  onTestFinished(async () => {
    host.kill();
    await ended;
    // The task of a fake engine that was not ended in good order.
    if (existsSync(join(cwd, 'engine-0.json')) && lives(told().task)) process.kill(told().task, 'SIGKILL');
  });
  const told = (): ReturnType<Setup['told']> =>
    JSON.parse(readFileSync(join(cwd, 'engine-0.json'), 'utf8')) as ReturnType<Setup['told']>;
  const calls = (): string[] => readFileSync(join(base, 'calls'), 'utf8').split('\n').slice(0, -1);
  return { folder: cwd, host, ended, log, seen, wrap: () => readFileSync(wrapPath, 'utf8'), calls, told };
}

async function running(setup: Setup): Promise<void> {
  await until('the engine runs', () => existsSync(join(setup.folder, 'engine-0.json')));
}

const dropped = 'echo "Connection closed by 10.0.0.7 port 22" >&2; exit 255';

test('a dropped start is tried again until it is through, and then there is one engine', async () => {
  const setup = setUp([dropped, dropped]);
  setup.host.start();
  await running(setup);
  expect(setup.log.filter((line) => line.includes('tried again'))).toEqual([
    'INFO node7: Connection closed by 10.0.0.7 port 22; tried again in 0.3 s',
    'INFO node7: Connection closed by 10.0.0.7 port 22; tried again in 0.4 s',
  ]);
  setup.host.close();
  expect(await setup.ended).toMatchObject({ problem: undefined, dead: true });
  expect(setup.seen).toEqual({ ups: 1, ends: 1 });
  expect(lives(setup.told().task)).toBe(false);
  expect(setup.wrap()).toContain('Connection closed by 10.0.0.7 port 22\n');
});

test('a host that is never reached is given up with the last reason', async () => {
  const refused = 'echo "ssh: connect to host node7 port 22: Connection refused" >&2; exit 255';
  const setup = setUp([refused, refused, refused, refused, refused, refused]);
  setup.host.start();
  expect(await setup.ended).toMatchObject({
    problem: 'node7: connect to host node7 port 22: Connection refused.',
    dead: true,
  });
  expect(setup.calls().filter((call) => call.startsWith('-T'))).toHaveLength(5);
  expect(setup.seen).toEqual({ ups: 0, ends: 1 });
});

describe('final at once', () => {
  test.each([
    ['echo "bob@node7: Permission denied (publickey)." >&2; exit 255', 'node7: Permission denied (publickey).'],
    [
      'echo This account is currently not available.; exit 1',
      'node7: the login there ended with exit status 1 before anything was started: This account is currently not available.',
    ],
    ['exit 0', 'node7: the login there ended with exit status 0 before anything was started.'],
    ['printf "\\ndisbatch-engine: problem no \\033[2J luck\\n"; exit 1', 'node7: no \\x1b[2J luck.'],
  ])('%j', async (script, problem) => {
    const setup = setUp([script]);
    setup.host.start();
    expect(await setup.ended).toMatchObject({ problem, dead: true });
    expect(setup.calls().filter((call) => call.startsWith('-T'))).toHaveLength(1);
  });
});

test('a start that broke before it was up gets no config, so it never becomes an engine', async () => {
  // The remote side goes on, without anybody who hears it.
  const cutOff = `/bin/sh -c "cat >'$folder/got-input'" & ${dropped}`;
  const setup = setUp([cutOff]);
  setup.host.start();
  await running(setup);
  const got = join(setup.folder, '../got-input');
  await until('the first one has read its input', () => existsSync(got));
  expect(readFileSync(got, 'utf8')).toBe('');
});

test("the user's ssh_config is looked at once a host", async () => {
  const setup = setUp([dropped], 'connecttimeout 3\nserveraliveinterval 20\n');
  setup.host.start();
  await running(setup);
  const [asked, ...tries] = setup.calls();
  expect(asked).toBe('asked node7');
  expect(tries).toHaveLength(2);
  expect(tries.join(' ')).not.toMatch(/ConnectTimeout|ServerAlive/);
});

test('the key is neither in an argument nor in the log', async () => {
  const setup = setUp();
  setup.host.start();
  await running(setup);
  expect(setup.told().config['key']).toBe('secret');
  expect([...setup.calls(), ...setup.log, setup.wrap()].join('\n')).not.toContain('secret');
});

describe('kill()', () => {
  test('before start() there was nothing', async () => {
    const setup = setUp();
    setup.host.kill();
    setup.host.start();
    expect(await setup.ended).toMatchObject({ problem: undefined, dead: true });
    expect(setup.seen).toEqual({ ups: 0, ends: 1 });
  });

  test('while the next try is waited for, there is none', async () => {
    const setup = setUp([dropped]);
    setup.host.start();
    await until('it waits', () => setup.log.some((line) => line.includes('tried again')));
    setup.host.kill();
    expect(await setup.ended).toMatchObject({ problem: undefined, dead: true });
    expect(setup.calls().filter((call) => call.startsWith('-T'))).toHaveLength(1);
  });

  test('ends an ssh that hangs, also one that does not care for TERM', async () => {
    const setup = setUp(['trap "" TERM; echo $$ >"$folder/pid"; while :; do sleep 0.1; done']);
    setup.host.start();
    const file = join(setup.folder, '../pid');
    await until('it hangs', () => existsSync(file) && readFileSync(file, 'utf8') !== '');
    setup.host.kill();
    expect(await setup.ended).toMatchObject({ problem: undefined, dead: true });
    await until('ssh is gone', () => !lives(Number(readFileSync(file, 'utf8'))));
  });

  test('of a host that is up cuts it off, and what became of its engine is not known', async () => {
    const setup = setUp(['printf "\\ndisbatch-engine: up\\n"; exec sleep 100']);
    setup.host.start();
    await until('it is up', () => setup.seen.ups === 1);
    setup.host.kill();
    expect(await setup.ended).toMatchObject({ problem: undefined, dead: false });
  });
});

test('a host that is killed while it is up gives no further event', async () => {
  const setup = setUp();
  setup.host.start();
  await running(setup);
  setup.host.close();
  setup.host.kill();
  setup.host.kill();
  await setup.ended;
  setup.host.close();
  expect(setup.seen).toEqual({ ups: 1, ends: 1 });
});

test('an ssh that says nothing in the end is told of by how it ended', async () => {
  const setup = setUp(['printf "\\ndisbatch-engine: up\\n"; read -r config; exit 255']);
  setup.host.start();
  expect(await setup.ended).toMatchObject({
    problem: 'node7: the connection ended without a word (ssh: exit status 255).',
    dead: false,
  });
});

test.each([
  ['gone 0', true],
  ['gone 1', true],
  ['left 1', false],
  ['nothing', false],
])('a problem of the engine itself is told, and it is dead when engine.sh says so: %s', async (end, dead) => {
  const words = ['up', 'problem the driver cannot be reached from there.', end];
  const setup = setUp([
    `for word in ${words.map((word) => `"${word}"`).join(' ')}; do printf '\\ndisbatch-engine: %s\\n' "$word"; done; exit 1`,
  ]);
  setup.host.start();
  expect(await setup.ended).toMatchObject({ problem: 'node7: the driver cannot be reached from there.', dead });
});

describe('the status of its end', () => {
  test.each([
    ['is that of the engine, as engine.sh says it', ['up', 'gone 3'], 1, 3],
    ['is that of an engine whose tasks may live', ['up', 'left 137'], 1, 137],
    ['is 0 when the engine left in good order, whatever ssh ends with', ['up', 'gone 0'], 255, 0],
    ['is that of ssh when nobody said more', ['up'], 255, 255],
    ['is never 0 when nobody said that all was well', ['up'], 0, 1],
  ])('%s', async (_, words, exit, status) => {
    const say = words.map((word) => `printf '\\ndisbatch-engine: %s\\n' "${word}"`).join('; ');
    const setup = setUp([`${say}; exit ${exit}`]);
    setup.host.start();
    expect((await setup.ended).status).toBe(status);
  });

  test('is that of ssh when there was never an engine', async () => {
    const setup = setUp(['echo "bob@node7: Permission denied (publickey)." >&2; exit 255']);
    setup.host.start();
    expect((await setup.ended).status).toBe(255);
  });
});

test('outputs that another process holds open do not keep the end from being known', async () => {
  const setup = setUp([
    `sleep 30 & echo $! >"$folder/holder"; printf '\\ndisbatch-engine: up\\n\\ndisbatch-engine: gone 0\\n'; exit 0`,
  ]);
  setup.host.start();
  const began = performance.now();
  expect(await setup.ended).toMatchObject({ problem: undefined, dead: true });
  expect(performance.now() - began).toBeLessThan(15_000);
  process.kill(Number(readFileSync(join(setup.folder, '../holder'), 'utf8')), 'SIGKILL');
});
