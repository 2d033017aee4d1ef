/**
 * Installs the Debian packages that the tests need, as root; otherwise says which they are. Part of `npm test`.
 *
 * It never fails: a test whose need is not met is skipped and says why.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { isMet, needs, reasonWithout } from './test-needs.mjs';

const lock = ['-o', 'DPkg::Lock::Timeout=300'];

/** Debian's way to say that a package may not start its service: the tests start their own, where nobody is in the way. */
const policy = '/usr/sbin/policy-rc.d';

/** Calls an action while no package starts a service. */
function withoutServices(action) {
  const made = !existsSync(policy);
  if (made) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    action();
  } finally {
    if (made) rmSync(policy);
  }
}

function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, error, stdout, stderr } = spawnSync('apt-get', [...lock, '-qq', ...args], { env, encoding: 'utf8' });
  if (status !== 0) console.error(`apt-get ${args[0]}: ${error?.message ?? `${stdout}${stderr}`.trim()}`);
  return status === 0;
}

const install = (packages) => apt(['install', '-y', '--no-install-recommends', ...packages]);

/** Makes sure of every need that can be met. */
export function installNeeds() {
  const missing = Object.keys(needs).filter((name) => !isMet(name));
  if (missing.length === 0) return;
  const packages = missing.flatMap((name) => needs[name].packages);
  if (process.getuid?.() === 0) {
    console.log(`Installing what the tests need: ${packages.join(' ')}`);
    // A list of packages that could not be renewed may still do.
    apt(['update']);
    withoutServices(() => {
      if (install(packages)) return;
      // One package that this system does not have must not keep the others away.
      for (const name of missing) if (!isMet(name)) install(needs[name].packages);
    });
  }
  const left = missing.filter((name) => !isMet(name));
  if (left.length === 0) return;
  for (const name of left) console.log(`${reasonWithout(name)}: its tests are skipped`);
  console.log(`To install them: sudo apt-get install ${left.flatMap((name) => needs[name].packages).join(' ')}`);
}
