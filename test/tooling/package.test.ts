/** The package as users get it: packed from this checkout, installed into an empty prefix. `npm test` has built dist/. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
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

describe('the library in the package', () => {
  const tsc = resolve('node_modules/typescript/bin/tsc');
  const program = `
    import { DisBatcher, DisbatchError, type TaskResult, type RunSummary } from 'disbatch';
    export async function use(signal: AbortSignal): Promise<RunSummary | undefined> {
      await using run: DisBatcher = await DisBatcher.start({ sshNode: ['localhost:1'], signal, label: undefined });
      const ids: number[] = await run.submit(['true']);
      const results: Map<number, TaskResult> = await run.syncTasks(ids);
      for await (const { exitCode, signal } of run) if (exitCode !== 0) return signal === undefined ? undefined : run.done();
      return results.size > 0 ? run.done() : undefined;
    }
    export const codeOf = (error: unknown): string | undefined => error instanceof DisbatchError ? error.code : undefined;
  `;
  /** Where Node and compilers find the package, and nothing of this checkout. */
  const project = (): string => {
    const folder = mkdtempSync(join(place, 'project-'));
    mkdirSync(join(folder, 'node_modules'));
    spawnSync('cp', ['-r', join(prefix(), 'lib/node_modules/disbatch'), join(folder, 'node_modules')]);
    return folder;
  };

  test.each([
    ['node16', 'node16', 'program.mts'],
    ['node16', 'node16', 'program.cts'],
    ['nodenext', 'nodenext', 'program.mts'],
    ['esnext', 'bundler', 'program.ts'],
    ['preserve', 'bundler', 'program.cts'],
  ])('has its types: --module %s --moduleResolution %s, %s', (module, resolution, name) => {
    const folder = project();
    writeFileSync(join(folder, name), program);
    const strict = [
      '--strict',
      '--exactOptionalPropertyTypes',
      '--noUncheckedIndexedAccess',
      '--skipLibCheck',
      'false',
    ];
    const what = ['--module', module, '--moduleResolution', resolution, '--target', 'es2022', '--noEmit'];
    // No types of Node's: the library names none. The DOM's are there for AbortSignal.
    const libs = ['--types', '', '--lib', 'es2022,dom,esnext.disposable', '--ignoreConfig'];
    const compiled = spawnSync(process.execPath, [tsc, ...strict, ...what, ...libs, name], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(compiled).toMatchObject({ status: 0, stdout: '' });
  });

  test('has types that need no library of disposables, and tell mistakes', () => {
    const folder = project();
    writeFileSync(
      join(folder, 'program.mts'),
      "import { DisBatcher } from 'disbatch';\nvoid DisBatcher.start({ failfast: true });\n",
    );
    const words = '--strict --skipLibCheck false --module node16 --target es2022 --lib es2022 --noEmit --ignoreConfig';
    const compiled = spawnSync(process.execPath, [tsc, ...words.split(' '), '--types', '', 'program.mts'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(
      compiled.stdout
        .trim()
        .split('\n')
        .filter((line) => line.includes('error')),
    ).toEqual([expect.stringMatching(/^program\.mts\(2,.*failfast/) as string]);
  });

  test.each([
    ['program.mjs', "import { DisBatcher } from 'disbatch';\n"],
    ['program.cjs', "const { DisBatcher } = require('disbatch');\n"],
  ])('runs tasks from where it is installed, in %s', (name, first) => {
    const folder = project();
    const rest = `DisBatcher.start({ sshNode: 'localhost:1' }).then(async (run) => {
      const [id] = await run.submit('echo out');
      const { outputSnippet } = await run.result(id);
      const { finished } = await run.done();
      const { DisBatcher: other } = await import('disbatch');
      console.log(outputSnippet.trim(), finished, other === DisBatcher);
    });`;
    writeFileSync(join(folder, name), first + rest);
    const run = spawnSync(process.execPath, [name], { cwd: folder, encoding: 'utf8' });
    expect(run).toMatchObject({ status: 0, stdout: 'out 1 true\n', stderr: '' });
  });

  test('shows nothing else of the program', () => {
    const folder = project();
    writeFileSync(
      join(folder, 'program.mjs'),
      "import('disbatch/dist/library.cjs').catch(({ code }) => console.log(code));\n",
    );
    expect(spawnSync(process.execPath, ['program.mjs'], { cwd: folder, encoding: 'utf8' }).stdout).toBe(
      'ERR_PACKAGE_PATH_NOT_EXPORTED\n',
    );
    const types = readFileSync(join(folder, 'node_modules/disbatch/dist/library.d.mts'), 'utf8');
    expect(/^import /m.exec(types)).toBeNull();
    expect(types).not.toContain('ByteString');
  });
});
