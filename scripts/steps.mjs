/**
 * What the scripts share: installing the development packages, building, running a command.
 *
 * Node's own modules only, since this runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The time of a file's last change in milliseconds since 1970, or 0 when there is none. */
function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Runs a command in the checkout with this process's outputs; ends this process with its status when it fails. */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) {
    console.error(`${command} cannot be started: ${error.message}`);
    process.exit(1);
  }
  if (signal) console.error(`${command} was ended by ${signal}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** Installs the development packages when they are absent or older than the lock file. */
export function install() {
  const installed = changedAt(join(root, 'node_modules/.package-lock.json'));
  if (installed > 0 && installed >= changedAt(join(root, 'package-lock.json'))) return;
  console.log('Installing the development packages (npm ci)');
  run('npm', ['ci', '--no-progress', '--loglevel=error']);
}

/** Builds dist/ when a source is newer. */
export function build() {
  run(process.execPath, [join(root, 'scripts/build.mjs')]);
}
