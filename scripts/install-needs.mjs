/**
 * Installs the Debian packages that the tests need, as root; otherwise says which they are. Part of `npm test`.
 *
 * It never fails: a test whose need is not met is skipped and says why.
 */
import { spawnSync } from 'node:child_process';
import { isMet, needs, reasonWithout } from './test-needs.mjs';

const lock = ['-o', 'DPkg::Lock::Timeout=300'];

function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, error, stdout, stderr } = spawnSync('apt-get', [...lock, '-qq', ...args], { env, encoding: 'utf8' });
  if (status !== 0) console.error(`apt-get ${args[0]}: ${error?.message ?? `${stdout}${stderr}`.trim()}`);
  return status === 0;
}

/** Makes sure of every need that can be met. */
export function installNeeds() {
  const missing = Object.keys(needs).filter((name) => !isMet(name));
  if (missing.length === 0) return;
  const packages = missing.flatMap((name) => needs[name].packages);
  if (process.getuid?.() === 0) {
    console.log(`Installing what the tests need: ${packages.join(' ')}`);
    // A list of packages that could not be renewed may still do.
    apt(['update']);
    apt(['install', '-y', '--no-install-recommends', ...packages]);
  }
  const left = missing.filter((name) => !isMet(name));
  if (left.length === 0) return;
  for (const name of left) console.log(`${reasonWithout(name)}: its tests are skipped`);
  console.log(`To install them: sudo apt-get install ${left.flatMap((name) => needs[name].packages).join(' ')}`);
}
