import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DisbatchError } from '../../src/base/errors.ts';
import { resolvePrefix } from '../../src/driver/prefix.ts';
import { testFolder } from '../support/run-disbatch.ts';

const now = new Date(2026, 0, 2, 3, 4, 5);
const name = 'Tasks_disBatch_260102030405';
let folder: string;
const started = process.cwd();
beforeEach(() => {
  folder = realpathSync(testFolder());
});
afterEach(() => process.chdir(started));

const resolve = (path: string, random: () => number = () => 0.0421): string =>
  resolvePrefix(path, 'Tasks', now, random);

describe('a folder', () => {
  test('gets a name made of task file, date and digits', () => {
    expect(resolve(folder)).toBe(join(folder, `${name}_042`));
    expect(resolve(`${folder}/`)).toBe(join(folder, `${name}_042`));
  });

  test('may be the current one', () => {
    process.chdir(folder);
    for (const path of ['.', '', './']) expect(resolve(path)).toBe(join(folder, `${name}_042`));
  });

  test('is known by its real name, whatever links lead to it', () => {
    mkdirSync(join(folder, 'real'));
    symlinkSync('real', join(folder, 'link'));
    expect(resolve(join(folder, 'link'))).toBe(join(folder, 'real', `${name}_042`));
    expect(resolve(join(folder, 'link', 'run'))).toBe(join(folder, 'real', 'run'));
  });

  test('that has a status file with these digits gets others', () => {
    for (const digits of ['042', '100']) writeFileSync(join(folder, `${name}_${digits}_status.txt`), '');
    const chances = [0.042, 0.1, 0.042, 0.777];
    expect(resolve(folder, () => chances.shift() as number)).toBe(join(folder, `${name}_777`));
  });
});

describe('anything else', () => {
  test('is the prefix itself, in a folder that is there', () => {
    expect(resolve(join(folder, 'run 1'))).toBe(join(folder, 'run 1'));
    process.chdir(folder);
    expect(resolve('run')).toBe(join(folder, 'run'));
    expect(resolve('./run')).toBe(join(folder, 'run'));
    mkdirSync('sub');
    expect(resolve('sub/../run')).toBe(join(folder, 'run'));
  });

  test('may be the name of a file that is there', () => {
    writeFileSync(join(folder, 'run'), '');
    expect(resolve(join(folder, 'run'))).toBe(join(folder, 'run'));
  });

  test.each(['missing/run', 'missing/', 'missing/deeper/run'])(
    '%s without its folder is an error that says which',
    (path) => {
      process.chdir(folder);
      const missing = join(folder, path.replace(/\/(run)?$/, ''));
      expect(() => resolve(path)).toThrow(DisbatchError);
      expect(() => resolve(path)).toThrow(
        `There is no folder ${missing} for the files of this run. Make it (mkdir -p '${missing}')`,
      );
    },
  );

  test('below a file is an error too', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => resolve(join(folder, 'file', 'run'))).toThrow(DisbatchError);
  });
});
