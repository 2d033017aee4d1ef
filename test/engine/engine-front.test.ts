/** src/engine/engine.sh, with a program that does as it is told in the place of the engine. */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lives, testFolder, until } from '../support/run-disbatch.ts';

/** What the stand-in does: its sweep tells how it was called; else it tells its surroundings and ends as the text says. */
const engine = `
const { writeFileSync, existsSync } = require('node:fs');
if (process.argv[2] === '--sweep') {
  writeFileSync('swept', process.argv.slice(2).join(' '));
  process.exitCode = existsSync('sweep-fails') ? 1 : 0;
} else {
  let text = '';
  process.stdin.on('data', (chunk) => {
    text += chunk;
    if (text === 'wait\\n') writeFileSync('waits', String(process.pid));
  });
  process.stdin.on('end', () => {
    writeFileSync('told', JSON.stringify({ text, cwd: process.cwd(), env: process.env, args: process.argv.slice(2) }));
    const [, status] = /^exit (\\d+)/.exec(text) ?? [];
    if (status !== undefined) process.exitCode = Number(status);
    if (text.startsWith('die')) process.kill(process.pid, 'SIGKILL');
  });
}
`;

interface Place {
  readonly folder: string;
  readonly cwd: string;
  readonly args: readonly string[];
}

function place(names = { folder: 'program', cwd: 'work' }): Place {
  const base = testFolder();
  const [folder, cwd] = [join(base, names.folder), join(base, names.cwd)];
  mkdirSync(folder);
  mkdirSync(cwd);
  copyFileSync(resolve('src/engine/engine.sh'), join(folder, 'engine.sh'));
  writeFileSync(join(folder, 'engine.cjs'), engine);
  return { folder, cwd, args: [join(folder, 'engine.sh'), process.execPath, folder, cwd, 'run-1', '7'] };
}

function runFront(
  args: readonly string[],
  input: string,
  options: { shell?: readonly string[]; env?: Record<string, string> } = {},
): { stdout: string; stderr: string } {
  const [file, ...begin] = [...(options.shell ?? ['/bin/sh']), ...args] as [string, ...string[]];
  const env = options.env ?? { PATH: '/usr/bin:/bin' };
  const { stdout, stderr } = spawnSync(file, begin, { input, env, encoding: 'utf8' });
  return { stdout, stderr };
}

function toldIn(cwd: string): { text: string; cwd: string; env: Record<string, string>; args: string[] } {
  return JSON.parse(readFileSync(join(cwd, 'told'), 'utf8')) as ReturnType<typeof toldIn>;
}

describe.each([[['/bin/sh']], [['/bin/bash']], [['/bin/bash', '--posix']]])('in %j', (shell) => {
  test('an engine has the standard input, runs in the folder of the tasks, and its good end is told', () => {
    const { args, cwd } = place();
    const { stdout, stderr } = runFront(args, 'config\nmore\n', { shell });
    expect([stdout, stderr]).toEqual(['\ndisbatch-engine: up\n\ndisbatch-engine: gone 0\n', '']);
    expect(toldIn(cwd)).toMatchObject({ text: 'config\nmore\n', cwd, args: [] });
    expect(existsSync(join(cwd, 'swept'))).toBe(false);
  });

  test('paths with blanks, quotes and a leading hyphen are taken as they are', () => {
    const names = { folder: `a "b" it's $HOME`, cwd: '-n `x` * \\' };
    const { args, cwd } = place(names);
    expect(runFront(args, '', { shell }).stdout).toContain('gone 0');
    expect(toldIn(cwd).cwd).toBe(cwd);
  });

  test.each([
    ['exit 3\n', '3'],
    ['die\n', '137'],
  ])('after a bad end (%j) what is left is swept, and that end is told', (input, status) => {
    const { args, cwd } = place();
    const { stdout } = runFront(args, input, { shell });
    expect(readFileSync(join(cwd, 'swept'), 'utf8')).toBe('--sweep run-1 7');
    expect(stdout).toMatch(new RegExp(`\\ndisbatch-engine: gone ${status}\\n$`));
  });

  test('where the sweep fails too, something may be left', () => {
    const { args, cwd } = place();
    writeFileSync(join(cwd, 'sweep-fails'), '');
    const { stdout } = runFront(args, 'exit 3\n', { shell });
    expect(stdout).toContain('disbatch-engine: left 3\n');
    expect(stdout).not.toContain('gone');
  });
});

