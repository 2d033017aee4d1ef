/**
 * The command lines of ssh: what is run here, and what the other host's login shell is given to run. Pure.
 *
 * A login shell may be any (bash, tcsh, fish …), and each has rules of its own for quotes, backslashes and `!`. So it sees
 * a text whose single quotes hold none of these; what is special is written as octal numbers, and a plain sh reads them.
 * Nothing secret is in it: the other users of both hosts can read it.
 */

import { shellQuoted } from '../base/terminal-text.ts';
import { engineWords, type EngineCommand } from './engine-command.ts';

/** What the user's ssh_config says, where it matters here. Seconds; 0 when it says nothing. */
export interface SshSettings {
  readonly connectTimeout: number;
  readonly serverAliveInterval: number;
}

export const noSettings: SshSettings = { connectTimeout: 0, serverAliveInterval: 0 };

/** Arguments that make ssh print its settings for a host. */
export function settingsArguments(host: string): string[] {
  return ['-G', '--', host];
}

/** Reads what `ssh -G` prints. */
export function parseSettings(text: string): SshSettings {
  const number = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return { connectTimeout: number('connecttimeout'), serverAliveInterval: number('serveraliveinterval') };
}

/** Arguments that make ssh start an engine. What the user's ssh_config says holds, but for what would break this. */
export function startArguments(host: string, command: EngineCommand, settings: SshSettings): string[] {
  const options = [
    'BatchMode=yes',
    // This program reads what ssh says: more would hide the reason of a failure, less would not tell it.
    'LogLevel=INFO',
    // A connection that others share must not end with this one; one that is there may be used.
    'ControlMaster=no',
    'ClearAllForwardings=yes',
  ];
  if (settings.connectTimeout === 0) options.push('ConnectTimeout=10');
  if (settings.serverAliveInterval === 0) {
    // Keeps firewalls from forgetting an idle connection. It never ends one: whether a silent host is lost is not ssh's
    // to say.
    options.push('ServerAliveInterval=60', 'ServerAliveCountMax=1000000');
  }
  return ['-T', ...options.flatMap((option) => ['-o', option]), '--', host, remoteCommand(startScript(command))];
}

/** An sh script as a command that every login shell hands on unchanged. */
export function remoteCommand(script: string): string {
  return `exec /bin/sh -c 'eval "$(printf %b "${octal(script)}")"'`;
}

/** Starts engine.sh, or says that it is not there, in its manner. */
function startScript(command: EngineCommand): string {
  const { folder } = command;
  const words = engineWords(command).map(shellQuoted);
  const missing = shellQuoted(
    `problem disBatch is not at ${folder}, its path on the host where the run was started; install it at the same path`,
  );
  return `if [ -r ${words[1]} ]; then exec ${words.join(' ')}; fi; printf '\\ndisbatch-engine: %s\\n' ${missing}`;
}

/** Bytes that are special to a shell, within its quotes too, as `\0NNN`, which printf's %b reads. */
function octal(text: string): string {
  const plain = /^[\w@%+=:,./;[\]() -]$/;
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return byte < 128 && plain.test(character) ? character : `\\0${byte.toString(8).padStart(3, '0')}`;
    })
    .join('');
}
