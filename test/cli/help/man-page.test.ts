/** The man page, made from the tables. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manPage } from '../../../src/cli/help/man-page.ts';
import { optionForms } from '../../../src/cli/help/option-text.ts';
import { optionTable } from '../../../src/cli/options/options.ts';
import { roff } from '../../../src/cli/help/roff.ts';
import { subCommands } from '../../../src/cli/sub-commands.ts';
import { root } from '../../docs/pages.ts';
import { disbatch, runDisbatch } from '../../support/run-disbatch.ts';

/** What a reader sees of our roff: the requests and the escapes gone. */
function shown(source: string): string {
  const signs: Record<string, string> = { aq: "'", ga: '`', ti: '~', ha: '^', dq: '"' };
  return source
    .replace(/^\.(?:SH|SS) /gm, '')
    .replace(/^\.[A-Za-z]+\b.*\n/gm, '')
    .replace(/\\f[BIR]/g, '')
    .replace(/\\\((\w\w)/g, (_, name: string) => signs[name] ?? '?')
    .replace(/\\&/g, '')
    .replace(/\\-/g, '-')
    .replace(/\\e/g, '\\');
}

const page = manPage('1.2.3', optionTable, subCommands);
const text = shown(page).replace(/\s+/g, ' ');

describe('the man page', () => {
  test('has every option with all that is said of it', () => {
    for (const option of [...optionTable, ...subCommands.flatMap(({ options }) => options)]) {
      const help = option.help.charAt(0).toUpperCase() + option.help.slice(1);
      expect(text).toContain(` ${optionForms(option)} ${help}`);
    }
  });

  test('has every form of use of every command', () => {
    for (const { usage } of subCommands) for (const words of usage) expect(text).toContain(` disbatch ${words} `);
  });

  test('has the sections of a man page, in their order', () => {
    const sections = [...page.matchAll(/^\.SH (.*)$/gm)].map(([, name]) => name);
    expect(sections).toEqual([
      ...['NAME', 'SYNOPSIS', 'DESCRIPTION', 'TASK FILE', 'OPTIONS', 'COMMANDS', 'EXAMPLES', 'EXIT STATUS'],
      ...['ENVIRONMENT', 'FILES', 'SIGNALS', 'SEE ALSO'],
    ]);
  });

  test('tells of each variable that a task gets', () => {
    const named = [
      ...readFileSync(join(root, 'src/engine/task-env.ts'), 'utf8').matchAll(/\bDISBATCH_[A-Z_]*[A-Z]\b/g),
    ].map(([name]) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !text.includes(name))).toEqual([]);
  });

  test('tells of each variable of disBatch that the command reads', () => {
    const folder = join(root, 'src');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const pattern = /(?:env\[|Variable = )'(DISBATCH_[A-Z_]+)'/g;
    const named = files.flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(pattern)]);
    // What the command's own start hands on, and what is for those who look for bugs.
    const untold = new Set(['DISBATCH_STARTED_WITH', 'DISBATCH_DEBUG']);
    const names = named.map(([, name]) => name as string).filter((name) => !untold.has(name));
    expect(names).toContain('DISBATCH_SMTP_URL');
    expect(names.filter((name) => !text.includes(name))).toEqual([]);
  });

  test('is what groff takes without a warning', (ctx) => {
    if (spawnSync('groff', ['--version']).status !== 0) ctx.skip('groff is missing, which reads the man page');
    const { status, stdout, stderr } = spawnSync('groff', ['-man', '-ww', '-Tutf8'], { input: page, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.replace(/\x1b\[[\d;]*m|.\x08/g, '')).toContain('-s, --ssh-node HOST:CORES');
  });

  test('is printed by disbatch man, and lies where npm finds it', async () => {
    const { stdout, status } = await runDisbatch(['man'], { cwd: root });
    expect(status).toBe(0);
    expect(stdout).toBe(readFileSync(join(root, 'dist/disbatch.1'), 'utf8'));
    const { man, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly man: readonly string[];
      readonly version: string;
    };
    expect(man.map((path) => join(root, path))).toEqual([join(disbatch, '../disbatch.1')]);
    expect(stdout).toContain(`disBatch ${version.replaceAll('-', '\\-')}`);
  });
});

describe('text in roff', () => {
  test('stays what it is, and no line of it is a request', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~]*(\n[ -~]*)*$/), (any) => {
        const made = roff(any);
        expect(shown(made)).toBe(any);
        expect(made).not.toMatch(/^[.']/m);
      }),
    );
  });
});
