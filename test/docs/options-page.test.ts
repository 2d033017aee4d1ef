/** The options in the pages against the one table of options. */
import { describe, expect, test } from 'vitest';
import { kvsOptions } from '../../src/cli/kvs/kvs-arguments.ts';
import { optionTable } from '../../src/cli/options/options.ts';
import { subCommands } from '../../src/cli/sub-commands.ts';
import { allPages, prose, readPage, sections } from './pages.ts';

/** The first column of the tables in a section. */
function firstColumn(name: string, heading: string): string[] {
  const text = sections(readPage(name), 2).find((section) => section.heading === heading)?.text ?? '';
  return [...text.matchAll(/^\| (`-[^|]*?) +\|/gm)].map(([, cell = '']) => cell);
}

describe('the options', () => {
  test('docs/running.md has each, with its short form and the name of its value, in the order of the help', () => {
    const expected = optionTable.map(({ long, short, value }) => {
      const shown = `\`--${long}${value === undefined ? '' : ` ${value.name}`}\``;
      return short === undefined ? shown : `\`-${short}\`, ${shown}`;
    });
    expect(firstColumn('docs/running.md', 'All options')).toEqual(expected);
  });

  test('docs/store.md has each of disbatch kvs', () => {
    const cells = ['`disbatch kvs`', 'A store without a run'].flatMap((heading) =>
      firstColumn('docs/store.md', heading),
    );
    const named = cells.flatMap((cell) => /--[a-z-]+/.exec(cell) ?? []);
    expect(named.toSorted()).toEqual(kvsOptions.toSorted());
  });

  test('no page speaks of a long option that there is not', () => {
    const known = [...optionTable, ...subCommands.flatMap(({ options }) => options)].map(({ long }) => `--${long}`);
    // Options of npm, in what is said of the installation; and one of the original's PREFIX_dbUtil.sh.
    const others = ['--prefix', '--global', '--mon'];
    // Pages that tell what becomes of the options of other programs.
    const ofOthers = ['docs/from-parallel.md', 'docs/from-job-arrays.md'];
    const unknown = allPages()
      .filter(({ name }) => !ofOthers.includes(name))
      .flatMap((page) =>
        [...prose(page).matchAll(/(?<![\w-])--[a-zA-Z][\w-]*/g)]
          .map(([option]) => option)
          .filter((option) => !known.includes(option) && !others.includes(option))
          .map((option) => `${page.name}: ${option}`),
      );
    expect(unknown).toEqual([]);
  });
});
