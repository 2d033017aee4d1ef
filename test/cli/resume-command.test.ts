import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseArguments, type RunArguments } from '../../src/cli/options/arguments.ts';
import { resumeCommand } from '../../src/cli/resume-command.ts';

function parsed(words: readonly string[]): RunArguments {
  const result = parseArguments(words);
  if (result.kind !== 'run') throw new Error(`it is ${result.kind}`);
  return result.arguments;
}

/** The words as a real bash hands them to a program; several commands at once, since each start of bash takes long. */
function splitByBash(commands: readonly string[]): string[][] {
  const script = commands.map((command) => `printf '%s\\0' ${command}; printf '\\n\\0'`).join('\n');
  const words = execFileSync('/bin/bash', ['--norc', '-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
  const lists: string[][] = [[]];
  for (const word of words) {
    if (word === '\n') lists.push([]);
    else lists.at(-1)?.push(word);
  }
  return lists.slice(0, -1);
}

/** A command line, and what it is resumed from. */
interface Case {
  readonly words: readonly string[];
  readonly status: string;
  readonly carried: boolean;
  readonly retry: boolean;
}

/** What the commands for these cases mean when a bash has read them, and what they should mean. */
function meanings(cases: readonly Case[]): { readonly meant: unknown[]; readonly wanted: unknown[] } {
  const commands = cases.map((each) => resumeCommand(parsed(each.words), each.status, each.carried, each.retry));
  const meant = splitByBash(commands).map(([program, ...words]) => [program, { ...parsed(words), given: {} }]);
  const wanted = cases.map(({ words, status, carried, retry }) => {
    const before = parsed(words);
    const resumeFrom = carried ? [status] : [...before.options.resumeFrom, status];
    return ['disbatch', { ...before, options: { ...before.options, resumeFrom, retry }, given: {} }];
  });
  return { meant, wanted };
}

// A word of one newline would end a list of words above.
const name = fc
  .oneof(
    fc.constantFrom(
      'Tasks',
      'a b',
      "it's",
      '$HOME/x',
      '*.txt',
      '`id`',
      'ä\n日',
      '~',
      '#1',
      '\\',
      '"',
      '!!',
      'x;y',
      '&',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
  )
  .filter((text) => text !== '\n' && !text.includes('\0') && !/\p{Cs}/u.test(text) && !text.startsWith('-'));

const separate = fc.oneof(
  name.map((value) => ['-r', value]),
  name.map((value) => ['--resume-from', value]),
  name.map((value) => [`--resume=${value}`]),
  name.map((value) => [`-r=${value}`]),
  name.map((value) => ['-p', value]),
  name.map((value) => [`--label=${value}`]),
  fc.constantFrom(['-R'], ['--retry'], ['-e'], ['-f'], ['-s', 'localhost:2'], ['-c=0.5'], ['-t3']),
  fc.constantFrom(['--force-resume'], ['--status-header'], ['--unk', 'warn'], ['-q'], ['--logl=DEBUG'], ['-ef']),
  fc.constantFrom(['--details'], ['--json'], ['--kvsserver', 'a:5000'], ['--kvs=a:5000']),
  name.map((value) => [`--results=${value}`]),
);
/** What stands for a task file. */
const programs = fc.oneof(
  name.map((value) => ['--taskcommand', value]),
  name.map((value) => [`--taskcommand=${value}`, '--sign-in', '5m']),
  fc.constantFrom(['--taskserver', '-e'], ['--taskserver', 'a:5000'], ['--taskserver']),
);

const facts = { status: name, carried: fc.boolean(), retry: fc.boolean() };

describe('the command that resumes', () => {
  test('does the same as the first but for -r and -R, after a real bash has read it', () => {
    const one = fc.record({
      words: fc
        .tuple(
          fc.array(separate, { maxLength: 6 }),
          fc.oneof({ weight: 2, arbitrary: name.map((file) => [file]) }, programs),
        )
        .map(([options, tasks]) => [...options.flat(), ...tasks]),
      ...facts,
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 12 }), (cases) => {
        const { meant, wanted } = meanings(cases);
        expect(meant).toEqual(wanted);
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    ['-rold Tasks', 'the status file written to its letter'],
    ['-eR Tasks', 'letters in one word'],
    ['-efRr old Tasks', 'letters in one word, the last with a status file'],
    ['-l -R Tasks', 'a value that looks like -R'],
    ['-l=-r Tasks', 'a value that looks like -r'],
    ['--prefix=--retry Tasks', 'a value that looks like --retry'],
    ['-r -R Tasks', 'a status file that is called -R'],
    ['-e -- -R', 'a task file that is called -R'],
    ['-- --resume-from', 'a task file that is called --resume-from'],
    ['--taskcommand -R', 'a command that is called -R'],
    ['--taskserver -e', 'an option whose value may be left out'],
    ['--taskserver --results out', 'an option that may take the next, with a value'],
  ])('holds for %s: %s', (line) => {
    const words = line.split(' ');
    const ways = [true, false].flatMap((carried) => [true, false].map((retry) => ({ carried, retry })));
    const { meant, wanted } = meanings(ways.map((way) => ({ words, status: 'new', ...way })));
    expect(meant).toEqual(wanted);
  });

  test('keeps a task file apart from an option that may stand alone', () => {
    const given = parseArguments(['Tasks', '--kvsserver'], { DISBATCH_KVSSTCP_HOST: 'a:5000' });
    if (given.kind !== 'run') throw new Error(`it is ${given.kind}`);
    expect(resumeCommand(given.arguments, 'new', true, false)).toBe('disbatch -r new --kvsserver -- Tasks');
  });

  test('names the new status file alone where it carries the records of the old ones', () => {
    const given = parsed(['-r', 'a', '-r', 'b', '-s', 'localhost:2', 'Tasks']);
    expect(resumeCommand(given, '/d/new_status.txt', true, false)).toBe(
      'disbatch -r /d/new_status.txt -s localhost:2 Tasks',
    );
    expect(resumeCommand(given, '/d/new_status.txt', false, true)).toBe(
      'disbatch -r a -r b -r /d/new_status.txt -R -s localhost:2 Tasks',
    );
  });
});
