/**
 * What does it cost that a task runs on another host? From one task's exit to the next one's start in the same slot, over
 * an ssh context beside the same on this machine; and tasks a second in 8 slots.
 *
 * The other host is this machine, by an sshd of its own on loopback: so network and machine are the same, and what differs
 * is the way through the channel.
 */

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { secondsOf } from './support/processes.ts';
import { benchFolder, countRecords, installProgram, programRun, writeLines } from './support/program.ts';
import { inTurn, roundsWanted, speedRatios } from './support/rounds.ts';
import { median, say, sayLoad, sayRatio } from './support/verdicts.ts';

const folder = benchFolder();
const disbatch = installProgram(folder);
const rounds = roundsWanted(5);
const host = 'loopback-host';

/** Starts an sshd for this user alone, and a `ssh` on PATH that knows it. @returns what ends it */
async function startSshd(): Promise<() => void> {
  const place = join(folder, 'sshd');
  mkdirSync(join(place, 'bin'), { recursive: true });
  for (const key of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(place, key)]);
  const port = 20_000 + (process.pid % 20_000);
  const config = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${place}/host`,
    `AuthorizedKeysFile ${place}/user.pub`,
    ...['StrictModes no', 'UsePAM no', 'PasswordAuthentication no', 'PermitRootLogin yes', 'PidFile none'],
  ];
  writeFileSync(join(place, 'sshd_config'), `${config.join('\n')}\n`);
  const hostKey = readFileSync(join(place, 'host.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
  writeFileSync(join(place, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey}\n`);
  const client = [
    `Host ${host}`,
    ...['HostName 127.0.0.1', `Port ${port}`, `User ${userInfo().username}`, `IdentityFile ${place}/user`],
    ...['IdentitiesOnly yes', `UserKnownHostsFile ${place}/known_hosts`, 'StrictHostKeyChecking yes'],
  ];
  writeFileSync(join(place, 'ssh_config'), `${client.join('\n  ')}\n`);
  writeFileSync(join(place, 'bin/ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${place}/ssh_config "$@"\n`);
  chmodSync(join(place, 'bin/ssh'), 0o755);
  process.env['PATH'] = `${place}/bin:${process.env['PATH']}`;
  // sshd as root insists on this folder; a machine without a running sshd may lack it.
  const separation = process.getuid?.() === 0 && !existsSync('/run/sshd');
  if (separation) mkdirSync('/run/sshd', { mode: 0o755 });
  const sshd = spawn('/usr/sbin/sshd', ['-D', '-f', join(place, 'sshd_config'), '-E', join(place, 'log')], {
    stdio: 'ignore',
  });
  for (let tries = 0; ; tries++) {
    try {
      execFileSync('ssh', ['-o', 'BatchMode=yes', host, 'true'], { stdio: 'ignore' });
      break;
    } catch (error) {
      if (tries === 50) throw error;
      await delay(100);
    }
  }
  return () => {
    sshd.kill();
    if (separation) rmSync('/run/sshd', { recursive: true, force: true });
  };
}

/** Runs so many tasks on a host. @returns seconds of the whole, and the path of the status file */
function run(hosts: string, tasks: number, file: string): { readonly seconds: number; readonly status: string } {
  const { command, status } = programRun(folder, disbatch, '-s', hosts, file);
  const seconds = secondsOf(command);
  const { records, distinct, failed } = countRecords(status(), tasks);
  if (records !== tasks || distinct !== tasks || failed > 0)
    throw new Error(`${status()} does not have every task once`);
  return { seconds, status: status() };
}

/**
 * Milliseconds from a task's exit to the next one's start: the mean of the middle nine tenths, since the file has whole
 * milliseconds only. The first tasks are left out: all is cold then.
 */
function gapMs(status: string): number {
  const times = readFileSync(status, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t'))
    .map((fields) => ({ start: Number(fields[8]), finish: Number(fields[9]) }))
    .sort((a, b) => a.start - b.start)
    .slice(50);
  const gaps = times.slice(1).map(({ start }, i) => (start - (times[i] as { finish: number }).finish) * 1000);
  const cut = Math.floor(gaps.length / 20);
  const middle = gaps.sort((a, b) => a - b).slice(cut, -cut);
  return middle.reduce((sum, gap) => sum + gap, 0) / middle.length;
}

if (!existsSync('/usr/sbin/sshd')) {
  say('ssh: not measured, there is no sshd here (apt-get install openssh-server)');
} else {
  const stop = await startSshd();
  try {
    sayLoad();
    // Not `true`: that keeps both cores of a small machine busy, and what it shows is who gets them.
    const one = { tasks: 300, file: writeLines(folder, 'one', 300, 'sleep 0.01') };
    const gaps = inTurn(rounds, {
      ssh: () => gapMs(run(`${host}:1`, one.tasks, one.file).status),
      local: () => gapMs(run('localhost:1', one.tasks, one.file).status),
    });
    sayRatio('exit to next start, ssh/local', speedRatios(gaps, 'local', 'ssh'), { atMost: 1.5 });
    for (const name of ['ssh', 'local'] as const) {
      say(`  ${name}: ${median(gaps.map((round) => round[name])).toFixed(2)} ms`);
    }
    const many = { tasks: 2000, file: writeLines(folder, 'many', 2000, 'true') };
    const wide = inTurn(Math.ceil(rounds / 2), {
      ssh: () => run(`${host}:8`, many.tasks, many.file).seconds,
      local: () => run('localhost:8', many.tasks, many.file).seconds,
    });
    sayRatio('throughput in 8 slots, ssh/local', speedRatios(wide, 'ssh', 'local'));
    sayLoad();
  } finally {
    stop();
  }
}
