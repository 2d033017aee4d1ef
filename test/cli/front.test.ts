/** The shell front, src/cli/disbatch.sh, with a program that tells how it was started in the place of the real one. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { transformSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface Told {
  readonly args: readonly string[];
  readonly pid: number;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
}

interface Run extends Told {
  readonly status: number | null;
  readonly stderr: string;
  readonly shellPid: number;
}

const program = `
const input = require('node:fs').readFileSync(0, 'utf8');
console.log(JSON.stringify({ args: process.argv.slice(2), pid: process.pid, home: __dirname, env: process.env, input }));
`;

let place: string;
/** A folder with nothing but \`node\` in it. */
let onlyNode: string;

/** Puts a command into a folder, which it makes. */
function putFront(folder: string, name = 'disbatch'): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, readFileSync('src/cli/disbatch.sh', 'utf8').replace('@VERSION@', '1.2.3'));
  chmodSync(file, 0o755);
  return file;
}

/** Puts a whole dist/ into a folder. */
function putProgram(folder: string): string {
  const file = putFront(folder);
  copyFileSync('src/cli/start.cjs', join(folder, 'start.cjs'));
  writeFileSync(join(folder, 'disbatch.cjs'), program);
  return file;
}

/** Makes a symbolic link in a folder, which it makes. */
function link(target: string, path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
  return path;
}

/** Starts a command by path, or `sh` with words before it; `wrap` is shell text that execs "$@". */
function start(
  command: readonly string[],
  options: { env?: Record<string, string>; wrap?: string; cwd?: string; input?: string } = {},
): Run {
  const { env = { PATH: onlyNode }, wrap = 'exec "$@"', cwd = place, input = '' } = options;
  const { status, stdout, stderr, pid } = spawnSync('/bin/bash', ['--norc', '-c', wrap, 'bash', ...command], {
    env,
    cwd,
    input,
    encoding: 'utf8',
  });
  const told = (stdout === '' ? { args: [], pid: 0, home: '', env: {}, input: '' } : JSON.parse(stdout)) as Told;
  return { ...told, status, stderr, shellPid: pid };
}

beforeAll(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'front-')));
  onlyNode = dirname(link(process.execPath, join(place, 'only node/node')));
});
afterAll(() => rmSync(place, { recursive: true }));

describe('finding the program', () => {
  test('hands every argument and the standard input on, and becomes the program', () => {
    const front = putProgram(join(place, 'plain'));
    const args = ['a b', '', '*', 'x\ny', '--', '-e'];
    const run = start([front, ...args], { input: 'given\n' });
    expect(run).toMatchObject({ status: 0, stderr: '', args, input: 'given\n', home: join(place, 'plain') });
    expect(run.pid).toBe(run.shellPid);
  });

  test.each([
    ['global', '../lib/node_modules/disbatch/dist/disbatch', 'lib/node_modules/disbatch/dist'],
    ['local', '../disbatch/dist/disbatch', 'disbatch/dist'],
  ])('needs no other command behind the link of a %s npm install', (kind, target, dist) => {
    putProgram(join(place, kind, dist));
    const front = link(target, join(place, kind, 'bin/disBatch'));
    expect(start([front])).toMatchObject({ status: 0, stderr: '', home: join(place, kind, dist) });
  });

  test('follows a chain of links, relative and absolute, past an install that they do not lead to', () => {
    const front = putProgram(join(place, 'chain/real dist'));
    putProgram(join(place, 'chain/lib/node_modules/disbatch/dist'));
    const middle = link(front, join(place, 'chain/opt/middle'));
    const first = link('../opt/middle', join(place, 'chain/bin/disbatch'));
    expect(middle).not.toBe(first);
    const env = { PATH: `${onlyNode}:/usr/bin:/bin` };
    expect(start([first], { env })).toMatchObject({ status: 0, stderr: '', home: join(place, 'chain/real dist') });
  });

  test('works from a folder whose name looks like an option, by a relative path', () => {
    putProgram(join(place, '-e/dist'));
    const run = start(['/bin/sh', '--', '-e/dist/disbatch']);
    expect(run).toMatchObject({ status: 0, stderr: '', home: join(place, '-e/dist') });
  });
});

describe('a copy without the program, such as sbatch makes', () => {
  test('finds the install through PATH, past itself and past another program of that name', () => {
    const copy = putFront(join(place, 'spool'), 'slurm_script');
    putFront(join(place, 'spool'));
    mkdirSync(join(place, 'other'));
    writeFileSync(join(place, 'other/disBatch'), '#!/bin/sh\nexit 9\n', { mode: 0o755 });
    putProgram(join(place, 'found/lib/node_modules/disbatch/dist'));
    link('../lib/node_modules/disbatch/dist/disbatch', join(place, 'found/bin/disBatch'));
    const PATH = ['spool', 'other', 'found/bin'].map((name) => join(place, name)).join(':');
    const run = start([copy, 'a b'], { env: { PATH: `${PATH}:${onlyNode}` } });
    expect(run).toMatchObject({ status: 0, stderr: '', args: ['a b'] });
    expect(run.home).toBe(join(place, 'found/lib/node_modules/disbatch/dist'));
  });

  test('finds the install through DISBATCH_HOME, the package or its dist/', () => {
    const copy = putFront(join(place, 'spool-home'), 'script');
    putProgram(join(place, 'home/dist'));
    for (const home of ['home', 'home/dist', join(place, 'home')]) {
      const env = { PATH: onlyNode, DISBATCH_HOME: home };
      expect(start([copy], { env })).toMatchObject({ status: 0, stderr: '', home: join(place, 'home/dist') });
    }
  });

  test('says in a sentence what to do when the install is not found', () => {
    const copy = putFront(join(place, 'spool-lost'), 'script');
    expect(start([copy])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/disBatch 1\.2\.3.*PATH.*DISBATCH_HOME.*\.\n$/) as string,
    });
    const env = { PATH: onlyNode, DISBATCH_HOME: '/nowhere' };
    expect(start([copy], { env }).stderr).toMatch(/^disbatch: DISBATCH_HOME is \/nowhere, but .* Set it .*\n$/);
  });
});

