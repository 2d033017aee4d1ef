/** The options of the library against those of the command line. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseArguments } from '../../src/cli/options/arguments.ts';
import { optionTable } from '../../src/cli/options/options.ts';
import { checkJoinOptions, checkOptions, optionNames } from '../../src/library/check-options.ts';
import type { DisBatcherOptions } from '../../src/library/options.ts';
import type { RunOptions } from '../../src/run/run-options.ts';

/** Options of the command that are not about what a run is, or that a program has other ways for. */
const notForPrograms = [
  ...['taskserver', 'taskcommand', 'sign-in', 'dry-run', 'json', 'quiet', 'version', 'help'],
  ...['web', 'web-address', 'mailTo', 'mailFreq', 'notify'],
];
/** What only a program can say. */
const ofPrograms = ['name', 'env', 'signal', 'onNotice', 'openFiles'];

const inOneWord = (long: string): string =>
  long.replace(/^no-/, '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

function ofCommand(...words: string[]): RunOptions {
  const parsed = parseArguments([...words, 'Tasks']);
  if (parsed.kind !== 'run') throw new Error('not a run');
  return parsed.arguments.options;
}

describe('the options of a program', () => {
  test('are those of the command line, each by its name in one word', () => {
    const expected = optionTable
      .map(({ long }) => long)
      .filter((long) => !notForPrograms.includes(long))
      .map(inOneWord);
    expect(optionNames.toSorted()).toEqual([...ofPrograms, ...expected].toSorted());
  });

  test('have its defaults', () => {
    expect(checkOptions({})).toEqual(ofCommand());
  });

  test.each<[DisBatcherOptions, string[]]>([
    [
      { sshNode: 'a:1', cpusPerTask: 0.5, tasksPerNode: 3, label: 'L', fill: true },
      ['-s', 'a:1', '-c', '0.5', '-t', '3', '-l', 'L', '--fill'],
    ],
    [{ gpu: true, envResource: ['A,B', 'C'] }, ['-g', '-E', 'A,B', '-E', 'C']],
    [{ sshNode: ['a:1', 'b:2'], retire: false }, ['-s', 'a:1', '-s', 'b:2', '--no-retire']],
    [{ retireCmd: 'give back', stopBefore: 90 }, ['--retire-cmd', 'give back', '--stop-before', '90s']],
    [{ startupOnly: true, contextTaskLimit: 5 }, ['-S', '-C', '5']],
    [{ launcher: 'native', endBackground: true }, ['--launcher', 'native', '--end-background']],
    [{ heartbeat: 5, maxLost: 0, rerun: false }, ['--heartbeat', '5', '--max-lost', '0', '--no-rerun']],
    [{ useAddress: '[::1]:0', openStore: true }, ['--use-address', '[::1]:0', '--open-store']],
    [{ kvsserver: 'h:5000' }, ['--kvsserver', 'h:5000']],
    [{ exitCode: true, failFast: true }, ['-e', '-f']],
    [{ resumeFrom: ['x', 'y'], retry: true, forceResume: true }, ['-r', 'x', '-r', 'y', '-R', '--force-resume']],
    [
      { prefix: 'p', statusHeader: true, details: true, results: 'r' },
      ['-p', 'p', '--status-header', '--details', '--results', 'r'],
    ],
    [
      { logfile: 'l', loglevel: 'DEBUG', unknownDirectives: 'warn' },
      ['--logfile', 'l', '--loglevel', 'DEBUG', '--unknown-directives', 'warn'],
    ],
  ])('mean the same: %o', (given, words) => {
    expect(checkOptions(given)).toEqual(ofCommand(...words));
  });

  test.each<[unknown, RegExp]>([
    [{ failfast: true }, /no option failfast/],
    [{ toString: 1 }, /no option toString/],
    [{ tasksPerNode: 1.5 }, /tasksPerNode must be a whole number above 0/],
    [{ cpusPerTask: Number.NaN }, /cpusPerTask/],
    [{ heartbeat: 0.5 }, /heartbeat/],
    [{ exitCode: 1 }, /exitCode must be true or false/],
    [{ resumeFrom: [1] }, /resumeFrom/],
    [{ useAddress: 'host' }, /HOST:PORT/],
    [{ loglevel: 'LOUD' }, /CRITICAL or ERROR/],
    [{ signal: {} }, /AbortSignal/],
    [{ name: 'a/b' }, /name must be/],
    [{ envResource: 'A B' }, /envResource/],
    [{ env: null }, /env must be/],
    [{ sshNode: 'a:1', retireCmd: 'x' }, /Leave out one/],
    [{ startupOnly: true, sshNode: 'a:1' }, /Leave out one/],
    [{ endBackground: true, launcher: 'portable' }, /Leave out one/],
  ])('are refused when they are wrong: %o', (given, sentence) => {
    expect(() => checkOptions(given as DisBatcherOptions)).toThrow(sentence);
  });

  test('may be given as undefined', () => {
    expect(checkOptions(Object.fromEntries(optionNames.map((name) => [name, undefined])))).toEqual(checkOptions({}));
  });

  test('of joining are checked too', () => {
    expect(() => checkJoinOptions({ timeoutMs: 0 })).toThrow(/timeoutMs/);
    expect(() => checkJoinOptions({ sshNode: 'a:1' } as object)).toThrow(/no option sshNode/);
  });

  test('are all in docs/library.md, by the order of their docstrings', () => {
    const page = readFileSync('docs/library.md', 'utf8');
    const cells = [...page.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
    expect(cells).toEqual([...optionNames, 'name', 'signal', 'timeoutMs']);
  });
});
