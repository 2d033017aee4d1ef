/**
 * The command of `--notify`: started for each piece of news, in a session of its own, so that a Ctrl-C at the terminal
 * does not reach it. In the driver's process.
 *
 * Always true: when the time is over nobody is left in its process group.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

export interface CommandParts {
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  /** The soft limit on open files that it gets; undefined: that of this process. */
  readonly openFiles: number | undefined;
}

/** How much of its error output is kept, for the reason. */
const tailCharacters = 300;

/** How long its error output is read after its end, when something that it has left behind holds it. */
const lingerMs = 200;

/**
 * Runs it to its end.
 *
 * @param input - what it reads on its standard input
 * @throws (rejects with) an Error whose message says how it failed, as a clause; the signal's reason, when it is killed
 */
export async function runCommand(parts: CommandParts, input: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const child = spawn('/bin/bash', wordsFor(parts), {
    env: parts.env,
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  const { stdin, stderr } = child as ChildProcess & { stdin: Writable; stderr: Readable };
  // It need not read what it does not want to know.
  stdin.on('error', () => {});
  stdin.end(input);
  let tail = '';
  stderr.setEncoding('utf8');
  stderr.on('error', () => {});
  stderr.on('data', (text: string) => (tail = (tail + text).slice(-tailCharacters)));
  try {
    const how = await new Promise<string | undefined>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      child.once('error', (error) => resolve(`could not be started (${error.message})`));
      child.once('exit', (code, killedBy) => {
        const end =
          killedBy !== null ? `was killed by ${killedBy}` : code === 0 ? undefined : `ended with exit status ${code}`;
        setTimeout(() => resolve(end), lingerMs).unref();
        child.once('close', () => resolve(end));
      });
    });
    if (how === undefined) return;
    const words = tail.trim().replace(/\s*\n\s*/g, ' / ');
    throw new Error(words === '' ? how : `${how}: ${words}`);
  } finally {
    if (signal.aborted) killGroup(child.pid);
    stdin.destroy();
    stderr.destroy();
    child.unref();
  }
}

function wordsFor({ command, openFiles }: CommandParts): string[] {
  if (openFiles === undefined) return ['-c', command];
  // Node has raised the limit for itself.
  return ['-c', 'ulimit -Sn "$1" 2>/dev/null; exec /bin/bash -c "$2"', 'bash', String(openFiles), command];
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
