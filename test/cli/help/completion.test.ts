/** The completion scripts, in the shells that they are for. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { completion } from '../../../src/cli/help/completion.ts';
import type { SubCommandText } from '../../../src/cli/help/option-text.ts';
import { optionTable } from '../../../src/cli/options/options.ts';
import { subCommands } from '../../../src/cli/sub-commands.ts';
import { skipWithout } from '../../support/needs.ts';

/** A folder with files of runs and ssh settings, which is the user's home too; and the scripts. */
let folder: string;

/** A command with what those of the table need not have: any number of words, a value before them. */
const sum: SubCommandText = {
  word: 'sum',
  summary: 'for tests',
  usage: ['sum'],
  about: [],
  options: [{ long: 'top', value: { name: 'N' }, help: 'for tests' }],
  operands: [{ completes: 'run' }, { completes: 'status file', repeats: true }],
};

async function script(shell: string): Promise<string> {
  let text = '';
  const print = (more: string): Promise<boolean> => {
    text += more;
    return Promise.resolve(true);
  };
  const words = { options: optionTable, commands: [...subCommands, sum] };
  expect(await completion([shell], words, { isTerminal: false, width: 80, print })).toBe(0);
  return text;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'completion-'));
  for (const name of ['.ssh', 'more', 'functions', 'my dir']) mkdirSync(join(folder, name));
  const files = {
    Tasks: '',
    'calm.tasks': '',
    'old_status.txt': '',
    'sim_status.txt': '',
    'sim_key.json': '',
    'more/x_status.txt': '',
    'my dir/y_status.txt': '',
    '.ssh/config': 'Host alpha1 alpha2 *.lab alpha$(id)\n  HostName elsewhere\nhost !no beta\n',
    '.ssh/known_hosts':
      'gamma,10.0.0.1 ssh-ed25519 AAAA\n[odd]:2222 ssh-ed25519 AAAA\n|1|hash= ssh-ed25519 AAAA\n#al comment\n',
    'completion.bash': await script('bash'),
    'completion.zsh': await script('zsh'),
    'functions/_disbatch': await script('zsh'),
    'completion.fish': await script('fish'),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

const env = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], HOME: folder, TERM: 'dumb', LANG: 'C.UTF-8' });

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, env: env(), encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

/** Types lines into a shell on a terminal; `disbatch` prints its words there. @returns the words of each line */
async function typed(shell: readonly string[], setup: string, lines: readonly string[]): Promise<string[]> {
  writeFileSync(join(folder, 'setup'), setup);
  const child = spawn('script', ['-qfc', shell.join(' '), '/dev/null'], { cwd: folder, env: env() });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.on('error', () => {});
  const ended = new Promise((resolve) => child.on('close', resolve));
  child.stdin.write(['. ./setup', ...lines, 'exit', ''].join('\n'));
  await ended;
  return [...output.matchAll(/^.*?WORDS(<[^\r\n]*>)/gm)].map(([, words = '']) => words);
}

/** What is completed, in any shell: the line, and what there is to choose from. */
const cases: [line: string, candidates: string[]][] = [
  ['disbatch --laun', ['--launcher']],
  ['disbatch --launcher ', ['native', 'portable']],
  ['disbatch --loglevel D', ['DEBUG']],
  ['disbatch -c ', []],
  ['disbatch -s al', ['alpha1:', 'alpha2:']],
  ['disbatch -s alpha1:4,be', ['beta:']],
  ['disbatch -s gam', ['gamma:']],
  ['disbatch -s loc', ['localhost:']],
  ['disbatch -r s', ['sim_status.txt']],
  ['disbatch -R --resume-from more/', ['more/x_status.txt']],
  ['disbatch --results mo', ['more']],
  ['disbatch Ta', ['Tasks']],
  ['disbatch -s localhost:2 Ta', ['Tasks']],
  ['disbatch ct', ['ctl']],
  ['disbatch ca', ['calm.tasks']],
  ['disbatch -s localhost:2 kv', []],
  ['disbatch ctl s', ['sim']],
  ['disbatch ctl o', []],
  ['disbatch ctl sim ', ['status', 'stop', 'wait']],
  ['disbatch ctl sim stop ', ['context', 'engine', 'run']],
  ['disbatch ctl sim status ', []],
  ['disbatch ctl sim status --js', ['--json']],
  ['disbatch kvs ', ['down', 'dump', 'get', 'monitor', 'put', 'serve', 'view']],
  ['disbatch kvs --run s', ['sim']],
  ['disbatch kvs --store x:1 g', ['get']],
  ['disbatch kvs --address', ['--address', '--address-file']],
  ['disbatch completion ', ['bash', 'fish', 'zsh']],
  ['disbatch man ', []],
  ['disbatch sum ol', ['old']],
  ['disbatch sum s', ['sim']],
  ['disbatch sum --top 3 sim ol', ['old_status.txt']],
  ['disbatch sum --top 3 sim old_status.txt s', ['sim_status.txt']],
];

const everyOption = optionTable.flatMap(({ long, short }) => [
  `--${long}`,
  ...(short === undefined ? [] : [`-${short}`]),
]);

/** Candidates as they are compared: without the slash of a folder, and what is before the last of a list. */
const plain = (candidates: readonly string[]): string[] =>
  candidates.map((each) => each.replace(/\/$/, '').replace(/^.*,/, '')).toSorted();

