/**
 * Why bash could not be started, as FAILED tells it: the error number and a sentence.
 *
 * Runs in the portable launcher. The numbers are positive, as in errno.
 */

import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

const { E2BIG, EINVAL } = constants.errno;

/**
 * The error number and a sentence for what `spawn` threw or emitted.
 *
 * @param error - what was thrown; one without a number is an argument that Node itself refused
 * @param commandLength - bytes of the command
 */
export function failureOf(error: unknown, commandLength: number): { readonly errno: number; readonly reason: string } {
  const { errno, message } = error as NodeJS.ErrnoException;
  if (errno === undefined) return { errno: EINVAL, reason: message };
  const text = getSystemErrorMap().get(errno)?.[1] ?? message;
  const words = text.charAt(0).toUpperCase() + text.slice(1);
  return { errno: -errno, reason: errno === -E2BIG ? `${words}: ${tooBig(commandLength)}` : words };
}

function tooBig(commandLength: number): string {
  const most = longestArgument();
  if (commandLength > most) return `the command has ${commandLength} bytes, the system takes at most ${most}`;
  return 'the command and the environment are together more than the system takes';
}

/** Bytes that a single argument may have. Source: MAX_ARG_STRLEN of Linux, 32 pages with the final NUL. */
function longestArgument(): number {
  if (process.platform !== 'linux') return Number.POSITIVE_INFINITY;
  const pageSize = Number(spawnSync('getconf', ['PAGESIZE']).stdout?.toString());
  return 32 * (pageSize > 0 ? pageSize : 4096) - 1;
}

/** Below this, no system refuses an argument. */
const alwaysFits = 64 * 1024;

/** Whether the system takes a command of this length: found by starting a bash that does nothing with as long an argument. */
export function argumentsFit(commandLength: number, env: NodeJS.ProcessEnv): boolean {
  if (commandLength < alwaysFits) return true;
  const bare = { ...env };
  delete bare['BASH_ENV'];
  const error: NodeJS.ErrnoException | undefined = spawnSync('/bin/bash', ['-c', ':', 'x'.repeat(commandLength)], {
    env: bare,
    stdio: 'ignore',
  }).error;
  return error?.code !== 'E2BIG';
}
