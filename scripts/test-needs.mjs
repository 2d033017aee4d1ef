/**
 * What the tests need beyond Node and npm's packages: one table, for `npm test`, which installs what is missing, and
 * for the tests, which are skipped with the reason where it cannot be had.
 */
import { spawnSync } from 'node:child_process';

/** By name: Debian's packages, a command that succeeds where it is present, and what it is for. */
export const needs = {
  'c-compiler': {
    packages: ['gcc', 'libc6-dev'],
    check: "printf '#include <stdio.h>\\nint main(void) { return 0; }' | cc -static -x c -o /dev/null -",
    purpose: 'builds the native launcher',
  },
  tmux: { packages: ['tmux'], check: 'tmux -V', purpose: 'is the terminal of the terminal tests' },
  chromium: {
    packages: ['chromium'],
    check: 'chromium --version',
    purpose: 'is the browser of the tests of the web page',
  },
  parallel: {
    packages: ['parallel'],
    check: 'parallel --version | grep -q GNU',
    purpose: 'is the peer that the benchmarks measure against',
  },
  python3: { packages: ['python3'], check: 'python3 -c 0', purpose: "says what Python's literals and formats are" },
  procps: { packages: ['procps'], check: 'ps --version', purpose: 'shows the processes that a run left behind' },
  'util-linux': {
    packages: ['util-linux'],
    check: 'setsid --version && prlimit --version',
    purpose: 'starts processes in a session of their own and under other limits',
  },
  namespaces: {
    packages: ['util-linux', 'iproute2'],
    // Not a matter of packages alone: it takes root, and a machine that lets root do it.
    check: 'unshare --net --mount --pid --uts --ipc --fork --mount-proc ip link add br0 type bridge',
    purpose: 'gives the hosts of a test cluster their own networks and processes, as root',
  },
  sshd: {
    packages: ['openssh-server', 'openssh-client'],
    check: 'test -x /usr/sbin/sshd && command -v ssh ssh-keygen',
    purpose: 'lets the hosts of a test cluster be reached',
  },
  'login-shells': {
    packages: ['tcsh', 'fish', 'zsh'],
    check: 'tcsh -fc "" && fish -c "" && zsh -fc ""',
    purpose: 'are what a user may have on another host',
  },
  slurm: {
    packages: ['slurmctld', 'slurmd', 'slurm-client', 'munge'],
    // Its commands do nothing without a cluster.
    check: 'for it in sbin/slurmctld sbin/slurmd sbin/munged bin/sbatch bin/srun; do test -x /usr/$it || exit; done',
    purpose: 'gives the hosts of a test cluster out as jobs',
  },
  'grid-engine': {
    packages: ['gridengine-master', 'gridengine-exec', 'gridengine-client'],
    // A database is made when it is installed, unless the machine's owner wanted none.
    check:
      'for it in sbin/sge_qmaster sbin/sge_execd bin/qrsh; do test -x /usr/$it || exit; done; ' +
      'test -e /var/spool/gridengine/spooldb/sge',
    purpose: 'is the other resource manager of a test cluster',
  },
};

/** Whether the need is met here. Runs its check, some milliseconds. */
export function isMet(name) {
  return spawnSync('/bin/sh', ['-c', needs[name].check], { stdio: 'ignore' }).status === 0;
}

/** Why a test that has this need cannot run. */
export function reasonWithout(name) {
  const { packages, purpose } = needs[name];
  return `${name} is missing, which ${purpose} (apt-get install ${packages.join(' ')})`;
}
