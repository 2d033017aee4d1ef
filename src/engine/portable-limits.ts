/**
 * What tasks are to inherit from their launcher or not, against Node's ways: the limit on open files, bytes of the
 * environment that are not UTF-8, descriptors that the launcher was started with.
 *
 * Runs in the portable launcher.
 */

import { spawnSync } from 'node:child_process';
import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { asBytes, bytesOfText, type ByteString, textOfBytes } from '../base/byte-string.ts';

/** Descriptors that the launcher has for itself at most: Node's own, and pipes in stock. */
const ownDescriptors = 200;

/**
 * The soft limit on open files that tasks get.
 *
 * Node raises its own limit at the start. `prlimit`, where there is one, lowers it again, so that tasks inherit the right
 * one; when the launcher runs out of descriptors it takes them back, and from then on a first bash sets the limit.
 */
export class NofileLimit {
  private readonly wanted: number | undefined;
  private lowered: boolean;

  constructor(wanted: number | undefined) {
    this.wanted = wanted;
    this.lowered = wanted !== undefined && wanted > ownDescriptors && setOwnLimit(String(wanted));
  }

  /** Makes sure that there are descriptors for the outputs of so many tasks. */
  suffice(tasks: number): void {
    if (this.lowered && this.wanted! < ownDescriptors + 2 * tasks) this.raise();
  }

  /** What a first bash has to set, or undefined when the tasks inherit the right limit anyway. */
  get forBash(): number | undefined {
    return this.lowered ? undefined : this.wanted;
  }

  /** Gives the launcher itself all descriptors that it may have; false when it has them already. */
  raise(): boolean {
    if (!this.lowered) return false;
    this.lowered = false;
    const hard = spawnSync('prlimit', [
      '--pid',
      String(process.pid),
      '--nofile',
      '--raw',
      '--noheadings',
      '-o',
      'HARD',
    ]);
    return hard.status === 0 && setOwnLimit(hard.stdout.toString().trim());
  }
}

function setOwnLimit(soft: string): boolean {
  if (process.platform !== 'linux') return false;
  return spawnSync('prlimit', ['--pid', String(process.pid), `--nofile=${soft}:`], { stdio: 'ignore' }).status === 0;
}

/**
 * Entries of the environment that are not UTF-8, which Node passes on mangled: those of the launcher, and those that the
 * engine, whose Node has mangled them already, was started with. Linux only.
 *
 * @param engineIsParent - whether the engine started this launcher
 */
export function ownRawEnv(engineIsParent: boolean): readonly (readonly [string, ByteString])[] {
  if (process.platform !== 'linux') return [];
  const mangled = Object.entries(process.env).flatMap(([name, value]) => (isMangled(value) ? [name] : []));
  if (mangled.length === 0) return [];
  const ofEngine = engineIsParent ? rawEntries(process.ppid) : [];
  const entries = new Map([...ofEngine, ...ownRawEntries()]);
  return mangled.flatMap((name) => {
    const value = entries.get(name);
    return value === undefined || isUtf8(value) || name.startsWith('DISBATCH_') ? [] : [[name, value]];
  });
}

/**
 * The variables of these names that are set, each with its bytes.
 *
 * @param raw - what `ownRawEnv` gave
 */
export function ownVariables(
  names: readonly string[],
  raw: readonly (readonly [string, ByteString])[],
): readonly (readonly [string, ByteString])[] {
  const exact = new Map(raw);
  if (names.some((name) => isMangled(process.env[name])))
    for (const [name, value] of ownRawEntries()) exact.set(name, value);
  return names.flatMap((name) => {
    const text = process.env[name];
    return text === undefined ? [] : [[name, exact.get(name) ?? bytesOfText(text)] as const];
  });
}

/** Whether Node may have put U+FFFD for bytes that are not UTF-8. */
function isMangled(value: string | undefined): boolean {
  return value?.includes('\ufffd') === true;
}

/** The launcher's own entries that are not UTF-8. */
function ownRawEntries(): [string, ByteString][] {
  return rawEntries('self').filter(([, value]) => !isUtf8(value));
}

function isUtf8(value: ByteString): boolean {
  return textOfBytes(value) !== undefined;
}

/** The environment that a process was started with. */
function rawEntries(pid: number | 'self'): [string, ByteString][] {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // Another user's, or gone.
    return [];
  }
  return text.split('\0').flatMap((entry): [string, ByteString][] => {
    const [, name, value] = /^([A-Za-z_]\w*)=([^]*)$/.exec(entry) ?? [];
    return name === undefined || value === undefined ? [] : [[name, asBytes(value)]];
  });
}

/** In /proc, the flag of a descriptor that is closed on exec. Source: O_CLOEXEC of Linux. */
const closedOnExec = 0o2000000;

/** Closes the descriptors that the launcher was started with, which tasks would get too. Linux only. */
export function closeInherited(): void {
  if (process.platform !== 'linux') return;
  for (const fd of readdirSync('/proc/self/fd').map(Number)) {
    if (fd <= 2) continue;
    try {
      const flags = /^flags:\s+([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
      // Node's own are all closed on exec.
      if (flags !== undefined && (Number.parseInt(flags, 8) & closedOnExec) === 0) closeSync(fd);
    } catch {
      // It was the one of the listing itself.
    }
  }
}
