/**
 * How the portable launcher connects to an engine that has not started it, as told in launcher-protocol.ts.
 *
 * Always true: a connection is only made to a socket in a folder that is this user's and closed to all others. Node cannot
 * ask who is at the other end, and nobody else can have put a socket there.
 */

import { lstatSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { getSystemErrorMap } from 'node:util';

const tryAgainMs = 20;

/** Bytes that the path of a socket may have. Source: sun_path of Linux, and of macOS and the BSDs. */
const pathMost = process.platform === 'linux' ? 107 : 103;

/**
 * A connection to the first of the sockets that accepts. The other end may close its half: what is written still arrives.
 *
 * @param patienceMs - for how long they are tried
 * @throws Error that says of each why not
 */
export async function connectToEngine(paths: readonly string[], patienceMs: number): Promise<Socket> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const reasons: string[] = [];
    for (const path of paths) {
      try {
        return await connect(path);
      } catch (error) {
        reasons.push(`${path}: ${reasonOf(error as NodeJS.ErrnoException)}`);
      }
    }
    if (performance.now() >= until) {
      throw new Error(`there is no engine to connect to within ${patienceMs} ms (${reasons.join('; ')})`);
    }
    await delay(tryAgainMs);
  }
}

async function connect(path: string): Promise<Socket> {
  // Cut short by the system, it would be another path.
  if (Buffer.byteLength(path) > pathMost) throw new Error('the path is too long for a socket');
  const folder = lstatSync(dirname(path));
  if (!folder.isDirectory() || folder.uid !== process.getuid?.() || (folder.mode & 0o077) !== 0) {
    throw new Error('its folder is not one that only this user can write to');
  }
  const socket = createConnection({ path, allowHalfOpen: true });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function reasonOf({ errno, message }: NodeJS.ErrnoException): string {
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? message;
}
