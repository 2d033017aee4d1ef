/**
 * What Linux says of a process in /proc/PID/stat. Runs in the portable launcher.
 */

import { closeSync, openSync, readSync } from 'node:fs';

/** Seconds of processor time, children that were waited for included. */
export interface CpuTimes {
  readonly userCpu: number;
  readonly systemCpu: number;
}

export interface ProcessStat extends CpuTimes {
  readonly parent: number;
  readonly session: number;
  /** The kernel's flags of the process. */
  readonly flags: number;
  /** Pages in memory. */
  readonly residentPages: number;
  /** As `wait` tells it; of a process that is exiting. */
  readonly exitStatus: number;
}

/** Clock ticks a second in what Linux tells programs, whatever the kernel's own clock is. Source: USER_HZ. */
const ticksPerSecond = 100;

const buffer = Buffer.allocUnsafeSlow(2048);

/** undefined when there is no such process. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    const fd = openSync(`/proc/${pid}/stat`, 'r');
    try {
      text = buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
  // Fields from the third on, counted from 1 as in the manual; the second, the name, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    ...{ parent: field(4), session: field(6), flags: field(9), residentPages: field(24), exitStatus: field(52) },
    userCpu: (field(14) + field(16)) / ticksPerSecond,
    systemCpu: (field(15) + field(17)) / ticksPerSecond,
  };
}