describe('bash', () => {
  /** Calls the function as bash does, with the words parted at = and : too. */
  const callAll = `
    . ./completion.bash
    while IFS= read -r COMP_LINE; do
      COMP_POINT=\${#COMP_LINE} COMP_WORDS=() rest=$COMP_LINE
      while [[ $rest =~ ^[[:space:]]*([=:]+|[^[:space:]=:]+)(.*)$ ]]; do
        COMP_WORDS+=("\${BASH_REMATCH[1]}") rest=\${BASH_REMATCH[2]}
      done
      [[ $COMP_LINE != *' ' ]] || COMP_WORDS+=('')
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      _disbatch
      (IFS=' '; printf '%s\\n' "\${COMPREPLY[*]}")
    done <lines`;

  function candidates(lines: readonly string[]): string[][] {
    writeFileSync(join(folder, 'lines'), lines.map((line) => `${line}\n`).join(''));
    const found = run('bash', ['--norc', '-c', callAll]).split('\n').slice(0, -1);
    return found.map((line) => line.split(' ').filter((each) => each !== ''));
  }

  test('completes options, values, commands, hosts, status files and runs', () => {
    const found = candidates(cases.map(([line]) => line));
    expect(cases.map(([line], i) => [line, plain(found[i] ?? [])])).toEqual(cases);
  });

  test('knows every option and every command', () => {
    const [options = [], first = []] = candidates(['disbatch -', 'disBatch ']);
    expect(options.toSorted()).toEqual(everyOption.toSorted());
    expect(first).toEqual(expect.arrayContaining([...subCommands.map(({ word }) => word), 'Tasks']));
  });

  test('does so at the TAB key, past signs and blanks at which bash parts words', async () => {
    const setup =
      '. ./completion.bash; disbatch() { printf WORDS; printf "<%s>" "$@"; echo; }; disBatch() { disbatch "$@"; }';
    expect(
      await typed(['bash', '--norc'], setup, [
        'disbatch --laun\tn\t Ta\t',
        'disBatch --launcher=n\t',
        'disbatch -s localhost:2,gam\t4',
        'disbatch --resume-from=s\t',
        'disbatch -r my\\ d\ty\t',
        'disbatch -r "my d\ty\t',
        'disbatch ctl s\tsto\te\t',
      ]),
    ).toEqual([
      '<--launcher><native><Tasks>',
      '<--launcher=native>',
      '<-s><localhost:2,gamma:4>',
      '<--resume-from=sim_status.txt>',
      '<-r><my dir/y_status.txt>',
      '<-r><my dir/y_status.txt>',
      '<ctl><sim><stop><engine>',
    ]);
  });
});

describe('fish', () => {
  beforeEach((ctx) => skipWithout(ctx, 'login-shells'));

  function candidates(lines: readonly string[]): string[][] {
    writeFileSync(join(folder, 'lines'), lines.map((line) => `${line}\n`).join(''));
    const ask = 'source completion.fish; while read line; complete -C $line; echo "#"; end <lines';
    const found = run('fish', ['--no-config', '-c', ask]).split('#\n').slice(0, -1);
    return found.map((text) => text.split('\n').flatMap((line) => (line === '' ? [] : [line.replace(/\t.*/, '')])));
  }

  test('completes options, values, commands, hosts, status files and runs', () => {
    const found = candidates(cases.map(([line]) => line));
    expect(cases.map(([line], i) => [line, plain(found[i] ?? [])])).toEqual(cases);
  });

  test('knows every option and every command, by both names', () => {
    const [long = [], first = [], value = []] = candidates(['disBatch --', 'disBatch ', 'disBatch --launcher=n']);
    expect(long.toSorted()).toEqual(everyOption.filter((each) => each.startsWith('--')).toSorted());
    expect(first).toEqual(expect.arrayContaining([...subCommands.map(({ word }) => word), 'Tasks']));
    expect(value).toEqual(['--launcher=native']);
  });
});

describe('zsh', () => {
  beforeEach((ctx) => skipWithout(ctx, 'login-shells'));

  const show = 'disbatch() { print -r -- "WORDS<${(j:><:)@}>" }; disBatch() { disbatch "$@" }; PS1="$ "';

  test('completes options, values, commands, hosts, status files and runs', async () => {
    const setup = `autoload -Uz compinit; compinit -D -u; source ./completion.zsh; ${show}`;
    expect(
      await typed(['zsh', '-f'], setup, [
        'disbatch --laun\tn\t Ta\t',
        'disBatch --loglevel=D\t',
        'disbatch -s localhost:2,gam\t4',
        'disbatch -r s\t',
        'disbatch -r my\\ d\ty\t',
        'disbatch -R --results mo\t',
        'disbatch ctl s\tsto\te\t',
        'disbatch kvs --run s\tge\t',
        'disbatch completion z\t',
        'disbatch sum --top 3 ol\tol\tsi\t',
      ]),
    ).toEqual([
      '<--launcher=native><Tasks>',
      '<--loglevel=DEBUG>',
      '<-s><localhost:2,gamma:4>',
      '<-r><sim_status.txt>',
      '<-r><my dir/y_status.txt>',
      '<-R><--results><more>',
      '<ctl><sim><stop><engine>',
      '<kvs><--run><sim><get>',
      '<completion><zsh>',
      '<sum><--top><3><old><old_status.txt><sim_status.txt>',
    ]);
  });

  test('finds it in a folder of fpath as well', async () => {
    const setup = `fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -D -u; ${show}`;
    expect(await typed(['zsh', '-f'], setup, ['disBatch ctl s\tw\t'])).toEqual(['<ctl><sim><wait>']);
  });
});

test('a shell that there is no script for is told in a sentence', async () => {
  const words = { options: optionTable, commands: subCommands };
  const printer = { isTerminal: false, width: 80, print: () => Promise.resolve(true) };
  for (const wrong of [['tcsh'], ['bash', 'zsh'], []]) {
    await expect(completion(wrong, words, printer)).rejects.toThrow(
      `There is completion for bash, zsh, fish, not for "${wrong.join(' ')}".`,
    );
  }
});
