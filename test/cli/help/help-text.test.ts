/** The texts of --help, made from the tables. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asksForHelp, findSubCommand } from '../../../src/cli/find-sub-command.ts';
import { contextHelp, fullHelp, helpWidth, shortHelp, subCommandHelp } from '../../../src/cli/help/help-text.ts';
import { kvsOptions } from '../../../src/cli/kvs/kvs-arguments.ts';
import { optionForms } from '../../../src/cli/help/option-text.ts';
import { optionTable } from '../../../src/cli/options/options.ts';
import { subCommands } from '../../../src/cli/sub-commands.ts';

const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

describe('disbatch --help', () => {
  const text = shortHelp(optionTable, subCommands, 80);
  const lines = text.split('\n');

  test('fits two screens, and no line is longer than 80 columns', () => {
    expect(lines.length).toBeLessThanOrEqual(61);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  test('has the usual options, a line each, and no other', () => {
    const shown = optionTable.filter((option) => lines.some((line) => line.startsWith(`  ${optionForms(option)} `)));
    expect(shown).toEqual(optionTable.filter(({ brief }) => brief !== undefined));
    for (const option of shown)
      expect(lines.find((line) => line.startsWith(`  ${optionForms(option)} `))).toMatch(` ${option.brief}`);
  });

  test('has every command, a line each', () => {
    for (const { word, summary } of subCommands)
      expect(lines.filter((line) => line.startsWith(`  ${word} `) && line.endsWith(` ${summary}`))).toHaveLength(1);
  });

  test('says where the others are', () => {
    expect(oneLine(text)).toContain(`${optionTable.length} options: disbatch --help all has every one`);
  });
});

describe('disbatch --help all', () => {
  test('has every option with all its words, under its heading', () => {
    const text = oneLine(fullHelp(optionTable, subCommands, 80));
    for (const option of optionTable) expect(text).toContain(` ${optionForms(option)} ${oneLine(option.help)}`);
    for (const { group } of optionTable) expect(text.split(` ${group} `)).toHaveLength(2);
  });
});

describe('the help of a sub-command', () => {
  test.each(subCommands.map((command) => [command.word, command] as const))(
    'disbatch %s --help has its forms of use and its options',
    (_, command) => {
      const text = oneLine(subCommandHelp(command, 80));
      for (const usage of command.usage) expect(text).toContain(`disbatch ${usage} `);
      for (const option of command.options) expect(text).toContain(` ${optionForms(option)} ${oneLine(option.help)}`);
      expect(command.options.filter(({ help }) => help.endsWith('.'))).toEqual([]);
    },
  );

  test('disbatch kvs --help tells of the options that there are', () => {
    const told = subCommands.find(({ word }) => word === 'kvs')?.options.map(({ long }) => `--${long}`) ?? [];
    expect(told.toSorted()).toEqual(kvsOptions.toSorted());
  });
});

describe('the width', () => {
  test('is that of the terminal up to 100 columns, and 80 where there is none', () => {
    expect([undefined, 0, 72, 80, 100, 250, 10].map(helpWidth)).toEqual([80, 80, 72, 80, 100, 100, 40]);
  });

  test('is kept to at every size, but for what cannot be parted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 100 }), (width) => {
        const texts = [
          shortHelp(optionTable, subCommands, width),
          fullHelp(optionTable, subCommands, width),
          contextHelp(optionTable, width),
          ...subCommands.map((command) => subCommandHelp(command, width)),
        ];
        const tooLong = texts.flatMap((text) => text.split('\n')).filter((line) => line.length > width);
        // The first lines of use, and the names of an option, stand as they are.
        expect(tooLong.filter((line) => !/^Usage|^ {2}\S+( \S+)?$|^ {2}-\w, --\S+ \S+$/.test(line))).toEqual([]);
        if (width >= 80) expect(tooLong).toEqual([]);
      }),
    );
  });
});

describe('which sub-command is meant', () => {
  const find = (words: readonly string[], files: readonly string[] = []): string | undefined =>
    findSubCommand(subCommands, words, (path) => files.includes(path))?.word;

  test('the first word says', () => {
    expect(find(['ctl', 'run', 'status'])).toBe('ctl');
    expect(find(['Tasks', 'ctl'])).toBeUndefined();
    expect(find(['./ctl'])).toBeUndefined();
    expect(find(['-s', 'localhost:2', 'kvs'])).toBeUndefined();
    expect(find([])).toBeUndefined();
  });

  test('a word that says nothing by itself is a task file, when there is one', () => {
    expect(find(['kvs'], ['kvs'])).toBeUndefined();
    expect(() => find(['kvs'])).toThrow(/^disbatch kvs needs more words\. Write it so: disbatch kvs get KEY/);
    expect(find(['man'], ['man'])).toBe('man');
  });

  test('help on each is what its --help prints, and all options are in help all', async () => {
    const help = subCommands.find(({ word }) => word === 'help');
    const printed = async (...words: string[]): Promise<string> => {
      let all = '';
      const print = (text: string): Promise<boolean> => Promise.resolve((all += text) !== '');
      await help?.run(words, undefined as never, { isTerminal: false, width: 80, print });
      return all;
    };
    for (const command of subCommands) expect(await printed(command.word)).toBe(subCommandHelp(command, 80));
    expect(await printed()).toBe(shortHelp(optionTable, subCommands, 80));
    expect(await printed('all')).toBe(fullHelp(optionTable, subCommands, 80));
    await expect(printed('tasks')).rejects.toThrow('There is no help on "tasks". See disbatch --help.');
    const named = help?.operands.flatMap(({ choices = [] }) => choices);
    expect(['help', ...(named ?? [])].toSorted()).toEqual(['all', ...subCommands.map(({ word }) => word)].toSorted());
  });

  test('its help is asked for before --, not behind it', () => {
    for (const words of [['--help'], ['x', '-h'], ['-h', '--']]) expect(asksForHelp(words)).toBe(true);
    for (const words of [[], ['x'], ['put', '--', '-h']]) expect(asksForHelp(words)).toBe(false);
  });
});

test('the texts of the tables are one line each and end without a full stop', () => {
  const texts = [
    ...optionTable.flatMap(({ help, brief, context }) => [help, brief, context]),
    ...subCommands.flatMap(({ summary, verbs, options }) => [
      summary,
      ...(verbs ?? []).map(([, help]) => help),
      ...options.map(({ help }) => help),
    ]),
  ];
  expect(texts.filter((text) => text !== undefined && /\n|\.$|^[A-Z][a-z]/.test(text))).toEqual([]);
});
