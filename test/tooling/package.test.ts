/** The package as users get it: packed from this checkout, installed into an empty prefix. `npm test` has built dist/. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface Packed {
  readonly filename: string;
  readonly bundled: readonly string[];
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

let place: string;
let packed: Packed;
const prefix = (): string => join(place, 'prefix');

/** Runs npm in a folder, without the settings that an outer npm hands down. */
function npm(...args: readonly string[]): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const { status, stdout, stderr } = spawnSync('npm', args, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${stderr}`);
  return stdout;
}

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'package-'));
  // Not built again: other tests are using dist/.
  const report = JSON.parse(npm('pack', '--ignore-scripts', '--json', '--pack-destination', place)) as unknown;
  [packed] = Object.values(report as Record<string, Packed>) as [Packed];
  npm('install', '--global', '--offline', '--prefix', prefix(), join(place, packed.filename));
});
afterAll(() => rmSync(place, { recursive: true }));

describe('the package', () => {
  test('has the program, its licence, its documentation and its examples', () => {
    const paths = packed.files.map(({ path }) => path);
    for (const path of [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'dist/disbatch',
      'dist/start.cjs',
      'dist/disbatch.cjs',
    ]) {
      expect(paths).toContain(path);
    }
    expect(paths.some((path) => path.startsWith('docs/'))).toBe(true);
    expect(paths.some((path) => path.startsWith('examples/'))).toBe(true);
  });

  test('has nothing else: no sources, no tests, no leftovers of a build or of an example', () => {
    const others = packed.files
      .map(({ path }) => path)
      .filter((path) => !/^(dist|docs|examples)\/|^(LICENSE|README\.md|CHANGELOG\.md|package\.json)$/.test(path));
    expect(others).toEqual([]);
    expect(packed.files.filter(({ path }) => /\/\.|\/out\//.test(path))).toEqual([]);
  });

  test('installs with no other package', () => {
    expect(packed.bundled).toEqual([]);
    expect(readdirSync(join(prefix(), 'lib/node_modules'))).toEqual(['disbatch']);
    expect(existsSync(join(prefix(), 'lib/node_modules/disbatch/node_modules'))).toBe(false);
  });

  test.each(['disbatch', 'disBatch'])('gives the command %s', (name) => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const run = spawnSync(join(prefix(), 'bin', name), ['--version'], { encoding: 'utf8' });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain(version);
  });
});
