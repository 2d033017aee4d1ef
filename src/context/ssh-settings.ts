/**
 * Asks the system's ssh what the user's ssh_config says for a host, so that only what it leaves open is set here. In the
 * driver's process.
 */

import { execFile } from 'node:child_process';
import { noSettings, parseSettings, settingsArguments, type SshSettings } from './ssh-command.ts';

/** How long the look may take, in milliseconds: a `Match exec` in the file runs a command. */
const timeoutMs = 5000;

/** The settings for a host; as if nothing were set when ssh does not say (it is older than 6.8, or the file has a mistake). */
export function readSshSettings(ssh: readonly string[], host: string): Promise<SshSettings> {
  const [file, ...args] = [...ssh, ...settingsArguments(host)] as [string, ...string[]];
  return new Promise((resolve) => {
    const child = execFile(file, args, { timeout: timeoutMs, encoding: 'utf8' }, (error, stdout) => {
      resolve(error === null ? parseSettings(stdout) : noSettings);
    });
    child.stdin?.end();
  });
}
