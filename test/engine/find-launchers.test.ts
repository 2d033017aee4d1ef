import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DisbatchError } from '../../src/base/errors.ts';
import { findLaunchers } from '../../src/engine/find-launchers.ts';
import { testFolder } from '../support/run-disbatch.ts';

const args = ['--nofile', '7'];
const nativeName = `launcher-${process.platform}-${process.arch}`;

/** A folder with a native launcher, of this mode. */
function installed(mode: number): string {
  const folder = testFolder();
  writeFileSync(join(folder, nativeName), '#!/bin/sh\n');
  chmodSync(join(folder, nativeName), mode);
  return folder;
}

const native = (folder: string): object => ({ kind: 'native', file: join(folder, nativeName), args });
const portable = (folder: string): object => ({
  kind: 'portable',
  file: process.execPath,
  args: [join(folder, 'portable-launcher.cjs'), ...args],
});

test('the native launcher comes first, the portable one is at hand when it does not start', () => {
  const folder = installed(0o755);
  expect(findLaunchers(folder, undefined, args)).toEqual([native(folder), portable(folder)]);
});

test('where there is none for this machine the portable one is the only one', () => {
  const folder = testFolder();
  writeFileSync(join(folder, 'launcher-plan9-mips'), '');
  expect(findLaunchers(folder, undefined, args)).toEqual([portable(folder)]);
});

test('one that may not be executed counts as none', () => {
  const folder = installed(0o644);
  expect(findLaunchers(folder, undefined, args)).toEqual([portable(folder)]);
});

test('the kind that was asked for is the only one', () => {
  const folder = installed(0o755);
  expect(findLaunchers(folder, 'native', args)).toEqual([native(folder)]);
  expect(findLaunchers(folder, 'portable', args)).toEqual([portable(folder)]);
});

test('a native launcher that was asked for and is not there is an error that names the place and the way out', () => {
  const folder = testFolder();
  expect(() => findLaunchers(folder, 'native', args)).toThrow(DisbatchError);
  expect(() => findLaunchers(folder, 'native', args)).toThrow(`(${join(folder, nativeName)})`);
  expect(() => findLaunchers(folder, 'native', args)).toThrow(/Leave out --launcher native/);
});
