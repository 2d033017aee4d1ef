/**
 * Where launchers that the engine has not started itself connect to it: a Unix socket that only the same user can reach.
 *
 * Runs in the engine's process. Always true: the socket is in a folder that this process has made, with mode 0700, so
 * nobody else can have put anything into it; both are gone after `close`.
 */

import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { DisbatchError } from '../base/errors.ts';

/** Bytes of the longest path that serves: systems take 104 at least, with the final NUL. */
const pathMost = 100;

/** The paths at which the engine of this rank may listen, in the order in which it and its launchers try them. */
export function launcherSocketPaths(parents: readonly string[], runId: string, rank: number): string[] {
  return parents
    .map((parent) => join(parent, `disbatch-${runId}-${rank}`, 'slots'))
    .filter((path) => Buffer.byteLength(path) <= pathMost);
}

export class LauncherListener {
  /** The path of the socket. */
  readonly path: string;
  private readonly server: Server;

  private constructor(path: string, server: Server) {
    this.path = path;
    this.server = server;
  }

  /**
   * Listens in the first of the parent folders where a folder of the right name can be made. One that is there already is
   * another's, and passed over.
   *
   * @param parents - absolute paths of folders on a disk of this host
   * @param onLauncher - is given each connection, with nothing read from it
   * @throws DisbatchError launcher-unusable when it is possible in none of them
   */
  static async open(
    parents: readonly string[],
    runId: string,
    rank: number,
    onLauncher: (socket: Socket) => void,
  ): Promise<LauncherListener> {
    const reasons: string[] = [];
    for (const path of launcherSocketPaths(parents, runId, rank)) {
      const folder = join(path, '..');
      try {
        mkdirSync(folder, { mode: 0o700 });
      } catch (error) {
        reasons.push((error as Error).message);
        continue;
      }
      try {
        // A umask may have taken something of it.
        chmodSync(folder, 0o700);
        return new LauncherListener(path, await listen(path, onLauncher));
      } catch (error) {
        rmSync(folder, { recursive: true, force: true });
        reasons.push((error as Error).message);
      }
    }
    throw new DisbatchError(
      'launcher-unusable',
      `No folder of ${parents.join(', ')} serves for the socket to which the launchers of the slots connect: ${reasons.join('; ') || `every path there has over ${pathMost} bytes`}. It takes one that you can write to.`,
    );
  }

  /** Takes no more launchers, and removes socket and folder. Connections that were given away go on. */
  close(): void {
    this.server.close();
    rmSync(join(this.path, '..'), { recursive: true, force: true });
  }
}

/** @throws what the system says against it */
async function listen(path: string, onLauncher: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onLauncher);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // A connection that could not be accepted is closed: its launcher ends, and the engine misses its hello.
  server.on('error', () => {});
  return server;
}
