/** The programs in docs/library.md and of the example run, with the package as it is built. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPage } from '../docs/pages.ts';
import { readRecords, statusFile, testFolder } from '../support/run-disbatch.ts';

const root = resolve(import.meta.dirname, '../..');

/** A folder with the package installed. */
function withPackage(): string {
  const folder = testFolder();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/disbatch'));
  return folder;
}

function node(folder: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout: 60_000 });
}

describe('docs/library.md', () => {
  const programs = [...readPage('docs/library.md').text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, text = '']) => text);
  const said = [/^0 42\n\n3 tasks, 1 failed: \/.*_status\.txt\n$/, /^ended 100\n$/, /^not-run\n$/];

  test.each(programs.map((text, i) => [i, text] as const))('its program %i runs', (i, text) => {
    const folder = withPackage();
    writeFileSync(join(folder, 'program.mjs'), text);
    const { status, stdout, stderr } = node(folder, 'program.mjs');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(said[i] as RegExp);
  });

  test('has as many programs as are known here', () => {
    expect(programs.length).toBe(said.length);
  });
});

describe('examples/parameter-search', () => {
  test('finds a lowest point, by tasks, and draws its path', () => {
    const folder = withPackage();
    const { status, stdout, stderr } = node(folder, join(root, 'examples/parameter-search/search.mjs'), 'out');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [, points, lowest] = /^(\d+) points, 0 without a height\nlowest: ([\d.]+) at /.exec(stdout) ?? [];
    expect(Number(lowest)).toBeLessThan(0.02);
    expect(readRecords(statusFile(join(folder, 'out'))).length).toBe(Number(points));
    const picture = readFileSync(join(folder, 'out/search.svg'), 'utf8');
    expect(picture.match(/<rect /g)?.length).toBe(Number(points));
    expect(picture).toMatch(/<polyline points="[\d.]+,[\d.]+ /);
    expect(readdirSync(folder)).toEqual(['node_modules', 'out']);
  });
});
