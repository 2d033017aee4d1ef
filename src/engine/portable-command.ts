/**
 * The arguments with which the portable launcher starts bash for a task.
 *
 * Pure. Node passes arguments as UTF-8 and cannot set limits, ignored signals or an environment that is not UTF-8. What
 * it cannot do, a first bash does before it replaces itself, by exec, with the one that runs the command: the process id,
 * the argument `$0` and the prefix of bash's error messages stay those of a direct start.
 */

import { type ByteString, textOfBytes } from '../base/byte-string.ts';

/** What a first bash must do, because Node cannot. */
export interface Preparation {
  /** Soft limit on open files. */
  readonly nofile: number | undefined;
  readonly ignoredSignals: readonly number[];
  /** Environment entries, by name. */
  readonly env: readonly (readonly [string, ByteString])[];
}

/** An argument may have 128 KiB; a byte takes up to four characters here. */
const bytesOfAPart = 30_000;

/** A word of bash, in ASCII, that stands for exactly these bytes. */
function quoted(value: ByteString): string {
  const escaped = value.replace(/[^\w/.:,=+@ -]/g, (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return `$'${escaped}'`;
}

/** Bytes as `printf %b` takes them: ASCII, without an escape that it could read in any other way. */
function escapedForPrintf(value: string): string {
  return value.replace(/[\\\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
}

/** Arguments after `/bin/bash` that run the command; `prepared` tells that a first bash comes before the one of the command. */
export function bashArguments(
  command: ByteString,
  preparation: Preparation,
): { readonly args: string[]; readonly prepared: boolean } {
  const text = textOfBytes(command);
  const { nofile, ignoredSignals, env } = preparation;
  const steps: string[] = [];
  if (nofile !== undefined) steps.push(`ulimit -Sn ${nofile} 2>/dev/null`);
  if (ignoredSignals.length > 0) steps.push(`trap '' ${ignoredSignals.join(' ')}`);
  for (const [name, value] of env) steps.push(`export ${name}=${quoted(value)}`);
  if (text !== undefined) {
    if (steps.length === 0) return { args: ['-c', text], prepared: false };
    return { args: ['-c', [...steps, 'exec /bin/bash -c "$1"'].join('\n'), '/bin/bash', text], prepared: true };
  }
  const parts: string[] = [];
  for (let at = 0; at < command.length; at += bytesOfAPart) {
    parts.push(escapedForPrintf(command.slice(at, at + bytesOfAPart)));
  }
  steps.push('printf -v disbatch_command %b "$@"', 'exec /bin/bash -c "$disbatch_command"');
  return { args: ['-c', steps.join('\n'), '/bin/bash', ...parts], prepared: true };
}