describe('Node', () => {
  test('is asked for in a sentence when there is none on PATH', () => {
    const front = putProgram(join(place, 'no-node'));
    const run = start([front], { env: { PATH: join(place, 'empty') } });
    expect(run.status).toBe(1);
    expect(run.stderr).toMatch(
      /^disbatch: disbatch needs Node 20\.19 or newer, and there is no `node` .* Install it .*\n$/,
    );
  });
});

describe('the first file that Node runs', () => {
  const source = readFileSync('src/cli/start.cjs', 'utf8');

  /** What it says and does under a Node of this version. */
  const under = (version: string): string[] => {
    const done: string[] = [];
    const exit = (status: number): never => {
      done.push(`exit ${status}`);
      throw new Error('exit');
    };
    const process = { versions: { node: version }, version: `v${version}`, execPath: '/opt/node', exit };
    const context = {
      process,
      console: { error: (sentence: string) => done.push(sentence) },
      require: (file: string) => done.push(file),
      __dirname: '/dist',
    };
    try {
      runInNewContext(source, context);
    } catch (error) {
      if (done.length === 0) throw error;
    }
    return done;
  };

  test.each(['0.10.48', '18.1.0', '20.18.3'])(
    'says that Node %s is too old, where it is, and what to do',
    (version) => {
      const [sentence, exit, ...more] = under(version);
      expect(sentence).toMatch(/^disbatch: disbatch needs Node 20\.19 or newer; .* \(\/opt\/node\)\. .*\.$/);
      expect(sentence).toContain(`v${version} `);
      expect([exit, more]).toEqual(['exit 1', []]);
    },
  );

  test.each(['20.19.0', '21.0.0', '22.1.0', '100.0.0'])('loads the program under Node %s', (version) => {
    expect(under(version)).toEqual(['/dist/disbatch.cjs']);
  });

  test('has no syntax that an old Node cannot read', () => {
    const options = { minifyWhitespace: true } as const;
    const { code } = transformSync(source, { ...options, target: 'es5' });
    expect(code).toBe(transformSync(source, { ...options, target: 'esnext' }).code);
    expect(code).not.toMatch(/,\)/);
  });
});

describe.each([
  ['its own shell', []],
  ['dash or whatever sh is', ['/bin/sh']],
  ['bash as sh', ['/bin/bash', '--posix']],
])('under %s', (_name, shell) => {
  const run = (wrap: string): string | undefined => {
    const front = putProgram(join(place, 'started'));
    return start([...shell, front], { wrap }).env['DISBATCH_STARTED_WITH'];
  };

  test('notes the soft limit on open files that Node raises', () => {
    expect(run('ulimit -Sn 77; exec "$@"')).toBe('nofile=77');
  });

  test('notes the signals that were ignored', (ctx) => {
    if (process.platform !== 'linux') ctx.skip('only Linux shows them');
    expect(run('ulimit -Sn 77; trap \'\' HUP; exec "$@"')).toBe('nofile=77 ignored=1');
    expect(run('ulimit -Sn 77; trap \'\' HUP INT QUIT TERM USR1 USR2 PIPE; exec "$@"')).toBe(
      'nofile=77 ignored=1,2,3,10,12,15',
    );
  });
});

describe('the environment', () => {
  test('reaches the program as it was, exported functions and odd names too, but for what the front notes', () => {
    const front = putProgram(join(place, 'real/env'));
    const cwd = link('real', join(place, 'linked'));
    const env = {
      PATH: onlyNode,
      PWD: cwd,
      OLDPWD: place,
      SHLVL: '7',
      _: '/bin/before',
      BASH_ENV: join(place, 'never-read'),
      SHELLOPTS: 'braceexpand:hashall:interactive-comments',
      'BASH_FUNC_module%%': '() {  echo "$@"\n}',
      'dotted.name': 'a\nb',
      home: 'h',
      name: 'n',
      self: 's',
    };
    writeFileSync(env.BASH_ENV, 'echo read\nexit 3\n');
    const { status, stdout } = spawnSync(front, [], { env, cwd, encoding: 'utf8', input: '' });
    expect(status).toBe(0);
    const told = JSON.parse(stdout) as Told;
    expect(told.env).toEqual({ ...env, DISBATCH_STARTED_WITH: told.env['DISBATCH_STARTED_WITH'] });
  });
});
