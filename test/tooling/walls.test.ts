/** The walls between the folders of src/ hold: oxlint, with the project's configuration, on small trees of sources. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let tree: string;

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'walls-'));
  for (const file of ['oxlint.config.mjs', 'tsconfig.json']) copyFileSync(file, join(tree, file));
  symlinkSync(join(process.cwd(), 'node_modules'), join(tree, 'node_modules'));
});
afterEach(() => rmSync(tree, { recursive: true }));

/** The rules that oxlint finds broken in these files: `FILE RULE`, sorted. */
function broken(files: Readonly<Record<string, string>>): string[] {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  const { stdout } = spawnSync('node_modules/.bin/oxlint', ['-c', 'oxlint.config.mjs', '-f', 'json', 'src'], {
    cwd: tree,
    encoding: 'utf8',
  });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] };
  return diagnostics.map(({ filename, code }) => `${filename} ${code}`).sort();
}

const module = 'export const one = 1;\n';
const restricted = 'eslint(no-restricted-imports)';

describe('the linter', () => {
  test('lets a folder import what lies below it', () => {
    const use = (from: string): string =>
      `import { one as below } from '../${from}/one.ts';\nexport const one = below + 1;\n`;
    expect(
      broken({
        'src/base/one.ts': module,
        'src/task/one.ts': use('base'),
        'src/contract/one.ts': use('task'),
        'src/engine/one.ts': use('contract'),
        'src/cli/one.ts': use('engine'),
      }),
    ).toEqual([]);
  });

  test('refuses what is above or beside a folder: values, types, dynamic imports and re-exports', () => {
    const refused = [
      ['driver', 'engine'],
      ['engine', 'driver'],
      ['context', 'engine'],
      ['monitor', 'driver'],
      ['contract', 'driver'],
      ['kvs', 'task'],
      ['task', 'contract'],
      ['base', 'task'],
      ['engine', 'cli'],
    ] as const;
    const files: Record<string, string> = {};
    const expected: string[] = [];
    for (const [importer, imported] of refused) {
      const path = `../${imported}/one.ts`;
      const stem = `src/${importer}/${imported}`;
      files[`src/${imported}/one.ts`] = `${module}export type One = 1;\n`;
      files[`${stem}-value.ts`] = `import { one } from '${path}';\nexport const two = one + 1;\n`;
      files[`${stem}-type.ts`] = `import type { One } from '${path}';\nexport const two: One = 1;\n`;
      files[`${stem}-late.ts`] = `export const late = () => import('${path}');\n`;
      files[`src/${importer}/deep/${imported}.ts`] = `export { one } from '../${path}';\n`;
      expected.push(`src/${importer}/deep/${imported}.ts ${restricted}`);
      for (const kind of ['late', 'type', 'value']) expected.push(`${stem}-${kind}.ts ${restricted}`);
    }
    expect(broken(files)).toEqual(expected.sort());
  });

  test('keeps the rooms of the monitor apart', () => {
    const use = (from: string): string => `import { one as other } from '../${from}';\nexport const one = other + 1;\n`;
    expect(
      broken({
        'src/monitor/one.ts': module,
        'src/monitor/records/one.ts': use('one.ts'),
        'src/monitor/records/two.ts': use('analysis/one.ts'),
        'src/monitor/analysis/one.ts': use('records/one.ts'),
        'src/monitor/terminal/one.ts': use('web/one.ts'),
        'src/monitor/web/answers.ts': module,
        'src/monitor/web/one.ts': use('records/one.ts'),
        'src/monitor/page/one.ts': use('web/answers.ts'),
        'src/monitor/page/two.ts': use('web/one.ts'),
        'src/monitor/report/one.ts': use('terminal/one.ts'),
      }),
    ).toEqual([
      `src/monitor/page/two.ts ${restricted}`,
      `src/monitor/records/two.ts ${restricted}`,
      `src/monitor/report/one.ts ${restricted}`,
      `src/monitor/terminal/one.ts ${restricted}`,
    ]);
  });

  test("refuses Node's modules in pure files, and only there", () => {
    const text = "import { join } from 'node:path';\nexport const path = join('a', 'b');\n";
    expect(
      broken({
        'src/task/task.ts': text,
        'src/contract/keys.ts': text,
        'src/driver/reactor.ts': text,
        'src/driver/driver.ts': text,
        'src/engine/task-env.ts': text,
        'src/context/slurm-env.ts': text,
        'src/monitor/run-figures.ts': text,
        'src/monitor/terminal.ts': text,
      }),
    ).toEqual(
      [
        'context/slurm-env',
        'contract/keys',
        'driver/reactor',
        'engine/task-env',
        'monitor/run-figures',
        'task/task',
      ].map((name) => `src/${name}.ts ${restricted}`),
    );
  });

  test('refuses in a pure file of the driver what its folder may not import either', () => {
    expect(
      broken({
        'src/engine/one.ts': module,
        'src/driver/state.ts': "export { one } from '../engine/one.ts';\n",
      }),
    ).toEqual([`src/driver/state.ts ${restricted}`]);
  });

  test('refuses a cycle of imports', () => {
    expect(
      broken({
        'src/base/one.ts': "import { two } from './two.ts';\nexport const one = (): number => two();\n",
        'src/base/two.ts': "import { one } from './one.ts';\nexport const two = (): number => one();\n",
      }),
    ).toEqual(['src/base/one.ts import(no-cycle)', 'src/base/two.ts import(no-cycle)']);
  });

  test('lets only main end the process', () => {
    const text = 'process.exit(1);\n';
    expect(broken({ 'src/cli/main.ts': text, 'src/cli/run.ts': text })).toEqual([
      'src/cli/run.ts eslint(no-restricted-properties)',
    ]);
  });

  test('refuses a promise that nobody waits for', () => {
    expect(broken({ 'src/base/one.ts': 'export function go(): void {\n  Promise.resolve(1);\n}\n' })).toEqual([
      'src/base/one.ts typescript(no-floating-promises)',
    ]);
  });
});
