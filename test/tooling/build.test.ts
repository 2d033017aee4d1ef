/** The build, in a small checkout of its own: the project's scripts with sources of a line each. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';

let checkout: string;
/** A PATH with the shell and Node, and no compiler. */
let bare: string;

const write = (path: string, text: string): void => writeFileSync(join(checkout, path), text);

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'build-'));
  cpSync('scripts', join(checkout, 'scripts'), { recursive: true });
  const monitor = ['terminal', 'web', 'page', 'report', 'report/page'].map((room) => `src/monitor/${room}`);
  for (const folder of ['src/cli', 'src/engine', 'src/library', 'src/notify', ...monitor, 'native', 'bare'])
    mkdirSync(join(checkout, folder), { recursive: true });
  for (const file of ['disbatch.sh', 'start.cjs']) cpSync(`src/cli/${file}`, join(checkout, 'src/cli', file));
  write('package.json', '{ "version": "1.2.3" }');
  write('package-lock.json', '{}');
  write(
    'src/cli/main.ts',
    'declare const DISBATCH_VERSION: string;\nconsole.log(DISBATCH_VERSION, process.argv[2]);\n',
  );
  write('src/engine/portable-launcher.ts', "console.log('launcher');\n");
  write('src/engine/main.ts', "console.log('engine');\n");
  write('src/library/index.ts', "export { DisBatcher } from './disbatcher.ts';\n");
  for (const entry of ['terminal/main.ts', 'web/main.ts', 'report/main.ts', 'page/main.tsx', 'report/page/main.tsx'])
    write(`src/monitor/${entry}`, 'export const entry = 1;\n');
  write('src/monitor/page/page.html', '<!doctype html>\n');
  write('src/notify/mail.ts', 'export const sendMail = 1;\n');
  write('src/library/disbatcher.ts', 'export class DisBatcher {}\n');
  for (const script of ['engine.sh', 'slot.sh']) cpSync(`src/engine/${script}`, join(checkout, 'src/engine', script));
  write('native/launcher.c', '#include <stdio.h>\nint main(void) { return puts("native") < 0; }\n');
  symlinkSync(join(process.cwd(), 'node_modules'), join(checkout, 'node_modules'));
  bare = join(checkout, 'bare');
  symlinkSync(process.execPath, join(bare, 'node'));
});
afterEach(() => rmSync(checkout, { recursive: true }));

/** Builds; returns what it says. */
function build(PATH = process.env['PATH']): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, PATH };
  return spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: checkout, env, encoding: 'utf8' });
}

const made = (): string[] => readdirSync(join(checkout, 'dist')).filter((name) => !name.startsWith('.'));
const portable = [
  'disbatch',
  'disbatch.1',
  'disbatch.cjs',
  'engine.cjs',
  'engine.sh',
  'library.cjs',
  'library.d.cts',
  'library.d.mts',
  'library.mjs',
  'mail.cjs',
  'page.html',
  'page.js',
  'portable-launcher.cjs',
  'report-page.js',
  'report.cjs',
  'slot.sh',
  'start.cjs',
  'terminal.cjs',
  'web.cjs',
];

describe('npm run build', () => {
  test('makes a command that runs and knows its version', () => {
    expect(build(bare)).toMatchObject({ status: 0, stderr: '' });
    const run = spawnSync(join(checkout, 'dist/disbatch'), ['an argument'], { encoding: 'utf8' });
    expect(run).toMatchObject({ status: 0, stdout: '1.2.3 an argument\n', stderr: '' });
  });

  test('is content without a C compiler, and says that the portable launcher does the work', () => {
    expect(build(bare)).toMatchObject({ status: 0, stdout: expect.stringContaining('portable launcher') as string });
    expect(made()).toEqual(portable);
  });

  test('is content with a C compiler that does not work', () => {
    writeFileSync(join(bare, 'cc'), '#!/bin/sh\necho "no headers" >&2\nexit 1\n', { mode: 0o755 });
    expect(build(bare)).toMatchObject({ status: 0, stdout: expect.stringContaining('portable launcher') as string });
    expect(made()).toEqual(portable);
  });

  test('builds the native launcher, static, once there is a compiler', (ctx) => {
    skipWithout(ctx, 'c-compiler');
    if (process.platform !== 'linux') ctx.skip('the native launcher is for Linux');
    expect(build(bare).status).toBe(0);
    const name = `launcher-linux-${process.arch}`;
    expect(build()).toMatchObject({ status: 0, stdout: expect.stringContaining(`${name} (static)`) as string });
    expect(spawnSync(join(checkout, 'dist', name), { encoding: 'utf8' }).stdout).toBe('native\n');
  });

  test('fails with the words of a compiler that works and refuses the launcher', (ctx) => {
    skipWithout(ctx, 'c-compiler');
    if (process.platform !== 'linux') ctx.skip('the native launcher is for Linux');
    write('native/launcher.c', 'int main(void) { return undeclared_name; }\n');
    const { status, stderr } = build();
    expect(status).not.toBe(0);
    expect(stderr).toContain('undeclared_name');
  });

  test('does nothing when nothing has changed, and builds again when something has', () => {
    build(bare);
    const builtAt = (): number => statSync(join(checkout, 'dist/disbatch.cjs')).ino;
    const first = builtAt();
    expect(build(bare)).toMatchObject({ status: 0, stdout: '' });
    expect(builtAt()).toBe(first);
    write('src/cli/main.ts', "console.log('changed');\n");
    expect(build(bare).stdout).toContain('Built dist/');
    expect(spawnSync(join(checkout, 'dist/disbatch'), { encoding: 'utf8' }).stdout).toBe('changed\n');
  });

  test('builds again when a file of dist/ is gone, and takes away what is no longer made', () => {
    build(bare);
    rmSync(join(checkout, 'dist/start.cjs'));
    writeFileSync(join(checkout, 'dist/launcher-of-old'), '');
    expect(build(bare).stdout).toContain('Built dist/');
    expect(made()).toEqual(portable);
  });

  test('leaves the last build in place when a source cannot be built', () => {
    build(bare);
    write('src/cli/main.ts', 'const = ;\n');
    expect(build(bare)).toMatchObject({ status: 1, stderr: expect.stringContaining('src/cli/main.ts') as string });
    expect(spawnSync(join(checkout, 'dist/disbatch'), ['x'], { encoding: 'utf8' }).stdout).toBe('1.2.3 x\n');
    expect(readdirSync(join(checkout, 'dist')).filter((name) => name.startsWith('.new'))).toEqual([]);
  });
});
