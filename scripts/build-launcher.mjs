/**
 * Compiles the native launcher for the processors that there is a compiler for. Part of the build.
 *
 * A machine without a working C compiler is fine: the portable launcher does its work. A compiler that works and
 * refuses the launcher is a mistake in the launcher, and ends the build.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const probe = '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n';

/** Whether a command of this name is on PATH. */
function isOnPath(name) {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}

/**
 * The compilers that the launcher can be built with: command, and the processor as Node calls it.
 * Only looked for, not tried: this is asked before each build.
 */
export function compilers() {
  if (process.platform !== 'linux') return [];
  const own = ['cc', 'gcc', 'clang'].find(isOnPath);
  const found = own === undefined ? [] : [{ command: own, arch: process.arch }];
  const cross = 'aarch64-linux-gnu-gcc';
  if (process.arch !== 'arm64' && isOnPath(cross)) found.push({ command: cross, arch: 'arm64' });
  return found;
}

function compile(command, args, input) {
  return spawnSync(command, args, { input, encoding: 'utf8' });
}

/**
 * Builds the launcher into a folder.
 *
 * @param source - its main file; all C files beside it belong to it
 * @returns its file name and how it is linked: undefined when the compiler does not work at all
 * @throws when the compiler works but not on the launcher
 */
export function compileLauncher({ command, arch }, source, into) {
  const name = `launcher-linux-${arch}`;
  const folder = dirname(source);
  const sources = readdirSync(folder)
    .filter((file) => file.endsWith('.c'))
    .map((file) => join(folder, file));
  const flags = ['-O2', '-std=gnu11', '-s', '-o', join(into, name)];
  // Static first: a compute node's C library need not be the one of this machine.
  for (const [link, how] of [
    [['-static'], 'static'],
    [[], 'dynamic'],
  ]) {
    if (compile(command, [...flags, ...link, '-x', 'c', '-'], probe).status !== 0) continue;
    const { status, stderr } = compile(command, [...flags, ...link, '-Wall', '-Wextra', ...sources]);
    if (status !== 0) throw new Error(`${command} refuses ${source}:\n${stderr}`);
    if (stderr !== '') console.error(stderr);
    return { name, how };
  }
  rmSync(join(into, name), { force: true });
  return { name, how: undefined };
}
