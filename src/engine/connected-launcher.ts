/**
 * A launcher that somebody else started, as `srun` does, and that has connected to the engine.
 *
 *   accepted ─► hello ─► (started, ended | failed)* ─► exit
 *
 * Its connection is all that the engine knows of it: when that closes, the launcher is gone. One that lost the connection
 * and still lives ends its tasks, and itself, by the protocol.
 */

import type { Socket } from 'node:net';
import { LauncherFrames, type LauncherEvents, type LauncherLink } from './launcher-link.ts';
import type { ToLauncher } from './launcher-protocol.ts';
import { signalProcess } from './stray-processes.ts';

export class ConnectedLauncher implements LauncherLink {
  private readonly socket: Socket;
  private readonly frames: LauncherFrames;
  private pid: number | undefined;
  private problem = 'the launcher closed its connection';

  /** @param socket - accepted, and nothing read from it yet */
  constructor(socket: Socket, events: LauncherEvents) {
    this.socket = socket;
    const frames = new LauncherFrames(
      socket,
      {
        message: (message) => {
          if (message.type === 'hello') this.pid = message.pid;
          events.message(message);
        },
        exit: (problem) => events.exit(problem),
      },
      () => this.kill(),
    );
    this.frames = frames;
    socket.on('data', (chunk: Buffer) => frames.read(chunk));
    socket.on('error', (error) => (this.problem = `the connection to the launcher broke: ${error.message}`));
    socket.on('close', () => frames.end(frames.toldToLeave ? undefined : this.problem));
  }

  send(message: ToLauncher): void {
    this.frames.send(message);
  }

  kill(): void {
    // Once it is gone, its PID may be another's.
    if (this.frames.ended) return;
    this.problem = 'the launcher was killed';
    // 0 and 1 are not processes of a launcher, and to signal 0 would be to signal this process's own group.
    if (this.pid !== undefined && this.pid > 1) signalProcess(this.pid, 'SIGKILL');
    this.socket.destroy();
  }
}