describe('what is missing is said in a sentence, and nothing is started', () => {
  const problem = (args: readonly string[]): string => {
    const { stdout, stderr } = runFront(args, '');
    expect(stderr).toBe('');
    const [, sentence] = /^\ndisbatch-engine: problem ([^\n]*)\n$/.exec(stdout) ?? [];
    return sentence ?? `no problem: ${stdout}`;
  };

  test('the folder of the tasks', () => {
    const { args, cwd } = place();
    rmSync(cwd, { recursive: true });
    expect(problem(args)).toBe(`the folder ${cwd} is not there; the hosts of a run share the folder it is started in`);
  });

  test('Node, or what stands in its place and is no program', () => {
    const { args, cwd, folder } = place();
    for (const node of [join(folder, 'nowhere/node'), folder, join(folder, 'engine.cjs')]) {
      expect(problem([args[0] as string, node, ...args.slice(2)])).toContain(`there is no Node at ${node}, `);
    }
    expect(existsSync(join(cwd, 'told'))).toBe(false);
  });

  test('the bundle', () => {
    const { args, folder } = place();
    rmSync(join(folder, 'engine.cjs'));
    expect(problem(args)).toContain(`${folder}/engine.cjs`);
  });

  test('a Node that does not start there', () => {
    const { args, folder } = place();
    const node = join(folder, 'node');
    writeFileSync(node, '\x7fELF of another processor', { mode: 0o755 });
    const { stdout } = runFront([args[0] as string, node, ...args.slice(2)], '');
    expect(stdout).toContain(`\ndisbatch-engine: problem the Node at ${node} does not start there (exit status 126)\n`);
    expect(stdout).toMatch(/\ndisbatch-engine: gone 126\n$/);
  });
});

test('the soft limit on open files of the login is noted for the tasks', () => {
  const { args, cwd } = place();
  const shell = ['/bin/sh', '-c', 'ulimit -Sn 77; exec /bin/sh "$@"', 'sh'];
  runFront(args, '', { shell });
  expect(toldIn(cwd).env['DISBATCH_STARTED_WITH']).toBe('nofile=77');
});

test('the environment of the login reaches the engine, and nothing else but the note', () => {
  const { args, cwd } = place();
  const env = { PATH: '/usr/bin:/bin', node: 'n', status: 's', folder: 'f', 'odd.name': 'o', LANG: 'C.UTF-8' };
  runFront(args, '', { env });
  const { DISBATCH_STARTED_WITH: _, PWD, OLDPWD: __, ...others } = toldIn(cwd).env;
  expect(PWD).toBe(cwd);
  const { 'odd.name': odd, ...plain } = env;
  expect(others).toMatchObject(plain);
  // dash keeps a name that is none for a shell, bash too; others may not.
  expect([odd, undefined]).toContain(others['odd.name']);
  expect(Object.keys(others).filter((name) => !(name in env) && !['_', 'SHLVL'].includes(name))).toEqual([]);
});

test('it sees the engine to its end and sweeps though nobody listens any more and it is told to hang up', async () => {
  const { args, cwd } = place();
  const child = spawn('/bin/sh', args, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.write('wait\n');
  // The file is there a moment before its content.
  const pid = (): number => Number(existsSync(join(cwd, 'waits')) ? readFileSync(join(cwd, 'waits'), 'utf8') : 0);
  await until('the engine runs', () => pid() > 0);
  const engine = pid();
  child.stdout.destroy();
  for (const signal of ['SIGHUP', 'SIGPIPE'] as const) child.kill(signal);
  expect(lives(engine)).toBe(true);
  process.kill(engine, 'SIGKILL');
  await until('the sweep ran', () => existsSync(join(cwd, 'swept')));
  await until('it ended', () => !lives(child.pid as number));
});
