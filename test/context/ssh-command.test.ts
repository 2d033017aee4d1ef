/** The command lines of ssh, and that every login shell hands on what it is given. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noSettings, parseSettings, remoteCommand, startArguments } from '../../src/context/ssh-command.ts';
import { shellQuoted } from '../../src/base/terminal-text.ts';
import { skipWithout } from '../support/needs.ts';
import { testFolder } from '../support/run-disbatch.ts';

const command = {
  ...{ nodePath: '/usr/bin/node', folder: '/opt/d', cwd: '/data', runId: 'r', engineRank: 0 },
  ...{ launcher: undefined, resources: [] },
};

function optionsOf(args: readonly string[]): string[] {
  return args.filter((_, index) => args[index - 1] === '-o');
}

describe('what ssh is told', () => {
  test('no terminal, no questions, and the host after the options', () => {
    const args = startArguments('-oProxyCommand=evil', command, noSettings);
    expect(args[0]).toBe('-T');
    expect(optionsOf(args)).toContain('BatchMode=yes');
    expect(args.slice(-3, -1)).toEqual(['--', '-oProxyCommand=evil']);
  });

  test("10 s to connect, unless the user's ssh_config says otherwise", () => {
    expect(optionsOf(startArguments('n', command, noSettings))).toContain('ConnectTimeout=10');
    const set = { connectTimeout: 3, serverAliveInterval: 5 };
    expect(optionsOf(startArguments('n', command, set)).join(' ')).not.toMatch(/ConnectTimeout|ServerAlive/);
  });

  test('what `ssh -G` prints is read, and so is nothing', () => {
    expect(parseSettings('host n\nconnecttimeout 7\nserveraliveinterval 30\n')).toEqual({
      connectTimeout: 7,
      serverAliveInterval: 30,
    });
    expect(parseSettings('connecttimeout none\nserveraliveinterval 0\n')).toEqual(noSettings);
    expect(parseSettings('usage: ssh')).toEqual(noSettings);
  });
});

/** Words that an sh on the other side received, through a login shell. */
function receivedThrough(shell: readonly string[], words: readonly string[]): string[] {
  const [file, ...args] = shell as [string, ...string[]];
  const script = `exec printf '%s\\0' ${words.map(shellQuoted).join(' ')}`;
  const { stdout, stderr } = spawnSync(file, [...args, remoteCommand(script)], { encoding: 'buffer' });
  if (stderr.length > 0) throw new Error(stderr.toString());
  return stdout.toString().split('\0').slice(0, -1);
}

const hard = [
  ["it's", 'two words', ' edge ', '"quoted"', 'a\\b', '\\', '\\0101', "\\'", 'a\\\\b'],
  [
    '$HOME',
    '`id`',
    '$(id)',
    '!',
    '!!',
    'wow!x',
    '^a^b',
    '~',
    '*',
    '?',
    '[ab]',
    '{a,b}',
    '#x',
    '%s',
    '%%',
    '&',
    '|',
    ';',
    '<',
    '>',
  ],
  ['tab\there', 'new\nline', 'end\n', '\n', '-n', '-', 'é', '数据', '\x1b[0m', '\x7f', ''],
].flat();

test('a script reaches sh unchanged, whatever is in it', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({
          unit: fc.oneof(
            fc.constantFrom("'", '"', '\\', '$', '`', '!', '\n', '*', '~', ' ', '#'),
            fc.string({ minLength: 1, maxLength: 1 }),
          ),
          maxLength: 20,
        }),
        { minLength: 1, maxLength: 4 },
      ),
      (texts) => {
        // A command line holds no NUL.
        const words = texts.map((text) => text.replaceAll('\0', ''));
        expect(receivedThrough(['/bin/sh', '-c'], words)).toEqual(words);
      },
    ),
    { numRuns: 60 },
  );
});

test.for([
  ['/bin/bash', '-c'],
  ['tcsh', '-fc'],
  ['fish', '-c'],
  ['zsh', '-fc'],
])('quotes, blanks and other hard words reach sh through %s', (shell, ctx) => {
  skipWithout(ctx, 'login-shells');
  expect(receivedThrough(shell, hard)).toEqual(hard);
});

describe('a host where', () => {
  test('the program is has its engine.sh run, with its words in order, also at a hard path', () => {
    const folder = join(testFolder(), 'it\'s a "$HOME" `disk`\\!');
    mkdirSync(folder);
    writeFileSync(join(folder, 'engine.sh'), 'printf "%s|" "$0" "$@"');
    const words = { ...command, folder, cwd: '/a b', runId: "r'1", engineRank: 12, nodePath: '/n o' };
    const remote = startArguments('n', words, noSettings).at(-1) as string;
    const { stdout } = spawnSync('/bin/sh', ['-c', remote], { encoding: 'utf8' });
    expect(stdout).toBe(`${folder}/engine.sh|/n o|${folder}|/a b|r'1|12|`);
  });

  test('it is not says so in the manner of engine.sh', () => {
    const remote = startArguments('n', { ...command, folder: "/it's not" }, noSettings).at(-1) as string;
    const { stdout, stderr } = spawnSync('/bin/sh', ['-c', remote], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toBe(
      "\ndisbatch-engine: problem disBatch is not at /it's not, its path on the host where the run was started; install it at the same path\n",
    );
  });
});
